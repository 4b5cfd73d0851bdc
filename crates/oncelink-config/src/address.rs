//! Addresses: where to listen, and what URLs begin with.

use std::net::{Ipv4Addr, SocketAddr};

/// The address that `text` spells: `127.0.0.1:8080`, `[::1]:8080`, `localhost:8080`, or `:8080` for the last one, so that nothing
/// is open to others unless that was said. Names are not looked up.
pub(crate) fn parse_listen(text: &str) -> Result<SocketAddr, String> {
    if let Some(port) = text.strip_prefix("localhost").unwrap_or(text).strip_prefix(':').and_then(|port| port.parse().ok()) {
        return Ok(SocketAddr::new(Ipv4Addr::LOCALHOST.into(), port));
    }
    text.parse().map_err(|_| "is no address; write ADDRESS:PORT such as 127.0.0.1:8080 or [::]:8080".to_owned())
}

/// Checks a URL that others are made of, and takes off slashes at its end: http or https, a host, perhaps a base path;
/// no user, query or fragment.
///
/// # Errors
/// What is wrong with it and what would be right.
pub fn parse_base_url(text: &str) -> Result<String, String> {
    let (scheme, rest) = text.split_once("://").ok_or_else(|| expected("has no scheme"))?;
    let scheme = scheme.to_ascii_lowercase();
    if scheme != "http" && scheme != "https" {
        return Err(expected("is neither http nor https"));
    }
    if rest.contains('?') {
        return Err(expected("has a query"));
    }
    if rest.contains('#') {
        return Err(expected("has a fragment"));
    }
    let (authority, path) = rest.find('/').map_or((rest, ""), |slash| rest.split_at(slash));
    check_authority(authority)?;
    let path = path.trim_end_matches('/');
    check_path(path)?;
    Ok(format!("{scheme}://{authority}{path}"))
}

fn check_authority(authority: &str) -> Result<(), String> {
    if authority.contains('@') {
        return Err(expected("has a user name"));
    }
    let (host, port) = match authority.rsplit_once(':') {
        // The colons of an IPv6 address are inside its brackets.
        Some((host, port)) if !port.ends_with(']') => (host, Some(port)),
        _ => (authority, None),
    };
    if port.is_some_and(|port| port.parse::<u16>().is_err() || port.starts_with('+')) {
        return Err(expected("has no valid port"));
    }
    if is_host(host) { Ok(()) } else { Err(expected("has no valid host (write international names in their xn-- form)")) }
}

fn is_host(host: &str) -> bool {
    if let Some(inner) = host.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
        return inner.parse::<std::net::Ipv6Addr>().is_ok();
    }
    let label = |label: &str| !label.is_empty() && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte));
    host.len() <= 253 && host.strip_suffix('.').unwrap_or(host).split('.').all(label)
}

fn check_path(path: &str) -> Result<(), String> {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
    let segment = |segment: &str| !segment.is_empty() && segment != "." && segment != ".." && segment.bytes().all(plain);
    if path.is_empty() || path.split('/').skip(1).all(segment) {
        return Ok(());
    }
    Err(expected("has a base path with other characters than A-Za-z0-9-._~, or with empty or dot segments"))
}

fn expected(problem: &str) -> String {
    format!("{problem}; write a URL such as https://files.example.org or https://example.org/files")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_to_listen_on_is_an_address_and_a_port() {
        for (text, expected) in [
            ("127.0.0.1:8080", "127.0.0.1:8080"),
            ("0.0.0.0:0", "0.0.0.0:0"),
            ("[::1]:80", "[::1]:80"),
            ("localhost:9", "127.0.0.1:9"),
            (":0", "127.0.0.1:0"),
        ] {
            assert_eq!(parse_listen(text).map(|addr| addr.to_string()).as_deref(), Ok(expected));
        }
        for text in [
            "",
            "8080",
            ":",
            ":-1",
            "127.0.0.1",
            "127.0.0.1:",
            "127.0.0.1:65536",
            "example.org:80",
            "::1:80",
            "localhost:",
            "http://127.0.0.1:80",
        ] {
            assert!(parse_listen(text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_public_url_keeps_its_base_path_and_loses_its_last_slash() {
        let cases = [
            ("https://files.example.org", "https://files.example.org"),
            ("https://files.example.org/", "https://files.example.org"),
            ("HTTPS://Files.example.org:8443/a/b-c_d.e~1/", "https://Files.example.org:8443/a/b-c_d.e~1"),
            ("http://127.0.0.1:8080", "http://127.0.0.1:8080"),
            ("http://[::1]:8080/x", "http://[::1]:8080/x"),
            ("http://[::1]", "http://[::1]"),
            ("http://localhost//", "http://localhost"),
        ];
        for (text, expected) in cases {
            assert_eq!(parse_base_url(text).as_deref(), Ok(expected), "{text}");
        }
    }

    #[test]
    fn what_no_link_may_begin_with_is_refused() {
        let cases = [
            "",
            "files.example.org",
            "//files.example.org",
            "ftp://files.example.org",
            "javascript://x",
            "https://",
            "https:///x",
            "https://user@host",
            "https://user:pw@host/",
            "https://host?x=1",
            "https://host/#x",
            "https://host:99999",
            "https://host:+80",
            "https://host:",
            "https://ho st",
            "https://host\u{0}",
            "https://host\r\nSet-Cookie: x",
            "https://h\u{fc}bsch.example",
            "https://host/a//b",
            "https://host/../b",
            "https://host/a b",
            "https://host/%2e%2e/b",
            "https://host/a\"b",
            "https://[::1",
            "https://[nonsense]",
            "https://a..b",
        ];
        for text in cases {
            assert!(parse_base_url(text).is_err(), "{text:?}");
        }
        assert!(parse_base_url(&format!("https://{}", "a".repeat(300))).is_err());
    }
}
