//! What senders ask for, with an API key: links, objects, keys.
//!
//! - [`create`], [`batch`], [`classic`]: the three ways to make links; [`wish`]: what they ask for;
//! - [`links`]: what exists, revoking and reissuing; [`record`]: how links, claims and events are told;
//! - [`objects`]: browsing a source; [`keys`]: API keys;
//! - [`query`] and [`place`]: how addresses are read; [`words`]: the words of fields with a few values;
//! - [`answers`]: the problems that many of these have in common, for the OpenAPI document.
//!
//! Must not decide what a key may do or a link may be: `oncelink_core` does.

mod answers;
mod batch;
mod classic;
mod create;
mod keys;
mod links;
mod objects;
mod place;
mod query;
mod record;
mod wish;
mod words;

pub(crate) use answers::{Always, Responses, problems};
pub(crate) use keys::Scopes;
pub(crate) use links::{read as read_cursor, written as written_cursor};
pub(crate) use place::{KeyPlace, LinkPlace};
pub(crate) use record::url;
pub(crate) use wish::NewLink;

use utoipa_axum::router::{OpenApiRouter, UtoipaMethodRouterExt};
use utoipa_axum::routes;

use crate::app::App;

/// The senders' routes.
pub(crate) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::default()
        // GET creates here, so HEAD must not be answered by it.
        .routes(routes!(classic::get_link).map(|route| route.head(classic::refuse_head)))
        .routes(routes!(create::create_link, links::list_links))
        .routes(routes!(batch::create_links))
        .routes(routes!(links::read_link, links::revoke_link))
        .routes(routes!(links::list_events))
        .routes(routes!(links::reissue_link))
        .routes(routes!(objects::list_objects))
        .routes(routes!(keys::create_key, keys::list_keys))
        .routes(routes!(keys::revoke_key))
}
