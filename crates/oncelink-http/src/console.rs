//! The sender's console: pages at `/console` for people with an API key, over the same rules as the API.
//!
//! - [`session`], [`sign`], [`visitor`]: who is there; [`form`]: what they send; [`frame`]: what all pages share;
//! - [`files`]: browsing sources; [`create`], [`made`]: making links and showing them once;
//! - [`links`], [`link`], [`timeline`]: what became of them; [`live`]: news without reloading; [`keys`]: API keys;
//! - [`show`], [`agent`], [`qr`]: values as people read them.
//!
//! Must not decide what a key may do or a link may be, and must not put a secret into an address. Everything works without
//! JavaScript but news and copying.

mod agent;
mod create;
mod files;
mod form;
mod frame;
mod keys;
mod link;
mod links;
mod live;
mod made;
mod qr;
mod session;
mod show;
mod sign;
mod timeline;
mod visitor;

use axum::Router;
use axum::extract::State;
use axum::middleware;
use axum::response::Response;
use axum::routing::{get, post};
use oncelink_core::apikey::Action;

pub(crate) use session::Sessions;
pub use session::ShortSecret;
use visitor::Visitor;

use crate::app::App;

/// Where the console is, below the base path.
const PATH: &str = "/console";
/// How the addresses of streams of news end.
const LIVE: &str = "/live";

/// The console's routes.
pub(crate) fn routes(app: &App) -> Router<App> {
    let closed = Router::new()
        .route("/console", get(home))
        .route("/console/", get(home))
        .route("/console/sign-out", post(sign::sign_out))
        .route("/console/files", get(files::show))
        .route("/console/links", get(links::show).post(create::create))
        .route("/console/links/new", get(create::ask).post(create::ask_selected))
        .route("/console/links/live", get(live::links))
        .route("/console/links/{id}", get(link::show))
        .route("/console/links/{id}/live", get(live::link))
        .route("/console/links/{id}/revoke", post(link::revoke))
        .route("/console/links/{id}/reissue", post(link::reissue))
        .route("/console/keys", get(keys::show).post(keys::create))
        .route("/console/keys/{id}/revoke", post(keys::revoke))
        .route_layer(middleware::from_fn_with_state(app.clone(), visitor::guard));
    closed.route("/console/sign-in", get(sign::show).post(sign::sign_in))
}

/// The first page on which the key can do anything.
async fn home(State(app): State<App>, visitor: Visitor) -> Response {
    let pages = [(Action::LinksRead, "links"), (Action::ObjectsRead, "files"), (Action::KeysManage, "keys")];
    let page = pages.iter().find(|(action, _)| visitor.may(*action)).map_or("links/new", |(_, page)| page);
    sign::see_other(&format!("{}/{page}", frame::root(&app)))
}
