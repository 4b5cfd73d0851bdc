//! The reader's language, as the browser names it in `Accept-Language` (RFC 9110 section 12.5.4).
//!
//! Must not hold texts: those stand in [`super::texts`].

use axum::http::{HeaderMap, header};

use super::texts::{self, Texts};
use crate::negotiate;

/// A language that pages are written in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Lang {
    /// Arabic, written from right to left.
    Arabic,
    /// Chinese in simplified characters.
    Chinese,
    /// Dutch.
    Dutch,
    /// English: also for whoever reads none of these.
    English,
    /// French.
    French,
    /// German.
    German,
    /// Italian.
    Italian,
    /// Japanese.
    Japanese,
    /// Polish.
    Polish,
    /// Portuguese, as in Brazil.
    Portuguese,
    /// Spanish.
    Spanish,
}

/// The language that the browser likes best among ours.
pub(crate) fn lang(headers: &HeaderMap) -> Lang {
    let lines = headers.get_all(header::ACCEPT_LANGUAGE).iter().filter_map(|line| line.to_str().ok());
    let mut best = (Lang::English, 0_u16);
    for (lang, weight) in lines.flat_map(|line| line.split(',')).filter_map(choice) {
        // The first one among equals.
        if weight > best.1 {
            best = (lang, weight);
        }
    }
    best.0
}

/// One entry of the header: its language, if it is ours, and its weight in thousandths.
fn choice(entry: &str) -> Option<(Lang, u16)> {
    let mut parts = entry.split(';').map(str::trim);
    let lang = Lang::of_tag(parts.next()?)?;
    Some((lang, negotiate::weight(parts)))
}

impl Lang {
    /// All of them.
    #[cfg(test)]
    pub(crate) const ALL: [Self; 11] = [
        Self::Arabic,
        Self::Chinese,
        Self::Dutch,
        Self::English,
        Self::French,
        Self::German,
        Self::Italian,
        Self::Japanese,
        Self::Polish,
        Self::Portuguese,
        Self::Spanish,
    ];

    /// The language of a tag, by its first part (RFC 4647 section 3.4): `pt-BR` and `pt-PT` are Portuguese.
    pub(super) fn of_tag(tag: &str) -> Option<Self> {
        match tag.split(['-', '_']).next()?.to_ascii_lowercase().as_str() {
            "ar" => Some(Self::Arabic),
            "zh" => Some(Self::Chinese),
            "nl" => Some(Self::Dutch),
            "en" | "*" => Some(Self::English),
            "fr" => Some(Self::French),
            "de" => Some(Self::German),
            "it" => Some(Self::Italian),
            "ja" => Some(Self::Japanese),
            "pl" => Some(Self::Polish),
            "pt" => Some(Self::Portuguese),
            "es" => Some(Self::Spanish),
            _ => None,
        }
    }

    /// The tag for `lang` attributes and `Content-Language` (BCP 47).
    pub(crate) fn tag(self) -> &'static str {
        match self {
            Self::Arabic => "ar",
            Self::Chinese => "zh-Hans",
            Self::Dutch => "nl",
            Self::English => "en",
            Self::French => "fr",
            Self::German => "de",
            Self::Italian => "it",
            Self::Japanese => "ja",
            Self::Polish => "pl",
            Self::Portuguese => "pt-BR",
            Self::Spanish => "es",
        }
    }

    /// The direction in which it is written.
    pub(crate) fn dir(self) -> &'static str {
        if self == Self::Arabic { "rtl" } else { "ltr" }
    }

    /// Its texts.
    pub(crate) fn texts(self) -> &'static Texts {
        match self {
            Self::Arabic => &texts::ar::TEXTS,
            Self::Chinese => &texts::zh::TEXTS,
            Self::Dutch => &texts::nl::TEXTS,
            Self::English => &texts::en::TEXTS,
            Self::French => &texts::fr::TEXTS,
            Self::German => &texts::de::TEXTS,
            Self::Italian => &texts::it::TEXTS,
            Self::Japanese => &texts::ja::TEXTS,
            Self::Polish => &texts::pl::TEXTS,
            Self::Portuguese => &texts::pt::TEXTS,
            Self::Spanish => &texts::es::TEXTS,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_best_of_ours_is_taken_and_english_where_there_is_none() {
        assert_eq!(lang(&HeaderMap::new()), Lang::English);
        for (accept, expected) in [
            ("de", Lang::German),
            ("de-AT,de;q=0.9,en;q=0.8", Lang::German),
            ("sv-SE,sv;q=0.9,fr;q=0.5,en;q=0.4", Lang::French),
            ("en;q=0.5, es;q=0.8", Lang::Spanish),
            ("fr;q=0.8,it;q=0.8", Lang::French),
            ("pt-BR", Lang::Portuguese),
            ("pt-PT", Lang::Portuguese),
            ("zh-TW", Lang::Chinese),
            ("zh-Hans-CN", Lang::Chinese),
            ("AR-eg", Lang::Arabic),
            ("ja;q=0,pl;Q=0.1", Lang::Polish),
            ("de;q=0", Lang::English),
            ("*", Lang::English),
            ("fi,*;q=0.5", Lang::English),
            ("nl;q=nonsense,it;q=0.3", Lang::Italian),
            (";;,,=q", Lang::English),
        ] {
            let headers = HeaderMap::from_iter([(header::ACCEPT_LANGUAGE, accept.parse().expect("a header's value"))]);
            assert_eq!(lang(&headers), expected, "{accept}");
        }
    }

    #[test]
    fn each_language_finds_itself_by_its_own_tag() {
        for lang in Lang::ALL {
            assert_eq!(Lang::of_tag(lang.tag()), Some(lang));
        }
    }
}
