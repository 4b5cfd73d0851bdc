//! Opening a database: every check that comes before the first request.
//!
//! Checks come before anything is changed.

use std::error::Error;

use deadpool_postgres::{Client, PoolError};

use crate::database::Database;
use crate::failure::Failure;
use crate::migrations::{self, MIGRATIONS, MigrateError};
use crate::open_error::OpenError;
use crate::target::Target;
use crate::{sql, tls};

/// The oldest server that the tests run against.
const OLDEST: i64 = 150_000;

/// A pool on a database that was checked and migrated.
pub(crate) async fn open(url: &str) -> Result<Database, OpenError> {
    let target = Target::parse(url)?;
    let tls = tls::connector(&target.trust)?;
    let db = Database::new(target, tls)?;
    let mut client = db.client().await.map_err(|failure| unreachable(&db, failure))?;
    let known = check_server(&db, &client).await?;
    match migrations::migrate(&mut client, known, MIGRATIONS).await {
        Ok(()) => {}
        Err(MigrateError::Newer { found, known }) => return Err(OpenError::NewerSchema { place: db.place().to_owned(), found, known }),
        Err(MigrateError::Failed(failure)) => return Err(failed(&db, failure)),
    }
    for statement in sql::ALL {
        client.prepare_cached(statement).await.map_err(|error| failed(&db, Failure::unsent(error)))?;
    }
    // Preparing doesn't ask for this right.
    client.execute(sql::EVENT_NUMBER, &[]).await.map_err(|error| failed(&db, Failure::unsent(error)))?;
    drop(client);
    db.beat().await.map_err(|failure| failed(&db, failure))?;
    Ok(db)
}

/// Whether the server will do; and whether there is a table that counts migrations.
pub(crate) async fn check_server(db: &Database, client: &Client) -> Result<bool, OpenError> {
    let place = || db.place().to_owned();
    let facts = client.query_one(sql::SERVER_FACTS, &[]).await.and_then(|row| {
        let schema: Option<String> = row.try_get("schema")?;
        Ok((row.try_get::<_, i64>("version")?, row.try_get::<_, String>("encoding")?, row.try_get::<_, bool>("known")?, schema))
    });
    let (version, encoding, known, schema) = facts.map_err(|error| failed(db, Failure::unsent(error)))?;
    if version < OLDEST {
        Err(OpenError::TooOld { place: place(), found: version / 10_000 })
    } else if encoding != "UTF8" {
        Err(OpenError::NotUtf8 { place: place(), found: encoding })
    } else if schema.is_none() && !known {
        Err(OpenError::NoSchema { place: place() })
    } else {
        Ok(known)
    }
}

/// What a first connection that can't be made means.
pub(crate) fn unreachable(db: &Database, failure: Failure) -> OpenError {
    match &failure {
        Failure::Pool(PoolError::Backend(error)) => match tls_trouble(error) {
            Some(detail) => OpenError::NoTls { place: db.place().to_owned(), detail },
            None => failed(db, failure),
        },
        Failure::Pool(_)
        | Failure::Sql { .. }
        | Failure::Late
        | Failure::Contended
        | Failure::Unreadable { .. }
        | Failure::TooLarge(_)
        | Failure::Together(_)
        | Failure::Defect(_) => failed(db, failure),
    }
}

/// What TLS has against a connection. The driver tells its kinds of errors apart only by their texts.
fn tls_trouble(error: &tokio_postgres::Error) -> Option<String> {
    let cause = error.source().map(ToString::to_string);
    error.to_string().contains("TLS").then(|| cause.unwrap_or_else(|| error.to_string()))
}

pub(crate) fn failed(db: &Database, failure: Failure) -> OpenError {
    OpenError::Failed { detail: failure.into_fault(db.place()).to_string() }
}
