//! Making values fit to be shown: what may be a password is left out.

/// Query parameters whose values are never shown.
const SECRET_WORDS: [&str; 6] = ["password", "passwd", "secret", "token", "key", "credential"];

/// `text` without the credentials that a URL in it may carry: everything between `://` and the last `@` before the
/// path, and the values of query parameters that sound secret. The same where the slashes were forgotten.
pub fn redact(text: &str) -> String {
    let (scheme, rest) = match text.split_once("://") {
        Some((scheme, rest)) => (format!("{scheme}://"), rest),
        None if is_path(text) => return text.to_owned(),
        None => (String::new(), text),
    };
    // A password may hold any character, even a slash: the last @ before the query ends it, lest half of it is shown.
    let (before, query) = match rest.split_once('?') {
        Some((before, query)) if !query.contains('@') => (before, Some(query)),
        _ => (rest, None),
    };
    let host = before.rsplit_once('@').map_or(before.to_owned(), |(_, host)| format!("***@{host}"));
    match query {
        None => format!("{scheme}{host}"),
        Some(query) => {
            let parameters: Vec<String> = query.split('&').map(redact_parameter).collect();
            format!("{scheme}{host}?{}", parameters.join("&"))
        }
    }
}

/// Whether `text` without `://` is no address whose slashes were forgotten.
fn is_path(text: &str) -> bool {
    text.starts_with(['.', '/']) || text.starts_with("sqlite:") || !text.contains(':')
}

fn redact_parameter(parameter: &str) -> String {
    let Some((name, value)) = parameter.split_once('=') else { return parameter.to_owned() };
    let lower = name.to_lowercase();
    if SECRET_WORDS.iter().any(|word| lower.contains(word)) {
        return format!("{name}=***");
    }
    format!("{name}={}", redact(value))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn credentials_are_left_out_and_the_rest_stays() {
        let cases = [
            ("postgres://me:hunter2@db:5432/x", "postgres://***@db:5432/x"),
            ("postgres://me:hun/t@er2@db/x", "postgres://***@db/x"),
            ("postgres://me:hun?t@er2@db/x", "postgres://***@db/x"),
            ("postgres://db/x?user=me&password=hunter2", "postgres://db/x?user=me&password=***"),
            ("s3://b/p?endpoint=http://me:hunter2@host&region=r", "s3://***@host&region=r"),
            ("s3://b/p?region=r", "s3://b/p?region=r"),
            ("sqlite:/var/lib/x.db", "sqlite:/var/lib/x.db"),
            ("sqlite:/var/lib/x@y.db", "sqlite:/var/lib/x@y.db"),
            ("postgres:me:hunter2@db/x", "***@db/x"),
            ("postgres//me:hunter2@db/x", "***@db/x"),
            ("me:hunter2@host", "***@host"),
            ("postgres:me@db?password=hunter2", "***@db?password=***"),
            ("./a:b@c", "./a:b@c"),
            ("127.0.0.1:80", "127.0.0.1:80"),
            ("./a=b", "./a=b"),
            ("", ""),
        ];
        for (text, expected) in cases {
            assert_eq!(redact(text), expected);
        }
    }
}
