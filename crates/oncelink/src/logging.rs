//! Logs to standard error.
//!
//! Whatever the filter says, only our own targets may go to debug and trace: what libraries tell there (headers, paths)
//! would hold secrets.

use std::io::{self, IsTerminal};

use oncelink_config::LogFormat;
use tracing::{Level, Metadata};
use tracing_subscriber::filter::filter_fn;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{EnvFilter, Layer, fmt};

use crate::output;

/// The variables that choose what is logged, the stronger first.
const VARIABLES: [&str; 2] = ["ONCELINK_LOG", "RUST_LOG"];

/// Starts logging for the whole process. A second call does nothing.
pub(crate) fn start(format: LogFormat, default: &str) {
    let filter = chosen(default);
    let layer = fmt::layer().with_writer(io::stderr);
    let layer = match format {
        LogFormat::Text => layer.with_ansi(io::stderr().is_terminal()).boxed(),
        LogFormat::Json => layer.json().with_ansi(false).boxed(),
    };
    let _ = tracing_subscriber::registry().with(layer.with_filter(filter_fn(may_be_logged))).with(filter).try_init();
}

fn chosen(default: &str) -> EnvFilter {
    let given = VARIABLES.iter().find_map(|name| std::env::var(name).ok().filter(|text| !text.trim().is_empty()));
    let text = given.unwrap_or_else(|| default.to_owned());
    EnvFilter::try_new(&text).unwrap_or_else(|error| {
        output::complaint(&format!("the log filter is ignored: {error}"));
        EnvFilter::new(default)
    })
}

fn may_be_logged(line: &Metadata<'_>) -> bool {
    may_say(line.target(), *line.level())
}

fn may_say(target: &str, level: Level) -> bool {
    let ours = target.strip_prefix("oncelink").is_some_and(|rest| rest.is_empty() || rest.starts_with(['_', ':']));
    ours || level <= Level::INFO
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_our_own_targets_may_be_loud() {
        for target in ["oncelink", "oncelink::serve", "oncelink_http::delivery"] {
            assert!(may_say(target, Level::TRACE), "{target}");
        }
        for target in ["hyper", "hyper::proto::h1", "reqwest::connect", "aws_sdk_s3", "oncelinker", "tower_http::trace", ""] {
            assert!(!may_say(target, Level::DEBUG) && !may_say(target, Level::TRACE), "{target}");
            assert!(may_say(target, Level::INFO) && may_say(target, Level::ERROR), "{target}");
        }
    }
}
