//! The OpenAPI document's frame. The routes' part is made from the handlers.

use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityScheme};
use utoipa::{Modify, OpenApi};

use crate::ops;
use crate::problem::Problem;

/// The document before any route is added.
pub(crate) fn document() -> utoipa::openapi::OpenApi {
    Frame::openapi()
}

#[derive(OpenApi)]
#[openapi(
    info(
        title = "oncelink",
        description = "Single-use links to files in private storage. Every error is a problem document (RFC 9457) with a stable `type`.",
    ),
    tags(
        (name = "recipient", description = "For whoever was given a link; no account, the URL is the key"),
        (name = "links", description = "For senders: create, look, revoke, reissue"),
        (name = "objects", description = "For senders: browse the sources"),
        (name = "keys", description = "API keys and their scopes"),
        (name = "operations", description = "Health, metrics, this document"),
    ),
    // Served outside of the document that it shows, so it is described here.
    paths(ops::show_document),
    components(schemas(Problem)),
    modifiers(&Bearer),
)]
struct Frame;

struct Bearer;

impl Modify for Bearer {
    fn modify(&self, document: &mut utoipa::openapi::OpenApi) {
        let scheme = HttpBuilder::new()
            .scheme(HttpAuthScheme::Bearer)
            .description(Some("An API key: `oncelink key create NAME` or POST /v1/keys makes one."))
            .build();
        document.components.get_or_insert_with(Default::default).add_security_scheme("bearer", SecurityScheme::Http(scheme));
    }
}
