//! `POST /v1/links`: one link.

use axum::Json;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use oncelink_core::create::CreateOutcome;

use super::answers::{WithBody, WithKey};
use super::record::LinkRecord;
use super::wish::NewLink;
use crate::app::App;
use crate::auth::Auth;
use crate::json;
use crate::problem::Problem;

const IDEMPOTENCY_KEY: &str = "Idempotency-Key";
/// The longest idempotency key, in characters.
const LONGEST: usize = 255;

/// Creates a link. Its URL is shown this once.
///
/// With an `Idempotency-Key` the same body again gives 200 and the same link without its URL, which isn't kept; another body
/// gives 422.
#[utoipa::path(
    post, path = "/v1/links", tag = "links", security(("bearer" = [])),
    params(("Idempotency-Key" = Option<String>, Header, description = "1 to 255 visible characters; makes a repetition recognisable",
        min_length = 1, max_length = 255)),
    request_body = NewLink,
    responses(
        (status = 201, description = "created; `url` is shown this once", body = LinkRecord,
            headers(("Location" = String, description = "where the link is managed"))),
        (status = 200, description = "created before, with the same Idempotency-Key and body; without `url`", body = LinkRecord,
            headers(("Location" = String, description = "where the link is managed"))),
        (status = 404, description = "no such object", body = Problem, content_type = "application/problem+json"),
        (status = 422, description = "the Idempotency-Key came before with another body", body = Problem,
            content_type = "application/problem+json"),
        WithBody,
        WithKey,
    )
)]
pub(crate) async fn create_link(State(app): State<App>, auth: Auth, request: Request) -> Result<Response, Problem> {
    let name = idempotency_name(request.headers())?.map(str::to_owned);
    let received = json::read(request, json::ONE).await?;
    let idempotency = name.map(|name| auth.idempotency(&name, &received.bytes));
    let wish = json::typed::<NewLink>("", received.value)?.into_wish()?;
    Ok(match app.links.create(wish, &auth.sender, idempotency).await? {
        CreateOutcome::Created(draft) => answer(&app, StatusCode::CREATED, LinkRecord::fresh(&app, &draft)),
        CreateOutcome::Repeated(link) => answer(&app, StatusCode::OK, LinkRecord::of(&app, &link)),
    })
}

/// A link that was made, and where it is managed.
pub(crate) fn answer(app: &App, status: StatusCode, record: LinkRecord) -> Response {
    (status, [(header::LOCATION, record.location(app))], Json(record)).into_response()
}

fn idempotency_name(headers: &HeaderMap) -> Result<Option<&str>, Problem> {
    let mut lines = headers.get_all(IDEMPOTENCY_KEY).iter();
    let Some(line) = lines.next() else { return Ok(None) };
    if lines.next().is_some() {
        return Err(Problem::invalid(IDEMPOTENCY_KEY, "is there twice"));
    }
    let name = line.to_str().ok().filter(|name| (1..=LONGEST).contains(&name.len()));
    name.map(Some).ok_or_else(|| Problem::invalid(IDEMPOTENCY_KEY, format!("must have 1 to {LONGEST} visible characters")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_idempotency_key_is_short_visible_and_alone() {
        let read = |lines: &[&str]| {
            let mut headers = HeaderMap::new();
            for line in lines {
                headers.append(IDEMPOTENCY_KEY, line.parse().expect("a header's value"));
            }
            idempotency_name(&headers).map(|name| name.map(str::to_owned)).map_err(|problem| problem.field)
        };
        assert_eq!(read(&[]), Ok(None));
        assert_eq!(read(&["order-4711"]), Ok(Some("order-4711".to_owned())));
        let long = "x".repeat(256);
        for bad in [&[""][..], &["a", "a"], &["\u{fc}"], &[long.as_str()]] {
            assert_eq!(read(bad), Err(Some(IDEMPOTENCY_KEY.to_owned())), "{bad:?}");
        }
    }
}
