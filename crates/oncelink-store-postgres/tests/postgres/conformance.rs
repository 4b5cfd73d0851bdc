//! The conformance suite.

use std::sync::Arc;

use oncelink_core::ports::{KeyStore, LinkStore};
use oncelink_store_postgres::PostgresStore;
use oncelink_testkit::store_suite::StoreUnderTest;

use crate::support::Place;

struct PostgresUnderTest {
    store: Arc<PostgresStore>,
    place: Place,
}

impl StoreUnderTest for PostgresUnderTest {
    fn store(&self) -> Arc<dyn LinkStore> {
        self.store.clone()
    }

    fn keys(&self) -> Arc<dyn KeyStore> {
        self.store.clone()
    }

    async fn reopen(&mut self) {
        self.store.close().await;
        self.store = Arc::new(self.place.open().await);
    }
}

async fn fresh() -> Option<PostgresUnderTest> {
    let place = Place::schema().await?;
    Some(PostgresUnderTest { store: Arc::new(place.open().await), place })
}

oncelink_testkit::store_suite!(fresh);
