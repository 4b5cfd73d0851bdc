//! Looking at a database's tables without changing, creating or locking anything.

use crate::database::Database;
use crate::migrations::{self, MigrateError};
use crate::open;
use crate::open_error::OpenError;
use crate::target::Target;
use crate::tls;

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
    let target = Target::parse(url)?;
    let tls = tls::connector(&target.trust)?;
    let db = Database::new(target, tls)?;
    let looked = look(&db).await;
    db.close();
    looked
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
