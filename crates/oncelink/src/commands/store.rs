//! `oncelink store`: the store's tables, made by whoever may make them.

use oncelink_config::{Config, Environment};
use serde_json::json;

use crate::cli::store::{InitArgs, StoreArgs, StoreCommand};
use crate::data_dir::DataDir;
use crate::exit::Failure;
use crate::output;
use crate::upkeep::{self, Tables};

/// Does what was asked with the store.
pub(crate) async fn run(args: StoreArgs) -> Result<(), Failure> {
    match args.command {
        StoreCommand::Init(args) => init(args).await,
    }
}

async fn init(args: InitArgs) -> Result<(), Failure> {
    let config = Config::load(args.serve, &Environment::from_process())?;
    DataDir::new(&config.data).create()?;
    let before = upkeep::inspect(&config.store).await?;
    // Tables that are as they should be need nothing, not even that no server is running on them.
    if !matches!(before, Tables::Current { .. }) {
        upkeep::init(&config.store).await?;
    }
    let after = upkeep::inspect(&config.store).await?;
    let name = upkeep::name(&config.store);
    if args.json {
        return output::json(&json!({ "store": name, "version_before": before.version(), "version": after.version() }));
    }
    output::hint(&match before {
        Tables::Missing => format!("The tables of {name} are made."),
        Tables::Older { found, known } => format!("The tables of {name} are brought from version {found} to {known}."),
        Tables::Current { version: Some(version) } => format!("The tables of {name} are up to date (version {version})."),
        Tables::Current { version: None } => format!("The tables of {name} are up to date."),
    });
    Ok(())
}
