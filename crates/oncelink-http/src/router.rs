//! The router: which routes there are, and what is true of every answer.
//!
//! A layer's order matters: the base path is taken off first, so that everything else sees one form of each path.

use std::panic::AssertUnwindSafe;
use std::time::Instant;

use axum::Router;
use axum::extract::{MatchedPath, Request, State};
use axum::http::{HeaderMap, HeaderValue, Uri, header};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use futures_util::FutureExt;
use oncelink_core::Actor;
use tower::ServiceBuilder;
use tower::util::MapRequestLayer;
use utoipa::openapi::OpenApi;
use utoipa_axum::router::OpenApiRouter;

use crate::app::App;
use crate::client::{Client, Peer};
use crate::negotiate::{self, Form};
use crate::problem::Problem;
use crate::{api, console, openapi, ops, page, recipient};

/// True of every answer, errors included: a link must stay out of caches, referrers, sniffers and search engines.
const PRIVATE: [(header::HeaderName, HeaderValue); 4] = [
    (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
    (header::REFERRER_POLICY, HeaderValue::from_static("no-referrer")),
    (header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
    (header::HeaderName::from_static("x-robots-tag"), HeaderValue::from_static("noindex")),
];

/// All of oncelink's HTTP: for a server's connections and for a Lambda's events alike.
///
/// Whoever runs it puts a [`crate::Peer`] into each request's extensions, and an `Arc<`[`crate::Wire`]`>` where the connection is
/// its own.
pub fn router(app: App) -> Router {
    let base = app.base_path().to_owned();
    let routes = routes(&app);
    let strip = MapRequestLayer::new(move |request: Request| without_base(request, &base));
    // A fallback, not a layer: routing has to see the path without its base.
    Router::new().fallback_service(ServiceBuilder::new().layer(strip).service(routes))
}

/// The routes and the document made from them.
pub(crate) fn documented() -> (Router<App>, OpenApi) {
    let routes = recipient::routes().merge(api::routes()).merge(ops::routes());
    OpenApiRouter::with_openapi(openapi::document()).merge(routes).split_for_parts()
}

fn routes(app: &App) -> Router {
    let (routes, document) = documented();
    routes
        .merge(ops::plain_routes(document))
        .merge(console::routes(app))
        .route("/", get(home))
        .route("/assets/{name}", get(page::asset))
        .fallback(async || Problem::not_found())
        .method_not_allowed_fallback(async || Problem::method_not_allowed())
        // One layer: each costs every request some allocations.
        .layer(middleware::from_fn_with_state(app.clone(), dress))
        .with_state(app.clone())
}

/// What is here, for whoever looks at the bare address.
async fn home(State(app): State<App>, headers: HeaderMap) -> Response {
    page::home(page::lang(&headers), &app.settings.brand)
}

/// Shows problems as pages to browsers, adds what is true of every answer, counts it and logs it without its path.
async fn dress(State(app): State<App>, Client(actor): Client, request: Request, next: Next) -> Response {
    let begin = Instant::now();
    let method = request.method().clone();
    let route = request.extensions().get::<MatchedPath>().map_or_else(|| "none".to_owned(), |path| path.as_str().to_owned());
    let for_eyes = negotiate::wanted(request.headers()) == Form::Html && !route.starts_with("/v1/");
    let lang = page::lang(request.headers());
    let mut response = answer(&app, &actor, request, next).await;
    if response.status().is_server_error() {
        app.metrics.fault();
    }
    if for_eyes && let Some(problem) = undressed(&mut response) {
        response = page::problem(problem, response, lang, &app.settings.brand);
    }
    keep_private(response.headers_mut());
    let (status, spent) = (response.status(), begin.elapsed());
    app.metrics.request(&route, status, spent.as_secs_f64());
    tracing::debug!(%method, route, status = status.as_u16(), ms = spent.as_millis(), client = ?actor.address, "answered");
    response
}

/// The problem that an answer was made from, if it is still in its plain form.
fn undressed(response: &mut Response) -> Option<Problem> {
    let plain = response.headers().get(header::CONTENT_TYPE).is_some_and(|kind| kind == "application/problem+json");
    if plain { response.extensions_mut().remove::<Problem>() } else { None }
}

/// Writes what is true of every answer.
pub(crate) fn keep_private(headers: &mut HeaderMap) {
    for (name, value) in PRIVATE {
        headers.insert(name, value);
    }
}

/// What the route answers; a handler that panics takes nobody along.
async fn answer(app: &App, actor: &Actor, request: Request, next: Next) -> Response {
    let answered = async {
        match limit_rate(app, actor, &request) {
            Ok(()) => next.run(request).await,
            Err(seconds) => Problem::too_many_requests(seconds).into_response(),
        }
    };
    AssertUnwindSafe(answered).catch_unwind().await.unwrap_or_else(|_| Problem::internal().into_response())
}

/// Refuses whoever asks too much, with the seconds to wait. Probes of the operator's own are let through.
fn limit_rate(app: &App, actor: &Actor, request: &Request) -> Result<(), u64> {
    if matches!(request.uri().path(), "/healthz" | "/readyz" | "/metrics") {
        return Ok(());
    }
    // Whoever hides behind contradicting headers is counted with the connection that brought them.
    app.limits.check(actor.address.or_else(|| request.extensions().get::<Peer>().map(|peer| peer.0.ip())))
}

/// The request with the public URL's path taken off, where it is there.
fn without_base(mut request: Request, base: &str) -> Request {
    let stripped = request.uri().path_and_query().and_then(|whole| {
        let rest = whole.as_str().strip_prefix(base).filter(|_| !base.is_empty())?;
        match rest.bytes().next() {
            Some(b'/') => Some(rest.to_owned()),
            Some(b'?') | None => Some(format!("/{rest}")),
            Some(_) => None,
        }
    });
    if let Some(uri) = stripped.and_then(|rest| rest.parse::<Uri>().ok()) {
        *request.uri_mut() = uri;
    }
    request
}

#[cfg(test)]
mod tests {
    use axum::body::Body;

    use super::*;

    #[test]
    fn the_base_path_is_taken_off_where_it_is_whole() {
        for (target, base, expected) in [
            ("/once/d/x?y=/once", "/once", "/d/x?y=/once"),
            ("/once", "/once", "/"),
            ("/once?token=x", "/once", "/?token=x"),
            ("/onceler/d/x", "/once", "/onceler/d/x"),
            ("/d/x", "/once", "/d/x"),
            ("/d/x", "", "/d/x"),
        ] {
            let request = Request::builder().uri(target).body(Body::empty()).expect("a request");
            assert_eq!(without_base(request, base).uri(), expected, "{target}");
        }
    }
}
