//! The conformance suite.

use std::sync::Arc;

use oncelink_core::ports::{KeyStore, LinkStore};
use oncelink_store_sqlite::SqliteStore;
use oncelink_testkit::store_suite::StoreUnderTest;

use crate::support::Place;

struct SqliteUnderTest {
    store: Arc<SqliteStore>,
    place: Place,
}

impl StoreUnderTest for SqliteUnderTest {
    fn store(&self) -> Arc<dyn LinkStore> {
        self.store.clone()
    }

    fn keys(&self) -> Arc<dyn KeyStore> {
        self.store.clone()
    }

    async fn reopen(&mut self) {
        self.store.close().await;
        self.store = Arc::new(self.place.open());
    }
}

async fn fresh() -> SqliteUnderTest {
    let place = Place::new();
    SqliteUnderTest { store: Arc::new(place.open()), place }
}

oncelink_testkit::store_suite!(fresh);
