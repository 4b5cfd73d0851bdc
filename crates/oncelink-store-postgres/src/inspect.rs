//! Looking at a database's tables and clock without changing, creating or locking anything.

use oncelink_core::Timestamp;

use crate::database::{Database, IfLost};
use crate::failure::Failure;
use crate::migrations::{self, MigrateError};
use crate::open;
use crate::open_error::OpenError;
use crate::target::Target;
use crate::{sql, tls};

/// The version of a database's tables.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Schema {
    /// The database's; 0 when it has none.
    pub found: i64,
    /// The one that this program would make of it.
    pub known: i64,
}

/// What the tables in the database at `url` are.
pub(crate) async fn inspect(url: &str) -> Result<Schema, OpenError> {
    let db = database(url)?;
    let looked = look(&db).await;
    db.close();
    looked
}

/// What time it is by the clock of the server at `url`.
pub(crate) async fn time(url: &str) -> Result<Timestamp, OpenError> {
    let db = database(url)?;
    let told = ask(&db).await;
    db.close();
    told
}

fn database(url: &str) -> Result<Database, OpenError> {
    let target = Target::parse(url)?;
    let tls = tls::connector(&target.trust)?;
    Database::new(target, tls)
}

async fn ask(db: &Database) -> Result<Timestamp, OpenError> {
    let row = db.row(sql::SERVER_TIME, IfLost::Repeat, &[]).await.map_err(|failure| open::unreachable(db, failure))?;
    let told = row.ok_or(Failure::Defect("the server's clock gave no row"));
    let told = told.and_then(|row| row.try_get("now").map_err(Failure::unsent));
    told.map(Timestamp::from_millis).map_err(|failure| open::failed(db, failure))
}

async fn look(db: &Database) -> Result<Schema, OpenError> {
    let client = db.client().await.map_err(|failure| open::unreachable(db, failure))?;
    let has_versions = open::check_server(db, &client).await?;
    let known = migrations::latest();
    let found = if has_versions { migrations::version(&client).await } else { Ok(0) };
    match found {
        Ok(found) if found > known => Err(OpenError::NewerSchema { place: db.place().to_owned(), found, known }),
        Ok(found) => Ok(Schema { found, known }),
        Err(MigrateError::Newer { found, known }) => Err(OpenError::NewerSchema { place: db.place().to_owned(), found, known }),
        Err(MigrateError::Failed(failure)) => Err(open::failed(db, failure)),
    }
}
