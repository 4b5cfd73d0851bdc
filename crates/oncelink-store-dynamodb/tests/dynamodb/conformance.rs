//! The conformance suite.

use std::sync::Arc;

use oncelink_core::ports::{KeyStore, LinkStore};
use oncelink_store_dynamodb::DynamoStore;
use oncelink_testkit::store_suite::StoreUnderTest;

use crate::support::Place;

struct DynamoUnderTest {
    store: Arc<DynamoStore>,
    place: Place,
}

impl StoreUnderTest for DynamoUnderTest {
    fn store(&self) -> Arc<dyn LinkStore> {
        self.store.clone()
    }

    fn keys(&self) -> Arc<dyn KeyStore> {
        self.store.clone()
    }

    async fn reopen(&mut self) {
        self.store = Arc::new(self.place.open().await);
    }
}

async fn fresh() -> Option<DynamoUnderTest> {
    let place = Place::new()?;
    Some(DynamoUnderTest { store: Arc::new(place.open().await), place })
}

oncelink_testkit::store_suite!(fresh);
