//! What recipients ask for: a link's page, the claim, and the claim's bytes.
//!
//! - [`look`]: GET and HEAD of a link;
//! - [`redeem`]: the deliberate act that claims;
//! - [`direct`]: the one-step link, which claims and answers the bytes at once;
//! - [`bytes`]: `/c/{claim}`, where the holder gets the bytes; [`oversize`]: what one response can't carry;
//! - [`download`]: the headers of an answer that carries a file; [`form`]: the fields of the request; [`cookie`]: how the
//!   same browser is recognised when it comes back; [`answers`]: what may be refused, for the OpenAPI document.
//!
//! Must not decide what a link allows: `oncelink_core` does.

mod answers;
mod bytes;
mod conditions;
mod cookie;
mod direct;
mod download;
mod form;
mod look;
mod oversize;
mod redeem;
mod view;

pub(crate) use oversize::is_exchange;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::app::App;

/// The recipients' routes.
pub(crate) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(look::show_link, redeem::claim_link))
        .routes(routes!(look::show_download, redeem::claim_download))
        .routes(routes!(bytes::deliver, bytes::deliver_posted))
        .routes(routes!(bytes::acknowledge))
}
