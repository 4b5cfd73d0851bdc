//! What every operation on the bucket needs.
//!
//! Must not know one operation from another; each has its own file.

use std::sync::Arc;

use aws_sdk_s3::Client;
use oncelink_core::Fault;
use oncelink_core::object::ObjectError;
use oncelink_core::ports::Clock;

use crate::client::{self, Patience, Settings};
use crate::credentials::Issued;
use crate::fault::{Ask, Failed};
use crate::place::Place;

/// A bucket, with the client that reaches it.
pub(crate) struct Bucket {
    pub(crate) client: Client,
    pub(crate) place: Place,
    pub(crate) patience: Patience,
    pub(crate) issued: Arc<Issued>,
    pub(crate) clock: Arc<dyn Clock>,
    /// Where it is looked for, for messages.
    region: String,
}

impl Bucket {
    /// The bucket of `place`. Nothing is asked of it yet.
    pub(crate) async fn connect(place: Place, clock: Arc<dyn Clock>, settings: &Settings) -> Result<Self, Fault> {
        let client::Connected { client, region, issued } = client::connect(&place, settings).await?;
        Ok(Self { client, place, patience: settings.patience, issued, clock, region })
    }

    /// What a failed request means.
    pub(crate) fn meaning(&self, ask: Ask<'_>, failed: Failed) -> ObjectError {
        failed.meaning(ask, &self.place, &self.region)
    }
}
