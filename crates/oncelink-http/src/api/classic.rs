//! `GET /get-link?file=`: the classic call. It creates, so HEAD is refused; it needs an API key, so no page or prefetch does it.

use axum::Json;
use axum::extract::{RawQuery, State};
use axum::http::{HeaderMap, HeaderValue, header};
use axum::response::{IntoResponse, Response};
use oncelink_core::create::{CreateOutcome, Expiry, LinkWish};
use oncelink_core::link::{Delivery, Gate};
use oncelink_core::{Fault, No, Refusal};
use serde::Deserialize;
use utoipa::IntoParams;

use super::answers::WithKey;
use super::query;
use super::record::{self, LinkRecord};
use super::words::{DeliveryWord, GateWord};
use crate::app::App;
use crate::auth::Auth;
use crate::negotiate::{self, Form};
use crate::problem::Problem;
use crate::when;

/// What the classic call takes.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct Asked {
    /// The object's key.
    #[param(min_length = 1, max_length = 1024)]
    file: String,
    /// The source's name; the server's first source when absent.
    #[param(min_length = 1, max_length = 64, pattern = "^[A-Za-z0-9._-]+$")]
    source: Option<String>,
    /// How long the link lives: whole seconds, or an ISO 8601 duration.
    #[param(min_length = 1, example = "P7D")]
    ttl: Option<String>,
    /// How many claims may be made.
    #[param(value_type = Option<u64>, minimum = 1, maximum = 1000)]
    uses: Option<String>,
    /// How the link is opened.
    #[param(value_type = Option<GateWord>, inline)]
    gate: Option<String>,
    /// How the bytes travel.
    #[param(value_type = Option<DeliveryWord>, inline)]
    delivery: Option<String>,
}

/// Creates a link for an existing object and returns its URL: as plain text, or as JSON when asked for.
#[utoipa::path(
    get, path = "/get-link", tag = "links", security(("bearer" = [])),
    params(Asked),
    responses(
        (status = 200, description = "the URL, shown this once", content((String = "text/plain"), (LinkRecord = "application/json"))),
        (status = 400, description = "a parameter is unknown, repeated or wrong: `field` names it", body = Problem,
            content_type = "application/problem+json"),
        (status = 404, description = "no such object", body = Problem, content_type = "application/problem+json"),
        WithKey,
    )
)]
pub(crate) async fn get_link(
    State(app): State<App>,
    auth: Auth,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let wish = query::read::<Asked>(query.as_deref())?.into_wish()?;
    let draft = match app.links.create(wish, &auth.sender, None).await.map_err(by_its_parameter)? {
        CreateOutcome::Created(draft) => draft,
        CreateOutcome::Repeated(_) => return Err(Fault::internal("a creation without idempotency key was repeated").into()),
    };
    Ok(match negotiate::wanted(&headers) {
        Form::Json => Json(LinkRecord::fresh(&app, &draft)).into_response(),
        Form::Text | Form::Html => {
            ([(header::CONTENT_TYPE, "text/plain; charset=utf-8")], format!("{}\n", record::url(&app, &draft))).into_response()
        }
    })
}

/// HEAD of the classic call: it would have to create a link that nobody sees.
pub(crate) async fn refuse_head() -> Response {
    let mut response = Problem::method_not_allowed().into_response();
    response.headers_mut().insert(header::ALLOW, HeaderValue::from_static("GET"));
    response
}

impl Asked {
    fn into_wish(self) -> Result<LinkWish, Problem> {
        let span = |text: &str| {
            when::parse_span(text)
                .ok_or_else(|| Problem::invalid("ttl", "must be whole seconds or an ISO 8601 duration such as PT1H or P7D"))
        };
        let number = |text: &str| text.parse().map_err(|_| Problem::invalid("uses", "must be a whole number"));
        let gate = |text: &str| Gate::parse(text).ok_or_else(|| Problem::invalid("gate", "must be page or direct"));
        let delivery = |text: &str| Delivery::parse(text).ok_or_else(|| Problem::invalid("delivery", "must be auto, stream or redirect"));
        Ok(LinkWish {
            source: self.source,
            key: self.file,
            uses: self.uses.as_deref().map(number).transpose()?,
            expiry: self.ttl.as_deref().map(span).transpose()?.map(Expiry::In),
            gate: self.gate.as_deref().map(gate).transpose()?,
            delivery: self.delivery.as_deref().map(delivery).transpose()?,
            ..LinkWish::default()
        })
    }
}

/// Names a wrong value as this call names it.
fn by_its_parameter(no: No) -> No {
    match no {
        No::Refused(Refusal::Invalid { field: "key", detail }) => No::Refused(Refusal::Invalid { field: "file", detail }),
        No::Refused(Refusal::Invalid { field: "expires_in", detail }) => No::Refused(Refusal::Invalid { field: "ttl", detail }),
        other @ (No::Refused(_) | No::Failed(_)) => other,
    }
}
