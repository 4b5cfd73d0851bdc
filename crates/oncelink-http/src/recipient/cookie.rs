//! The cookie by which the same browser is offered to go on with its download. A convenience: no claim depends on it.
//!
//! It carries the claim's secret address, for this link only, out of scripts' reach, and never to another site. Must not pile up:
//! servers refuse requests whose headers are too long.

use std::collections::BTreeSet;
use std::time::Duration;

use axum::http::{HeaderMap, HeaderValue, header};
use oncelink_core::holder::ClaimHandle;
use oncelink_core::token::LinkId;

use crate::app::App;

/// How long a browser keeps it at least: whether the claim still lives is the store's to say, not the cookie's.
const KEEP: Duration = Duration::from_secs(24 * 3600);

/// How many links a browser may have cookies of; beyond that the oldest links' go. Each has some 140 bytes.
const MOST: usize = 20;
const PREFIX: &str = "oncelink_";

/// The claim that this browser made on the link, as far as its cookie says.
pub(crate) fn find(headers: &HeaderMap, link: &LinkId) -> Option<ClaimHandle> {
    let name = name(link);
    let handle = pairs(headers).filter(|(have, _)| *have == name).find_map(|(_, value)| ClaimHandle::parse(value))?;
    (handle.link() == link).then_some(handle)
}

/// Gives the cookie to the browser, which asked with `asked`, and takes away what it has too many of.
pub(crate) fn put(headers: &mut HeaderMap, app: &App, handle: &ClaimHandle, asked: &HeaderMap) {
    let gone = superfluous(asked, handle.link()).filter_map(|link| take(&link, app.base_path()));
    // The new one last: some load balancers pass on no other.
    for cookie in gone.chain(give(handle, &app.settings.public_url, app.base_path(), app.links.policy().lease)) {
        headers.append(header::SET_COOKIE, cookie);
    }
}

/// Names and values of the cookies that came with a request.
fn pairs(headers: &HeaderMap) -> impl Iterator<Item = (&str, &str)> {
    let lines = headers.get_all(header::COOKIE).iter().filter_map(|line| line.to_str().ok());
    lines.flat_map(|line| line.split(';')).filter_map(|pair| pair.trim().split_once('='))
}

/// Of which links the browser has cookies too many when it gets one of `new`: of the oldest, as ids begin with the time.
fn superfluous(asked: &HeaderMap, new: &LinkId) -> impl Iterator<Item = LinkId> {
    let links = pairs(asked).filter_map(|(name, _)| LinkId::parse(name.strip_prefix(PREFIX)?));
    let links: BTreeSet<LinkId> = links.filter(|link| link != new).collect();
    let count = (links.len() + 1).saturating_sub(MOST);
    links.into_iter().take(count)
}

/// The header that takes a link's cookie away.
fn take(link: &LinkId, base_path: &str) -> Option<HeaderValue> {
    HeaderValue::from_str(&format!("{}=; Path={base_path}/; Max-Age=0", name(link))).ok()
}

/// The header that gives the cookie to the browser. `public_url` says under which path, and whether it travels over TLS only.
fn give(handle: &ClaimHandle, public_url: &str, base_path: &str, lease: Duration) -> Option<HeaderValue> {
    let secure = if public_url.starts_with("https://") { "; Secure" } else { "" };
    let text = format!(
        "{}={}; Path={}/; Max-Age={}; HttpOnly; SameSite=Lax{secure}",
        name(handle.link()),
        handle.reveal(),
        base_path,
        lease.max(KEEP).as_secs(),
    );
    let mut value = HeaderValue::from_str(&text).ok()?;
    value.set_sensitive(true);
    Some(value)
}

fn name(link: &LinkId) -> String {
    format!("{PREFIX}{link}")
}

#[cfg(test)]
mod tests {
    use oncelink_core::holder::Holder;
    use oncelink_core::time::Timestamp;
    use oncelink_core::token::Token;
    use oncelink_testkit::SeededEntropy;

    use super::*;

    fn handle(seed: u64) -> ClaimHandle {
        let entropy = SeededEntropy::new(seed);
        ClaimHandle::derive(&Token::create(&entropy, Timestamp::from_millis(0)), &Holder::create(&entropy))
    }

    fn sent_back(given: &HeaderValue) -> HeaderMap {
        let pair = given.to_str().expect("a cookie is ASCII").split(';').next().expect("a first part").to_owned();
        HeaderMap::from_iter([(header::COOKIE, format!("theme=dark; {pair}").parse().expect("a header's value"))])
    }

    #[test]
    fn the_cookie_comes_back_for_its_own_link_only() {
        let (mine, other) = (handle(1), handle(2));
        let given = give(&mine, "https://files.example.org/once", "/once", Duration::ZERO).expect("a cookie");
        let text = given.to_str().expect("ASCII");
        assert!(text.contains("; Path=/once/;") && text.contains("HttpOnly") && text.ends_with("; Secure") && given.is_sensitive());
        assert_eq!(find(&sent_back(&given), mine.link()), Some(mine.clone()));
        assert_eq!(find(&sent_back(&given), other.link()), None);
        assert_eq!(find(&HeaderMap::new(), mine.link()), None);
    }

    #[test]
    fn a_browser_keeps_the_cookies_of_its_newest_links_only() {
        let entropy = SeededEntropy::new(1);
        let links: Vec<LinkId> =
            (0..30).map(|second| Token::create(&entropy, Timestamp::from_millis(1_800_000_000_000 + second * 1_000)).link_id()).collect();
        let asked = |links: &[LinkId]| {
            let pairs: Vec<String> = links.iter().rev().map(|link| format!("{}=x", name(link))).collect();
            HeaderMap::from_iter([(header::COOKIE, format!("theme=dark; {}", pairs.join("; ")).parse().expect("a header's value"))])
        };
        let taken = |have: &[LinkId], new: &LinkId| superfluous(&asked(have), new).collect::<Vec<_>>();
        assert_eq!(taken(&links[..19], &links[29]), []);
        assert_eq!(taken(&links[..20], &links[29]), links[..1]);
        assert_eq!(taken(&links[..29], &links[29]), links[..10]);
        assert_eq!(taken(&links[..20], &links[19]), [], "its own is replaced");
        let gone = take(&links[0], "/once").expect("a header");
        assert_eq!(gone, format!("{}=; Path=/once/; Max-Age=0", name(&links[0])).as_str());
    }
}
