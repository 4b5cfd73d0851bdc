//! How it ends: what is on its way may arrive, then it is recorded, and neither may take for ever.

use std::time::Duration;

use tokio::time::timeout;
use tokio_util::task::TaskTracker;

use crate::accept::House;

/// How long connections may take to notice that they are cut.
const CUT: Duration = Duration::from_secs(1);
/// How long the records of what was delivered may take to be written.
const RECORD: Duration = Duration::from_secs(15);

/// Waits for running responses, cuts what is left, and waits for the records.
pub(crate) async fn drain(house: &House, deliveries: &TaskTracker) {
    house.stopping.cancel();
    // Closed first: it is how streams of news, which never end by themselves, learn that they shall.
    deliveries.close();
    house.connections.close();
    if timeout(house.limits.drain, house.connections.wait()).await.is_err() {
        tracing::warn!(connections = house.connections.len(), "cutting what has not ended in time; its holders may resume");
        house.cut.cancel();
        let _ = timeout(CUT, house.connections.wait()).await;
    }
    if timeout(RECORD, deliveries.wait()).await.is_err() {
        tracing::warn!(deliveries = deliveries.len(), "ending without the last records of some downloads");
    }
}
