//! What `link create` asks the server for. Must not check what the server checks; only what is no sense at all.

use oncelink_config::{BadDuration, parse_duration};
use serde_json::{Map, Value, json};

use crate::cli::link::CreateArgs;
use crate::exit::Failure;
use crate::passphrase;

/// The terms of the links, without their keys. What isn't given is left to the server.
pub(crate) fn terms(args: &CreateArgs) -> Result<Value, Failure> {
    let mut terms = Map::new();
    let texts = [
        ("source", &args.source),
        ("expires_at", &args.expires_at),
        ("not_before", &args.not_before),
        ("gate", &args.gate),
        ("delivery", &args.delivery),
        ("filename", &args.filename),
        ("content_type", &args.content_type),
        ("note", &args.note),
        ("webhook", &args.webhook),
    ];
    for (field, text) in texts {
        put(&mut terms, field, text.as_ref().map(|text| json!(text)));
    }
    put(&mut terms, "uses", args.uses.map(|uses| json!(uses)));
    put(&mut terms, "expires_in", args.ttl.as_deref().map(ttl).transpose()?.map(|seconds| json!(seconds)));
    put(&mut terms, "allow_from", Some(json!(args.allow_from)).filter(|_| !args.allow_from.is_empty()));
    put(&mut terms, "metadata", args.metadata.as_deref().map(object).transpose()?);
    put(&mut terms, "passphrase", passphrase::given(args.passphrase.as_deref())?.map(|text| json!(text)));
    Ok(Value::Object(terms))
}

/// The terms with a key.
pub(crate) fn for_key(terms: &Value, key: &str) -> Value {
    let mut wish = terms.clone();
    wish["key"] = json!(key);
    wish
}

fn put(terms: &mut Map<String, Value>, field: &str, value: Option<Value>) {
    if let Some(value) = value {
        terms.insert(field.to_owned(), value);
    }
}

fn ttl(text: &str) -> Result<u64, Failure> {
    seconds(text).map_err(|problem| Failure::usage(format!("--ttl {text:?} {problem}")))
}

/// A duration in whole seconds; a part of one counts as one.
pub(crate) fn seconds(text: &str) -> Result<u64, BadDuration> {
    let span = parse_duration(text)?;
    Ok(span.as_secs() + u64::from(span.subsec_nanos() > 0))
}

fn object(text: &str) -> Result<Value, Failure> {
    match serde_json::from_str(text) {
        Ok(value @ Value::Object(_)) => Ok(value),
        _ => Err(Failure::usage("--metadata is no JSON object such as '{\"order\": 7}'")),
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;
    use crate::cli::link::{LinkArgs, LinkCommand};
    use crate::cli::{Cli, Command};

    fn wish(line: &[&str]) -> Result<Value, Failure> {
        let cli = Cli::try_parse_from([&["oncelink", "link", "create", "a/b.pdf"], line].concat()).expect("valid usage");
        let Command::Link(LinkArgs { command: LinkCommand::Create(args) }) = cli.command else { panic!("another command") };
        Ok(for_key(&terms(&args)?, &args.keys[0]))
    }

    #[test]
    fn only_what_is_given_is_asked_for() {
        assert_eq!(wish(&[]), Ok(json!({"key": "a/b.pdf"})));
        let line = [
            "--source=out",
            "--uses=3",
            "--ttl=1h30m",
            "--not-before=2030-01-01T00:00:00Z",
            "--gate=direct",
            "--delivery=stream",
            "--filename=x.pdf",
            "--content-type=application/pdf",
            "--passphrase=open sesame",
            "--allow-from=10.0.0.0/8,192.0.2.1/32",
            "--allow-from=::1/128",
            "--note=for Ada",
            "--metadata={\"order\":7}",
            "--webhook=https://example.org/hook",
        ];
        let expected = json!({
            "key": "a/b.pdf", "source": "out", "uses": 3, "expires_in": 5400, "not_before": "2030-01-01T00:00:00Z", "gate": "direct",
            "delivery": "stream", "filename": "x.pdf", "content_type": "application/pdf", "passphrase": "open sesame",
            "allow_from": ["10.0.0.0/8", "192.0.2.1/32", "::1/128"], "note": "for Ada", "metadata": {"order": 7},
            "webhook": "https://example.org/hook"
        });
        assert_eq!(wish(&line), Ok(expected));
        assert_eq!(wish(&["--expires-at=2030-01-01T00:00:00Z"]).expect("valid")["expires_at"], "2030-01-01T00:00:00Z");
        assert_eq!(wish(&["--ttl=1500ms"]).expect("valid")["expires_in"], 2);
    }

    #[test]
    fn what_is_no_sense_at_all_is_wrong_usage() {
        for line in [["--ttl=soon"], ["--ttl=1mo"], ["--metadata=7"], ["--metadata=nonsense"], ["--metadata=[]"]] {
            assert_eq!(wish(&line).map_err(|failure| failure.code()), Err(2), "{line:?}");
        }
    }
}
