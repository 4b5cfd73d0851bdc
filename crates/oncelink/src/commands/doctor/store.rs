//! The store: can it be reached, and are its tables those of this program.

use oncelink_config::Config;

use crate::commands::doctor::finding::Finding;
use crate::upkeep::{self, Tables};

/// Looks at the store's tables.
pub(crate) async fn examine(config: &Config) -> Finding {
    let (check, name) = ("store", upkeep::name(&config.store));
    match upkeep::inspect(&config.store).await {
        Ok(Tables::Current { version: Some(version) }) => {
            Finding::ok(check, format!("{name} has version {version} of its tables, which is the latest"))
        }
        Ok(Tables::Current { version: None }) => Finding::ok(check, format!("{name} is as it should be")),
        Ok(Tables::Missing) => {
            Finding::ok(check, format!("{name} has no tables yet; 'oncelink serve' or 'oncelink store init' makes them"))
        }
        Ok(Tables::Older { found, known }) => Finding::warn(
            check,
            format!("{name} has version {found} of its tables, this program's is {known}"),
            "Make a backup, then start 'oncelink serve' or run 'oncelink store init': either brings them up to date.",
        ),
        Err(failure) => Finding::fail(check, failure.to_string(), "Mend it, or name another store with --store."),
    }
}
