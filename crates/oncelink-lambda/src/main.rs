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
use tracing_subscriber::EnvFilter;

use crate::event::Event;
use crate::front::Front;
use crate::settings::Settings;

/// What Lambda sets for its functions, and this program can't do without.
const SET_BY_LAMBDA: [&str; 4] =
    ["AWS_LAMBDA_RUNTIME_API", "AWS_LAMBDA_FUNCTION_NAME", "AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "AWS_LAMBDA_FUNCTION_VERSION"];

fn main() -> ExitCode {
    tracing_subscriber::fmt().json().with_env_filter(filter()).with_current_span(false).init();
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

/// What is logged. Never the runtime's own traces: they show whole events, and paths are secrets.
fn filter() -> EnvFilter {
    let filter = EnvFilter::try_from_env("ONCELINK_LOG").unwrap_or_else(|_| EnvFilter::new("info"));
    ["lambda_runtime=warn", "lambda_runtime_api_client=warn"]
        .iter()
        .filter_map(|directive| directive.parse().ok())
        .fold(filter, EnvFilter::add_directive)
}

fn failed(error: &Error) -> ExitCode {
    tracing::error!(%error, "can't start");
    ExitCode::FAILURE
}
