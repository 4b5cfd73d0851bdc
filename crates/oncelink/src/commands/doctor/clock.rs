//! The clock: AWS refuses signatures of a machine whose clock is fifteen minutes off, expiries follow it, and of two replicas
//! whose clocks are a lease apart one takes the other's downloads for lapsed.

use std::time::Duration;

use jiff::fmt::rfc2822;
use oncelink_config::{Config, SourceKind, StoreSpec};
use oncelink_core::Timestamp;
use oncelink_core::ports::Clock;
use oncelink_system::SystemClock;
use reqwest::Url;
use reqwest::header::DATE;

use crate::commands::doctor::finding::Finding;
use crate::{http, upkeep};

/// How long an endpoint may take to answer.
const PATIENCE: Duration = Duration::from_secs(10);
/// Beyond this AWS refuses every request (S3: `RequestTimeTooSkewed`).
const REFUSED: Duration = Duration::from_secs(15 * 60);
/// Beyond this, or half a lease, somebody should look after it.
const STRANGE: Duration = Duration::from_secs(60);
/// How precisely HTTP tells the time, and a database.
const SECOND: Duration = Duration::from_secs(1);
const MILLISECOND: Duration = Duration::from_millis(1);

/// What AWS calls a service in its addresses and in the variable that replaces them.
type Service = (&'static str, &'static str);
const S3: Service = ("s3", "AWS_ENDPOINT_URL_S3");
const DYNAMODB: Service = ("dynamodb", "AWS_ENDPOINT_URL_DYNAMODB");

/// Compares our clock with that of every bucket's endpoint and of the store's server.
pub(crate) async fn examine(config: &Config) -> Vec<Finding> {
    let buckets = config.sources.iter().filter_map(|spec| of_source(&spec.kind));
    let mut endpoints: Vec<String> = buckets.chain(of_store(&config.store)).collect();
    endpoints.sort();
    endpoints.dedup();
    let strange = STRANGE.min(config.policy.lease / 2);
    let mut findings = Vec::new();
    for endpoint in endpoints {
        findings.push(compare(&endpoint, strange).await);
    }
    findings.extend(compare_database(&config.store, strange).await);
    findings
}

/// Where the bucket's service answers.
fn of_source(kind: &SourceKind) -> Option<String> {
    match kind {
        SourceKind::Local { .. } => None,
        SourceKind::S3 { endpoint, region, .. } => Some(at(S3, endpoint.as_ref(), region.as_ref())),
    }
}

/// Where the table's service answers.
fn of_store(store: &StoreSpec) -> Option<String> {
    match store {
        StoreSpec::Sqlite { .. } | StoreSpec::Postgres { .. } => None,
        StoreSpec::DynamoDb { endpoint, region, .. } => Some(at(DYNAMODB, endpoint.as_ref(), region.as_ref())),
    }
}

/// Where a service of AWS answers: as the SDK finds it, profiles aside.
fn at((name, replaced): Service, endpoint: Option<&String>, region: Option<&String>) -> String {
    let endpoint = endpoint.cloned().or_else(|| variable([replaced, "AWS_ENDPOINT_URL"]));
    endpoint.unwrap_or_else(|| {
        let region = region.cloned().or_else(|| variable(["AWS_REGION", "AWS_DEFAULT_REGION"]));
        format!("https://{name}.{}.amazonaws.com", region.as_deref().unwrap_or("us-east-1"))
    })
}

/// What hinders the question is a finding of the store already.
async fn compare_database(store: &StoreSpec, strange: Duration) -> Option<Finding> {
    let before = SystemClock.now();
    let theirs = upkeep::time(store).await.ok().flatten()?;
    let after = SystemClock.now();
    Some(judge(&upkeep::name(store), off(theirs, before, after, MILLISECOND), strange, false))
}

/// The first of these variables that says something: the AWS SDK's own, in its order.
fn variable(names: [&str; 2]) -> Option<String> {
    names.iter().find_map(|name| std::env::var(name).ok().filter(|text| !text.is_empty()))
}

