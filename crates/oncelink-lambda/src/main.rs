//! The Lambda function: settings from the environment, DynamoDB and S3 behind the one router, one of two ways to answer.
//!
//! Must not have a rule about links, nor leave anything to do after an answer: a Lambda is frozen then.
//!
//! - [`event`], [`answer`]: AWS's JSON to a request and back; [`guard`]: a stream that never ends in an error;
//! - [`door`]: which transport, and what it carries; [`identity`]: whom it vouches for;
//! - [`front`]: from an event to its answer; [`wiring`], [`buckets`], [`keys`], [`local`]: what stands behind it.

mod answer;
mod buckets;
mod door;
mod event;
mod front;
mod guard;
mod identity;
mod keys;
mod local;
mod settings;
mod wiring;

use std::process::ExitCode;

use lambda_runtime::{Error, LambdaEvent, service_fn};
use tracing::{Level, Metadata};
use tracing_subscriber::filter::filter_fn;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{EnvFilter, Layer};

use crate::event::Event;
use crate::front::Front;
use crate::settings::Settings;

/// What Lambda sets for its functions, and this program can't do without.
const SET_BY_LAMBDA: [&str; 4] =
    ["AWS_LAMBDA_RUNTIME_API", "AWS_LAMBDA_FUNCTION_NAME", "AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "AWS_LAMBDA_FUNCTION_VERSION"];

fn main() -> ExitCode {
    let lines = tracing_subscriber::fmt::layer().json().with_current_span(false).with_filter(filter_fn(may_be_logged));
    tracing_subscriber::registry().with(lines).with(filter()).init();
    let runtime = match tokio::runtime::Builder::new_current_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return failed(&error.into()),
    };
    match runtime.block_on(run()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => failed(&error),
    }
}

/// Answers invocations until the environment is taken down.
async fn run() -> Result<(), Error> {
    if let Some(missing) = SET_BY_LAMBDA.iter().find(|name| std::env::var_os(name).is_none()) {
        return Err(format!("{missing} is not set: this program runs in AWS Lambda only; 'oncelink serve' is the server").into());
    }
    let front = Front::new(Settings::from_environment()?)?;
    Box::pin(front.warm_up()).await?;
    let front = &front;
    Box::pin(lambda_runtime::run(service_fn(|event: LambdaEvent<Event>| Box::pin(front.handle(event.payload))))).await
}

fn filter() -> EnvFilter {
    EnvFilter::try_from_env("ONCELINK_LOG").unwrap_or_else(|_| EnvFilter::new("info"))
}

fn may_be_logged(line: &Metadata<'_>) -> bool {
    *line.level() <= loudest(line.target())
}

/// Libraries may not be louder than this, whatever is asked for. The runtime's own lines show whole events, and paths are secrets.
fn loudest(target: &str) -> Level {
    match target.split(['_', ':']).next() {
        Some("oncelink") => Level::TRACE,
        Some("lambda") => Level::WARN,
        _ => Level::INFO,
    }
}

fn failed(error: &Error) -> ExitCode {
    tracing::error!(%error, "can't start");
    ExitCode::FAILURE
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sem_10_no_library_shows_events_whatever_is_asked_for() {
        for (target, expected) in [
            ("oncelink_lambda::front", Level::TRACE),
            ("oncelink", Level::TRACE),
            ("oncelinker", Level::INFO),
            ("lambda_runtime::requests", Level::WARN),
            ("lambda_runtime_api_client", Level::WARN),
            ("hyper::proto::h1", Level::INFO),
        ] {
            assert_eq!(loudest(target), expected, "{target}");
        }
    }
}
