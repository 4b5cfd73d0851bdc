//! Until when the credentials hold that sign: a presigned URL dies with them.
//!
//! Must not keep or show a secret: of what passes through only the key's public id and its end are remembered.

use std::collections::VecDeque;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use aws_credential_types::provider::future::ProvideCredentials as Provided;
use aws_sdk_s3::config::{Credentials, ProvideCredentials, SharedCredentialsProvider};
use oncelink_core::Timestamp;

use crate::time;

/// How many credentials are remembered: the SDK goes on signing with the old ones while new ones are fetched.
const REMEMBERED: usize = 4;

/// The last credentials that were given out, by access key id; no end for those that hold until they are taken back.
#[derive(Default)]
pub(crate) struct Issued {
    ends: Mutex<VecDeque<(String, Option<Timestamp>)>>,
}

/// The credentials' real provider, watched.
pub(crate) struct Watched {
    inner: SharedCredentialsProvider,
    issued: Arc<Issued>,
}

impl Issued {
    /// Until when the credentials hold whose access key id is `id`: nothing when they are unknown, no time when they
    /// have no end.
    pub(crate) fn end_of(&self, id: &str) -> Option<Option<Timestamp>> {
        let ends = self.ends.lock().unwrap_or_else(PoisonError::into_inner);
        ends.iter().rev().find(|(known, _)| known == id).map(|(_, end)| *end)
    }

    fn note(&self, credentials: &Credentials) {
        let mut ends = self.ends.lock().unwrap_or_else(PoisonError::into_inner);
        ends.push_back((credentials.access_key_id().to_owned(), credentials.expiry().map(time::timestamp)));
        if ends.len() > REMEMBERED {
            ends.pop_front();
        }
    }
}

impl Watched {
    /// `inner`, whose credentials are noted in `issued`.
    pub(crate) fn new(inner: SharedCredentialsProvider, issued: Arc<Issued>) -> Self {
        Self { inner, issued }
    }
}

impl ProvideCredentials for Watched {
    fn provide_credentials<'a>(&'a self) -> Provided<'a>
    where
        Self: 'a,
    {
        Provided::new(async {
            let credentials = self.inner.provide_credentials().await?;
            self.issued.note(&credentials);
            Ok(credentials)
        })
    }

    fn fallback_on_interrupt(&self) -> Option<Credentials> {
        self.inner.fallback_on_interrupt().inspect(|credentials| self.issued.note(credentials))
    }
}

impl fmt::Debug for Watched {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("Watched(..)")
    }
}
