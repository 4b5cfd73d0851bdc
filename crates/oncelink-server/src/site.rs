//! What is served: any router, and the work that its responses leave behind.

use axum::Router;
use oncelink_http::App;
use tokio_util::task::TaskTracker;

/// A router, and the tasks that outlive its responses.
#[derive(Clone, Debug)]
pub struct Site {
    /// Answers each request. Finds [`oncelink_http::Peer`] and an `Arc<`[`oncelink_http::Wire`]`>` in its extensions.
    pub router: Router,
    /// Closed and waited for at the end.
    pub deliveries: TaskTracker,
}

impl From<App> for Site {
    fn from(app: App) -> Self {
        let deliveries = app.deliveries().clone();
        Self { router: oncelink_http::router(app), deliveries }
    }
}

impl From<Router> for Site {
    fn from(router: Router) -> Self {
        Self { router, deliveries: TaskTracker::new() }
    }
}
