//! Through which door a request came: what that transport can carry, what links begin with there, and who is outside.
//!
//! Only what AWS itself says of the request counts here, never what a client can write. (A load balancer appends the
//! client's address to `X-Forwarded-For`: its last entry is AWS's.)

use std::net::{IpAddr, SocketAddr};

use crate::event::{Event, Shape};
use crate::settings::Mode;

/// Lambda's bound on a whole answer, base64 and envelope included.
const PAYLOAD: u64 = 6 * 1024 * 1024;
/// An ALB's bound on the same. AWS doesn't say which megabyte, so it is the smaller.
const PAYLOAD_ALB: u64 = 1_000_000;
/// What headers and envelope may take of that: their own bound is 10,240 bytes at API Gateway.
const ENVELOPE: u64 = 16 * 1024;
/// Lambda's bound on a streamed answer, rounded down from 200 MiB.
const STREAMED: u64 = 200_000_000;

/// The kind of transport.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Kind {
    /// API Gateway REST API.
    Rest,
    /// API Gateway HTTP API.
    Http,
    /// A function's own URL.
    FunctionUrl,
    /// An Application Load Balancer.
    Alb,
}

/// One door.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Door {
    /// The kind of transport.
    pub(crate) kind: Kind,
    /// What links begin with here, as far as the transport knows.
    pub(crate) public_url: Option<String>,
}

/// A request's door, its path there, and the client's address.
pub(crate) struct Arrival {
    /// The door.
    pub(crate) door: Door,
    /// The path without the stage.
    pub(crate) path: String,
    /// The client's address.
    pub(crate) peer: Option<SocketAddr>,
}

impl Kind {
    /// How many bytes of a file one answer carries.
    pub(crate) fn most(self, mode: Mode) -> u64 {
        if self.streams(mode) { STREAMED } else { (self.payload() - ENVELOPE) / 4 * 3 }
    }

    /// Whether answers go out while they are made.
    pub(crate) fn streams(self, mode: Mode) -> bool {
        mode == Mode::Stream && matches!(self, Self::Rest | Self::FunctionUrl)
    }

    /// How many bytes an answer in one piece has at the most, all in all.
    pub(crate) fn payload(self) -> u64 {
        match self {
            Self::Rest | Self::Http | Self::FunctionUrl => PAYLOAD,
            Self::Alb => PAYLOAD_ALB,
        }
    }
}

/// Through which door the event came.
pub(crate) fn arrival(event: &Event) -> Arrival {
    let context = &event.request_context;
    let domain = context.domain_name.as_deref().filter(|domain| !domain.is_empty());
    let stage = context.stage.as_deref().filter(|stage| !stage.is_empty() && *stage != "$default");
    let (kind, address) = match event.shape() {
        Shape::Alb | Shape::AlbMulti => (Kind::Alb, event.last_header("x-forwarded-for").and_then(|list| list.rsplit(',').next())),
        Shape::V2 => {
            let kind = if domain.is_some_and(|domain| domain.contains(".lambda-url.")) { Kind::FunctionUrl } else { Kind::Http };
            (kind, context.http.as_ref().and_then(|http| http.source_ip.as_deref()))
        }
        // Only HTTP APIs write a version into version 1.
        Shape::V1 => {
            let kind = if event.version.is_some() { Kind::Http } else { Kind::Rest };
            (kind, context.identity.as_ref().and_then(|identity| identity.source_ip.as_deref()))
        }
    };
    let path = if kind == Kind::Http { without_stage(event.path(), stage) } else { event.path() };
    let base = base(context.path.as_deref(), event.path(), domain, stage.filter(|_| matches!(kind, Kind::Rest | Kind::Http)));
    let public_url = domain.filter(|_| kind != Kind::Alb).map(|domain| format!("https://{domain}{base}"));
    Arrival { door: Door { kind, public_url }, path: path.to_owned(), peer: address.and_then(peer) }
}

/// The public URL's path: the stage on API Gateway's own domains; on others what a REST API was asked for besides `path`.
fn base(asked: Option<&str>, path: &str, domain: Option<&str>, stage: Option<&str>) -> String {
    match stage {
        Some(stage) if domain.is_some_and(|domain| domain.contains(".execute-api.")) => format!("/{stage}"),
        Some(_) => asked.and_then(|asked| asked.strip_suffix(path)).unwrap_or_default().to_owned(),
        None => String::new(),
    }
}

