//! What is counted, for Prometheus.
//!
//! Must not take a label's value from a client: routes are patterns, reasons are words of ours. So nothing secret gets in, and
//! the number of series is bounded.

use axum::http::StatusCode;
use prometheus_client::encoding::{EncodeLabelSet, text};
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::{Registry, Unit};

/// The media type of [`Metrics::render`] (OpenMetrics 1.0, which Prometheus reads).
pub(crate) const MEDIA_TYPE: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// Upper bounds of the time until an answer begins, in seconds.
const SECONDS: [f64; 10] = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0];

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Answered {
    route: String,
    status: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Route {
    route: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Reason {
    reason: &'static str,
}

/// Everything that is counted in this process.
pub(crate) struct Metrics {
    registry: Registry,
    requests: Family<Answered, Counter>,
    seconds: Family<Route, Histogram, fn() -> Histogram>,
    deliveries: Gauge,
    sent: Counter,
    completed: Counter,
    granted: Counter,
    refused: Family<Reason, Counter>,
    faults: Counter,
}

impl Default for Metrics {
    fn default() -> Self {
        let mut metrics = Self {
            registry: Registry::with_prefix("oncelink"),
            requests: Family::default(),
            seconds: Family::new_with_constructor(|| Histogram::new(SECONDS)),
            deliveries: Gauge::default(),
            sent: Counter::default(),
            completed: Counter::default(),
            granted: Counter::default(),
            refused: Family::default(),
            faults: Counter::default(),
        };
        metrics.register();
        metrics
    }
}

impl Metrics {
    fn register(&mut self) {
        let registry = &mut self.registry;
        registry.register("http_requests", "Requests answered, by route and class of status", self.requests.clone());
        registry.register_with_unit("http_request_duration", "Time until an answer begins", Unit::Seconds, self.seconds.clone());
        registry.register("deliveries_running", "Responses whose bytes are on their way or not yet recorded", self.deliveries.clone());
        registry.register_with_unit("sent", "Bytes of objects sent", Unit::Bytes, self.sent.clone());
        registry.register("claims_granted", "Claims granted, repeated ones included", self.granted.clone());
        registry.register("claims_refused", "Claims refused, by reason", self.refused.clone());
        registry.register("claims_completed", "Claims delivered as a whole, redirects aside", self.completed.clone());
        registry.register("faults", "Answers that failed on our side: store, source or ourselves", self.faults.clone());
    }

    /// A request was answered after `seconds`. `route` is the route's pattern, never the path.
    pub(crate) fn request(&self, route: &str, status: StatusCode, seconds: f64) {
        let class = match status.as_u16() / 100 {
            1 => "1xx",
            2 => "2xx",
            3 => "3xx",
            4 => "4xx",
            _ => "5xx",
        };
        self.requests.get_or_create(&Answered { route: route.to_owned(), status: class }).inc();
        self.seconds.get_or_create(&Route { route: route.to_owned() }).observe(seconds);
    }

    /// A response with an object's bytes has begun.
    pub(crate) fn delivery_began(&self) {
        self.deliveries.inc();
    }

    /// A response with an object's bytes is over and recorded.
    pub(crate) fn delivery_ended(&self) {
        self.deliveries.dec();
    }

    /// `bytes` of an object were sent.
    pub(crate) fn sent(&self, bytes: u64) {
        self.sent.inc_by(bytes);
    }

    /// A claim was delivered as a whole.
    pub(crate) fn completed(&self) {
        self.completed.inc();
    }

    /// A use was taken.
    pub(crate) fn granted(&self) {
        self.granted.inc();
    }

    /// A recipient was refused.
    pub(crate) fn refused(&self, reason: &'static str) {
        self.refused.get_or_create(&Reason { reason }).inc();
    }

    /// An answer failed on our side.
    pub(crate) fn fault(&self) {
        self.faults.inc();
    }

    /// All of it as text.
    pub(crate) fn render(&self) -> String {
        let mut text = String::new();
        // Writing to a String doesn't fail.
        let _ = text::encode(&mut text, &self.registry);
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everything_counted_is_told_by_its_name() {
        let metrics = Metrics::default();
        metrics.request("/d/{token}", StatusCode::OK, 0.003);
        metrics.request("/d/{token}", StatusCode::NO_CONTENT, 0.2);
        metrics.delivery_began();
        metrics.sent(7);
        metrics.completed();
        metrics.granted();
        metrics.refused("spent");
        metrics.fault();
        let text = metrics.render();
        for line in [
            "oncelink_http_requests_total{route=\"/d/{token}\",status=\"2xx\"} 2",
            "oncelink_http_request_duration_seconds_count{route=\"/d/{token}\"} 2",
            "oncelink_http_request_duration_seconds_bucket{le=\"0.005\",route=\"/d/{token}\"} 1",
            "oncelink_deliveries_running 1",
            "oncelink_sent_bytes_total 7",
            "oncelink_claims_completed_total 1",
            "oncelink_claims_granted_total 1",
            "oncelink_claims_refused_total{reason=\"spent\"} 1",
            "oncelink_faults_total 1",
        ] {
            assert!(text.lines().any(|have| have == line), "{line} in\n{text}");
        }
        metrics.delivery_ended();
        assert!(metrics.render().contains("oncelink_deliveries_running 0"));
    }
}