/// Any answer will do, a refusal too: what counts is its date.
async fn compare(endpoint: &str, strange: Duration) -> Finding {
    let check = "clock";
    let remedy = "Check that this machine may connect to it; see also the findings of store and sources.";
    let Ok(url) = Url::parse(endpoint) else {
        return Finding::fail(check, format!("{endpoint} is no URL"), "Correct the endpoint.");
    };
    let client = match http::client(&url, PATIENCE) {
        Ok(client) => client,
        Err(failure) => return Finding::warn(check, failure.to_string(), remedy),
    };
    let before = SystemClock.now();
    let answer = client.head(url.clone()).timeout(PATIENCE).send().await;
    let after = SystemClock.now();
    match answer {
        Err(error) => Finding::warn(check, format!("{} doesn't answer: {}", http::place(&url), http::reason(error)), remedy),
        Ok(answer) => match answer.headers().get(DATE).and_then(|date| date.to_str().ok()).and_then(parse) {
            None => {
                Finding::warn(check, format!("{} doesn't say what time it is", http::place(&url)), "Compare this machine's clock yourself.")
            }
            Some(theirs) => judge(&http::place(&url), off(theirs, before, after, SECOND), strange, true),
        },
    }
}

fn parse(date: &str) -> Option<Timestamp> {
    // HTTP's dates (RFC 9110, 5.6.7) are RFC 2822's, but for the zone's name.
    let zoned = rfc2822::parse(&date.trim().replace("GMT", "+0000")).ok()?;
    Some(Timestamp::from_millis(zoned.timestamp().as_millisecond()))
}

/// How far apart the clocks are at least: the other one's reading lies between two of ours, and is whole in `unit`.
fn off(theirs: Timestamp, before: Timestamp, after: Timestamp, unit: Duration) -> Duration {
    let behind = theirs.since(after);
    let ahead = before.since(theirs.plus(unit));
    behind.max(ahead)
}

/// `refuses`: whether that place takes no requests of a machine whose clock is far off.
fn judge(place: &str, off: Duration, strange: Duration, refuses: bool) -> Finding {
    let (check, seconds) = ("clock", off.as_secs());
    let remedy = "Set this machine's clock by NTP (timedatectl set-ntp true).";
    match off {
        off if refuses && off >= REFUSED => {
            Finding::fail(check, format!("differs from that of {place} by {seconds} s; AWS refuses from 900 s on"), remedy)
        }
        off if off >= strange => Finding::warn(check, format!("differs from that of {place} by {seconds} s"), remedy),
        _ => Finding::ok(check, format!("agrees with that of {place}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::commands::doctor::finding::Status;

    #[test]
    fn a_date_of_http_is_understood() {
        let at = parse("Sun, 06 Nov 1994 08:49:37 GMT").expect("RFC 9110's own example");
        assert_eq!(at.as_millis(), 784_111_777_000);
        assert_eq!(parse("yesterday"), None);
    }

    #[test]
    fn only_a_difference_that_is_certain_counts() {
        let at = |seconds: i64| Timestamp::from_millis(seconds * 1000);
        let off = |theirs, before, after| off(at(theirs), at(before), at(after), SECOND);
        assert_eq!(off(100, 98, 103), Duration::ZERO, "between our readings");
        assert_eq!(off(100, 101, 102), Duration::ZERO, "a second's fraction");
        assert_eq!(off(200, 99, 100).as_secs(), 100, "we are behind");
        assert_eq!(off(100, 201, 202).as_secs(), 100, "we are ahead");
        for (seconds, status) in [(0, Status::Ok), (59, Status::Ok), (61, Status::Warn), (901, Status::Fail)] {
            assert_eq!(judge("s3", Duration::from_secs(seconds), STRANGE, true).status, status, "{seconds}");
        }
        let database = |seconds, strange| judge("a database", Duration::from_secs(seconds), Duration::from_secs(strange), false).status;
        assert_eq!(database(901, 60), Status::Warn, "it takes our requests all the same");
        assert_eq!((database(14, 15), database(15, 15)), (Status::Ok, Status::Warn), "half of a short lease");
    }

    #[test]
    fn buckets_and_tables_are_asked_where_they_are() {
        let kind = |endpoint: Option<&str>, region: Option<&str>| SourceKind::S3 {
            bucket: "my-bucket".to_owned(),
            prefix: String::new(),
            endpoint: endpoint.map(str::to_owned),
            region: region.map(str::to_owned),
            path_style: false,
        };
        assert_eq!(of_source(&kind(Some("http://127.0.0.1:9000"), None)).as_deref(), Some("http://127.0.0.1:9000"));
        assert_eq!(of_source(&kind(None, Some("eu-west-1"))).as_deref(), Some("https://s3.eu-west-1.amazonaws.com"));
        assert_eq!(of_source(&SourceKind::Local { dir: ".".into() }), None);
        let table = StoreSpec::DynamoDb { table: "links".to_owned(), region: Some("eu-west-1".to_owned()), endpoint: None };
        assert_eq!(of_store(&table).as_deref(), Some("https://dynamodb.eu-west-1.amazonaws.com"));
        assert_eq!(of_store(&StoreSpec::Sqlite { path: "links.db".into() }), None);
    }
}