/// An HTTP API's path begins with its named stage.
fn without_stage<'a>(path: &'a str, stage: Option<&str>) -> &'a str {
    let rest = stage.and_then(|stage| path.strip_prefix('/')?.strip_prefix(stage));
    match rest {
        Some("") => "/",
        Some(rest) if rest.starts_with('/') => rest,
        Some(_) | None => path,
    }
}

/// An address, perhaps with a port (a load balancer can be told to write it).
fn peer(text: &str) -> Option<SocketAddr> {
    let text = text.trim();
    text.parse().ok().or_else(|| text.parse::<IpAddr>().ok().map(|ip| SocketAddr::new(ip, 0)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn found(event: Value) -> Arrival {
        arrival(&serde_json::from_value(event).expect("an event"))
    }

    fn seen(event: Value) -> (Kind, String, String) {
        let Arrival { door, path, .. } = found(event);
        (door.kind, door.public_url.unwrap_or_default(), path)
    }

    #[test]
    fn what_fits_is_exact_after_base64() {
        for kind in [Kind::Rest, Kind::Http, Kind::FunctionUrl, Kind::Alb] {
            let text = kind.most(Mode::Buffered).div_ceil(3) * 4;
            assert!(text + ENVELOPE <= kind.payload() && text + ENVELOPE + 8 > kind.payload(), "{kind:?}");
        }
        assert_eq!(Kind::Http.most(Mode::Stream), Kind::Http.most(Mode::Buffered), "an HTTP API can't stream");
    }

    #[test]
    fn each_door_is_told_by_what_aws_says() {
        let api = "abc.execute-api.eu-central-1.amazonaws.com";
        let v2 = |domain: &str, stage: &str, path: &str| json!({"version": "2.0", "rawPath": path, "requestContext": {"domainName": domain, "stage": stage, "http": {"method": "GET"}}});
        let v1 = |domain: &str, path: &str, asked: &str| json!({"httpMethod": "GET", "path": path, "requestContext": {"domainName": domain, "stage": "prod", "path": asked}});
        assert_eq!(seen(v2(api, "$default", "/d/x")), (Kind::Http, format!("https://{api}"), "/d/x".to_owned()));
        assert_eq!(seen(v2(api, "dev", "/dev/d/x")), (Kind::Http, format!("https://{api}/dev"), "/d/x".to_owned()));
        assert_eq!(seen(v2(api, "dev", "/developers/d/x")).2, "/developers/d/x");
        assert_eq!(seen(v2(api, "dev", "/dev")).2, "/");
        let url = "xyz.lambda-url.eu-central-1.on.aws";
        assert_eq!(seen(v2(url, "$default", "/d/x")), (Kind::FunctionUrl, format!("https://{url}"), "/d/x".to_owned()));
        assert_eq!(seen(v1(api, "/d/x", "/prod/d/x")), (Kind::Rest, format!("https://{api}/prod"), "/d/x".to_owned()));
        assert_eq!(seen(v1("files.example.org", "/d/x", "/d/x")).1, "https://files.example.org");
        let alb = json!({"httpMethod": "GET", "path": "/d/x", "requestContext": {"elb": {}}, "headers": {"host": "files.example.org"}});
        assert_eq!(seen(alb), (Kind::Alb, String::new(), "/d/x".to_owned()));
    }

    #[test]
    fn a_load_balancers_own_entry_is_the_client() {
        for (list, expected) in
            [("10.0.0.1, 203.0.113.9", "203.0.113.9:0"), ("203.0.113.9:4711", "203.0.113.9:4711"), ("2001:db8::1", "[2001:db8::1]:0")]
        {
            let event =
                json!({"httpMethod": "GET", "path": "/", "requestContext": {"elb": {}}, "multiValueHeaders": {"X-Forwarded-For": [list]}});
            assert_eq!(found(event).peer, Some(expected.parse().expect("an address")), "{list}");
        }
    }
}
