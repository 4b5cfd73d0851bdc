//! The cookie by which the same browser is offered to go on with its download. A convenience: no claim depends on it.
//!
//! It carries the claim's secret address, for this link only, out of scripts' reach, and never to another site.

use std::time::Duration;

use axum::http::{HeaderMap, HeaderValue, header};
use oncelink_core::holder::ClaimHandle;
use oncelink_core::token::LinkId;

use crate::app::App;

/// How long a browser keeps it at least: whether the claim still lives is the store's to say, not the cookie's.
const KEEP: Duration = Duration::from_secs(24 * 3600);

/// The claim that this browser made on the link, as far as its cookie says.
pub(crate) fn find(headers: &HeaderMap, link: &LinkId) -> Option<ClaimHandle> {
    let name = name(link);
    let lines = headers.get_all(header::COOKIE).iter().filter_map(|line| line.to_str().ok());
    let pairs = lines.flat_map(|line| line.split(';')).filter_map(|pair| pair.trim().split_once('='));
    let handle = pairs.filter(|(have, _)| *have == name).find_map(|(_, value)| ClaimHandle::parse(value))?;
    (handle.link() == link).then_some(handle)
}

/// Gives the cookie to the browser.
pub(crate) fn put(headers: &mut HeaderMap, app: &App, handle: &ClaimHandle) {
    if let Some(cookie) = give(handle, &app.settings.public_url, app.base_path(), app.links.policy().lease) {
        headers.insert(header::SET_COOKIE, cookie);
    }
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
    format!("oncelink_{link}")
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
}
