//! What holds for the texts of every language.

use std::collections::BTreeSet;

use super::{Case, Parts, Texts};
use crate::page::Lang;

/// Every text with its name. A new one that is forgotten here doesn't compile.
fn all(texts: &'static Texts) -> Vec<(String, &'static str)> {
    #[rustfmt::skip]
    let Texts {
        heading, heading_from, heading_resume, until, uses, uses_of, passphrase, passphrase_hint, passphrase_wrong,
        download, resume, resume_until, resume_open, resume_how, note, note_exchange, parts, starting, imprint, ask_sender, try_again,
        home: _, unknown: _, spent: _, revoked: _, expired: _, not_yet: _, completed: _, lapsed: _, budget_spent: _,
        object_changed: _, object_not_found: _, address_not_allowed: _, passphrase_needed: _, locked: _, too_many_requests: _,
        unavailable: _, internal: _, method_not_allowed: _, cross_site: _, range_required: _, other: _,
        units, decimal, seconds, minutes, hours,
    } = texts;
    let single = [
        ("heading", heading),
        ("heading_from", heading_from),
        ("heading_resume", heading_resume),
        ("until", until),
        ("uses", uses),
        ("uses_of", uses_of),
        ("passphrase", passphrase),
        ("passphrase_hint", passphrase_hint),
        ("passphrase_wrong", passphrase_wrong),
        ("download", download),
        ("resume", resume),
        ("resume_until", resume_until),
        ("resume_open", resume_open),
        ("resume_how", resume_how),
        ("note", note),
        ("note_exchange", note_exchange),
        ("starting", starting),
        ("imprint", imprint),
        ("ask_sender", ask_sender),
        ("try_again", try_again),
        ("decimal", decimal),
        ("seconds", seconds),
        ("minutes", minutes),
        ("hours", hours),
    ];
    #[rustfmt::skip]
    let Parts { note, plain, label, figures, begin, waiting, checking, finished, done, verified, save, broke, full, damaged, beyond } = parts;
    let of_parts = [
        ("note", note),
        ("plain", plain),
        ("label", label),
        ("figures", figures),
        ("begin", begin),
        ("waiting", waiting),
        ("checking", checking),
        ("finished", finished),
        ("done", done),
        ("verified", verified),
        ("save", save),
        ("broke", broke),
        ("full", full),
        ("damaged", damaged),
        ("beyond", beyond),
    ];
    let mut all: Vec<_> = single.map(|(name, text)| (name.to_owned(), *text)).to_vec();
    all.extend(of_parts.map(|(name, text)| (format!("parts.{name}"), *text)));
    for (name, case) in cases(texts) {
        all.push((format!("{name}.title"), case.title));
        all.push((format!("{name}.text"), case.text));
    }
    all.extend(units.iter().enumerate().map(|(power, unit)| (format!("units.{power}"), *unit)));
    all
}

fn cases(texts: &'static Texts) -> Vec<(&'static str, &'static Case)> {
    vec![
        ("home", &texts.home),
        ("unknown", &texts.unknown),
        ("spent", &texts.spent),
        ("revoked", &texts.revoked),
        ("expired", &texts.expired),
        ("not_yet", &texts.not_yet),
        ("completed", &texts.completed),
        ("lapsed", &texts.lapsed),
        ("budget_spent", &texts.budget_spent),
        ("object_changed", &texts.object_changed),
        ("object_not_found", &texts.object_not_found),
        ("address_not_allowed", &texts.address_not_allowed),
        ("passphrase_needed", &texts.passphrase_needed),
        ("locked", &texts.locked),
        ("too_many_requests", &texts.too_many_requests),
        ("unavailable", &texts.unavailable),
        ("internal", &texts.internal),
        ("method_not_allowed", &texts.method_not_allowed),
        ("cross_site", &texts.cross_site),
        ("range_required", &texts.range_required),
        ("other", &texts.other),
    ]
}

/// The names in braces.
fn places(text: &str) -> BTreeSet<&str> {
    text.split('{').skip(1).filter_map(|rest| rest.split_once('}')).map(|(name, _)| name).collect()
}

#[test]
fn every_text_is_there_and_takes_the_same_values_in_every_language() {
    let english = all(Lang::English.texts());
    for lang in Lang::ALL {
        for ((name, text), (_, model)) in all(lang.texts()).iter().zip(&english) {
            assert_eq!(places(text), places(model), "{name} in {lang:?}");
            assert!(!text.trim().is_empty(), "{name} in {lang:?} is empty");
            assert_eq!(text.trim(), *text, "{name} in {lang:?} begins or ends with a space");
            assert_eq!(text.matches(['{', '}']).count(), places(text).len() * 2, "{name} in {lang:?} has an odd brace");
            assert!(!text.contains(['<', '>', '&', '"']), "{name} in {lang:?} looks like markup");
        }
    }
}

#[test]
fn every_sentence_is_translated() {
    let english = all(Lang::English.texts());
    for lang in Lang::ALL.into_iter().filter(|lang| *lang != Lang::English) {
        for ((name, text), (_, model)) in all(lang.texts()).iter().zip(&english).filter(|(_, (_, model))| model.contains(' ')) {
            assert!(text != model || name == "uses_of", "{name} in {lang:?} is still English: {text}");
        }
    }
}

#[test]
fn titles_are_no_sentences_and_texts_are() {
    for lang in Lang::ALL {
        for (name, case) in cases(lang.texts()) {
            assert!(!case.title.ends_with(['.', '。', ':', '：']), "the title of {name} in {lang:?}");
            assert!(case.text.ends_with(['.', '。', ':', '：', ':']), "the text of {name} in {lang:?}: {}", case.text);
        }
    }
}
