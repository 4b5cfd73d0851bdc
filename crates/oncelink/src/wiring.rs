//! Putting the parts together: from a checked configuration to stores, sources and the use cases over them.
//!
//! The place where drivers are chosen; beside it only `upkeep` (a store's tables) and `share/offer` (one file) name any.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use oncelink_config::{SourceKind, SourceSpec, StoreSpec};
use oncelink_core::object::SourceName;
use oncelink_core::policy::Policy;
use oncelink_core::ports::{KeyStore, LinkStore, ObjectSource};
use oncelink_core::service::Parts;
use oncelink_core::{Fault, Links};
use oncelink_objects_local::LocalSource;
use oncelink_objects_s3::{Place, S3Source};
use oncelink_store_dynamodb::DynamoStore;
use oncelink_store_postgres::PostgresStore;
use oncelink_store_sqlite::SqliteStore;
use oncelink_system::{Argon2Hasher, OsEntropy, SystemClock};

use crate::exit::Failure;

/// Sources by name, the first is the default.
pub(crate) type Sources = Vec<(SourceName, Arc<dyn ObjectSource>)>;

/// An open store, whichever engine it is.
#[derive(Clone)]
pub(crate) enum Store {
    /// One file on this machine.
    Sqlite(Arc<SqliteStore>),
    /// A database that replicas share.
    Postgres(Arc<PostgresStore>),
    /// A table of AWS's, which replicas share too.
    DynamoDb(Arc<DynamoStore>),
}

impl Store {
    /// Opens the store, and brings its tables up to date. `retention` is how long it keeps what has ended, where it sees to
    /// that itself; nothing: for ever.
    pub(crate) async fn open(spec: &StoreSpec, retention: Option<Duration>) -> Result<Self, Failure> {
        match spec {
            StoreSpec::Sqlite { path } => open_sqlite(path),
            StoreSpec::Postgres { url } => {
                let store = PostgresStore::open(url.reveal()).await.map_err(|error| Failure::failed(error.to_string()))?;
                Ok(Self::Postgres(Arc::new(store)))
            }
            StoreSpec::DynamoDb { table, region, endpoint } => {
                let store = DynamoStore::open(table, region.as_deref(), endpoint.as_deref()).await;
                let store = store.map_err(|error| Failure::failed(error.to_string()))?;
                Ok(Self::DynamoDb(Arc::new(store.with_retention(retention))))
            }
        }
    }

    /// Finishes what has been begun, and closes it.
    pub(crate) async fn close(&self) {
        match self {
            Self::Sqlite(store) => store.close().await,
            Self::Postgres(store) => store.close().await,
            // Every write is a request of its own: there is nothing to finish.
            Self::DynamoDb(_) => {}
        }
    }

    fn ports(&self) -> (Arc<dyn LinkStore>, Arc<dyn KeyStore>) {
        match self {
            Self::Sqlite(store) => (store.clone(), store.clone()),
            Self::Postgres(store) => (store.clone(), store.clone()),
            Self::DynamoDb(store) => (store.clone(), store.clone()),
        }
    }
}

/// Opens an SQLite file as a store.
pub(crate) fn open_sqlite(path: &Path) -> Result<Store, Failure> {
    SqliteStore::open(path).map(|store| Store::Sqlite(Arc::new(store))).map_err(|error| Failure::failed(error.to_string()))
}

/// Opens all sources.
pub(crate) async fn open_sources(specs: &[SourceSpec]) -> Result<Sources, Failure> {
    let mut sources: Sources = Vec::new();
    for spec in specs {
        let opened = open_source(&spec.kind).await;
        let source = opened.map_err(|fault| Failure::failed(format!("source '{}': {fault}", spec.name)))?;
        sources.push((spec.name.clone(), source));
    }
    Ok(sources)
}

/// Opens one source.
pub(crate) async fn open_source(kind: &SourceKind) -> Result<Arc<dyn ObjectSource>, Fault> {
    match kind {
        SourceKind::Local { dir } => Ok(Arc::new(LocalSource::open(dir)?)),
        SourceKind::S3 { bucket, prefix, endpoint, region, path_style } => {
            let (bucket, prefix) = (bucket.clone(), prefix.clone());
            let place = Place { bucket, prefix, endpoint: endpoint.clone(), region: region.clone(), path_style: *path_style };
            Ok(Arc::new(S3Source::open(place, Arc::new(SystemClock)).await?))
        }
    }
}

/// The use cases over this store and these sources.
pub(crate) fn links(store: &Store, sources: Sources, policy: Policy) -> Arc<Links> {
    let (store, keys) = store.ports();
    Arc::new(Links::new(Parts {
        store,
        keys,
        sources,
        clock: Arc::new(SystemClock),
        entropy: Arc::new(OsEntropy),
        hasher: Arc::new(Argon2Hasher::new()),
        policy,
    }))
}
