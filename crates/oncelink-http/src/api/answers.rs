//! The problems that many of the senders' requests have in common, for the OpenAPI document.
//!
//! Must agree with what the handlers answer; `problem.rs` decides which status a problem has.

use std::collections::BTreeMap;

use utoipa::IntoResponses;
use utoipa::openapi::{ContentBuilder, Ref, RefOr, Response, ResponseBuilder};

/// Answers by their status.
pub(crate) type Responses = BTreeMap<String, RefOr<Response>>;

/// What any request may be answered with.
pub(crate) struct Always;
/// What any request with an API key may be answered with.
pub(crate) struct WithKey;
/// What a request with a JSON body may be answered with.
pub(crate) struct WithBody;

impl IntoResponses for Always {
    fn responses() -> Responses {
        problems(&[
            ("429", "too many requests from this address: see Retry-After"),
            ("500", "a defect of ours; the operator's log says more"),
            ("503", "the store or a source isn't available: see Retry-After"),
        ])
    }
}

impl IntoResponses for WithKey {
    fn responses() -> Responses {
        let own = problems(&[("401", "no API key, or an unknown or revoked one"), ("403", "the API key doesn't reach so far")]);
        own.into_iter().chain(Always::responses()).collect()
    }
}

impl IntoResponses for WithBody {
    fn responses() -> Responses {
        problems(&[
            ("400", "the body can't be read, or a field is unknown or wrong: `field` names it"),
            ("408", "the body didn't come in time"),
            ("413", "the body is too large"),
            ("415", "the body isn't application/json"),
        ])
    }
}

/// Problems by their status, each with what it means here.
pub(crate) fn problems(answers: &[(&str, &str)]) -> Responses {
    answers.iter().map(|&(status, description)| (status.to_owned(), RefOr::T(problem(description)))).collect()
}

fn problem(description: &str) -> Response {
    let content = ContentBuilder::new().schema(Some(Ref::from_schema_name("Problem"))).build();
    ResponseBuilder::new().description(description).content("application/problem+json", content).build()
}
