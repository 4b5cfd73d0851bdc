//! `oncelink doctor`: looks at everything that `serve` would need, and says how to mend what is wrong.
//!
//! Must not change anything: no file is made, no table, no link.

mod clock;
mod data;
mod finding;
mod public;
mod rights;
mod sources;
mod store;

use oncelink_config::{Config, Environment};
use serde_json::json;

use crate::cli::doctor::DoctorArgs;
use crate::commands::doctor::finding::{Finding, Status};
use crate::exit::Failure;
use crate::output;

/// Looks, tells, and fails when something must be mended.
pub(crate) async fn run(args: DoctorArgs) -> Result<(), Failure> {
    let findings = match Config::load(args.serve, &Environment::from_process()) {
        Ok(config) => examine(&config).await,
        // The command line itself is wrong usage, as it is for every command.
        Err(error) if error.is_usage() => return Err(error.into()),
        Err(error) => vec![Finding::fail("configuration", error.to_string(), "Correct the file or the variable.")],
    };
    tell(&findings, args.json)?;
    match findings.iter().filter(|finding| finding.status == Status::Fail).count() {
        0 => Ok(()),
        1 => Err(Failure::failed("one thing must be mended")),
        failed => Err(Failure::failed(format!("{failed} things must be mended"))),
    }
}

async fn examine(config: &Config) -> Vec<Finding> {
    let mut findings = vec![Finding::ok("configuration", "every setting is valid")];
    findings.extend(data::examine(config));
    findings.push(store::examine(config).await);
    findings.extend(sources::examine(&config.sources).await);
    findings.extend(clock::examine(config).await);
    findings.extend(public::examine(config).await);
    findings
}

fn tell(findings: &[Finding], as_json: bool) -> Result<(), Failure> {
    if as_json {
        let is_sound = findings.iter().all(|finding| finding.status != Status::Fail);
        let rows: Vec<_> = findings.iter().map(Finding::to_json).collect();
        return output::json(&json!({ "ok": is_sound, "findings": rows }));
    }
    findings.iter().try_for_each(|finding| output::line(&finding.to_text()))
}
