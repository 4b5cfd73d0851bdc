//! The front: finds each event's door, and hands its request to the router for that door.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use axum::Router;
use axum::body::Body;
use axum::http::Method;
use axum::response::Response;
use lambda_runtime::{Error, FunctionResponse, StreamResponse};
use oncelink_core::{Fault, Links};
use oncelink_http::{App, Brand, Peer, Transport, router};
use oncelink_store_dynamodb::OpenError;
use tokio::sync::OnceCell;
use tower::ServiceExt;

use crate::answer::{self, Answer};
use crate::door::{self, Arrival, Door};
use crate::event::Event;
use crate::guard::Guard;
use crate::settings::Settings;
use crate::{identity, wiring};

/// Answers events. Clients and credentials are opened once; a router is made per door, and they share everything.
pub(crate) struct Front {
    settings: Settings,
    brand: Brand,
    links: OnceCell<Arc<Links>>,
    routers: Mutex<HashMap<Door, Router>>,
}

/// An answer in one piece or as a stream.
pub(crate) type Out = FunctionResponse<Answer, Guard>;

impl Front {
    /// Checks what can be checked without asking anybody.
    ///
    /// # Errors
    /// What is wrong with the settings, and what would be right.
    pub(crate) fn new(settings: Settings) -> Result<Self, Error> {
        let brand = wiring::brand(&settings.common.brand)?;
        wiring::check(&settings)?;
        Ok(Self { settings, brand, links: OnceCell::new(), routers: Mutex::default() })
    }

    /// Opens the store while the environment starts, when CPU is plentiful. A store that can't be reached now is asked
    /// again by each request.
    ///
    /// # Errors
    /// A table that can't be used as it is: no request would change that.
    pub(crate) async fn warm_up(&self) -> Result<(), Error> {
        match self.links().await {
            Ok(_) => Ok(()),
            Err(OpenError::Failed(fault)) => {
                tracing::error!(kind = ?fault.kind, %fault, "the store could not be opened; each request tries again");
                Ok(())
            }
            Err(other) => Err(other.into()),
        }
    }

    /// Answers one event.
    ///
    /// # Errors
    /// An event that is no HTTP request.
    pub(crate) async fn handle(&self, event: Event) -> Result<Out, Error> {
        let Arrival { door, path, peer } = door::arrival(&event);
        let (kind, shape) = (door.kind, event.shape());
        let identity = self.settings.authorizer.and_then(|authorizer| identity::find(&event.request_context, authorizer));
        let mut request = event.into_request(&path)?;
        let is_head = request.method() == Method::HEAD;
        let extensions = request.extensions_mut();
        if let Some(peer) = peer {
            extensions.insert(Peer(peer));
        }
        if let Some(identity) = identity {
            extensions.insert(identity);
        }
        let mut response = match self.router(door).await {
            Ok(router) => router.oneshot(request).await.unwrap_or_else(|never| match never {}),
            Err(trouble) => *trouble,
        };
        if is_head {
            // On a socket the server would leave it out.
            *response.body_mut() = Body::empty();
        }
        if kind.streams(self.settings.mode) {
            let (metadata_prelude, body) = answer::streamed(response);
            return Ok(FunctionResponse::StreamingResponse(StreamResponse { metadata_prelude, stream: Guard::new(body) }));
        }
        Ok(FunctionResponse::BufferedResponse(answer::gathered(response, shape, kind.payload()).await))
    }

    async fn links(&self) -> Result<&Arc<Links>, OpenError> {
        self.links.get_or_try_init(|| wiring::links(&self.settings)).await
    }

    /// The router for a door; an answer in its place when there is none.
    async fn router(&self, door: Door) -> Result<Router, Box<Response>> {
        let links = self.links().await.map_err(|error| {
            let fault = if let OpenError::Failed(fault) = error { fault } else { Fault::unavailable(error.to_string()) };
            Box::new(oncelink_http::failed(fault))
        })?;
        let Some(public_url) = self.settings.common.public_url.clone().or_else(|| door.public_url.clone()) else {
            tracing::error!("ONCELINK_PUBLIC_URL is not set, and this transport doesn't say what links begin with");
            return Err(Box::new(oncelink_http::misconfigured()));
        };
        let mut routers = self.routers.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(made) = routers.get(&door) {
            return Ok(made.clone());
        }
        let mode = self.settings.mode;
        let transport = Transport { most: door.kind.most(mode), gathers: !door.kind.streams(mode), oversize: self.settings.oversize };
        let mut app = App::new(Arc::clone(links), wiring::http_settings(&self.settings, &self.brand, public_url, transport));
        if let Some(secret) = &self.settings.common.console_secret {
            app = app.with_console_secret(secret.reveal()).map_err(|error| {
                tracing::error!(%error, "ONCELINK_CONSOLE_SECRET can't be used");
                Box::new(oncelink_http::misconfigured())
            })?;
        }
        let made = router(app);
        routers.insert(door, made.clone());
        Ok(made)
    }
}
