//! Forgetting links that ended long ago. It frees space, and nothing else depends on it.

use std::sync::Arc;
use std::time::Duration;

use oncelink_core::Links;

/// How often it is looked at.
const EVERY: Duration = Duration::from_secs(600);
/// How many links go in one write: a claim must not wait long behind it.
const BATCH: usize = 200;
/// The pause between two such writes.
const BREATH: Duration = Duration::from_millis(100);

/// Deletes what ended more than `retention` ago, for as long as it is polled.
pub(crate) async fn forget(links: Arc<Links>, retention: Duration) {
    loop {
        match links.purge(retention, BATCH).await {
            Ok(0) => tokio::time::sleep(EVERY).await,
            Ok(deleted) => {
                tracing::info!(deleted, "forgot links that ended long ago");
                tokio::time::sleep(BREATH).await;
            }
            Err(fault) => {
                tracing::warn!(%fault, "could not forget old links; trying again later");
                tokio::time::sleep(EVERY).await;
            }
        }
    }
}
