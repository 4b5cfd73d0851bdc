//! Who did something, as far as a request tells.

use std::net::IpAddr;

use crate::apikey::KeyId;

/// Who did something: for the events of a link, never for a decision except `allow_from`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Actor {
    /// The client's address; trusted proxies have already been looked through.
    pub address: Option<IpAddr>,
    /// The client's `User-Agent`, cut to [`Actor::USER_AGENT_MAX`] bytes.
    pub user_agent: Option<String>,
    /// The API key that was used.
    pub key: Option<KeyId>,
}

impl Actor {
    /// The longest user agent that is kept, in bytes.
    pub const USER_AGENT_MAX: usize = 256;
}
