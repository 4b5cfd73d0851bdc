//! The words of fields that have one of a few values, as JSON and the OpenAPI document know them.

use oncelink_core::link::{Delivery, Gate, LinkState};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// How a link is opened: by a page with a button, or by the GET itself.
#[derive(Clone, Copy, Debug, Deserialize, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub(crate) enum GateWord {
    Page,
    Direct,
}

/// How the bytes travel. `redirect` is a single exchange, reusable for a few seconds; it is never single-use.
#[derive(Clone, Copy, Debug, Deserialize, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub(crate) enum DeliveryWord {
    Auto,
    Stream,
    Redirect,
}

/// What has become of a link.
#[derive(Clone, Copy, Debug, Deserialize, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub(crate) enum LinkStateWord {
    Active,
    Spent,
    Expired,
    Revoked,
}

/// What has become of a claim.
#[derive(Clone, Copy, Debug, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub(crate) enum ClaimStateWord {
    Active,
    Lapsed,
    Completed,
    Released,
}

impl From<GateWord> for Gate {
    fn from(word: GateWord) -> Self {
        match word {
            GateWord::Page => Self::Page,
            GateWord::Direct => Self::Direct,
        }
    }
}

impl From<Gate> for GateWord {
    fn from(gate: Gate) -> Self {
        match gate {
            Gate::Page => Self::Page,
            Gate::Direct => Self::Direct,
        }
    }
}

impl From<DeliveryWord> for Delivery {
    fn from(word: DeliveryWord) -> Self {
        match word {
            DeliveryWord::Auto => Self::Auto,
            DeliveryWord::Stream => Self::Stream,
            DeliveryWord::Redirect => Self::Redirect,
        }
    }
}

impl From<Delivery> for DeliveryWord {
    fn from(delivery: Delivery) -> Self {
        match delivery {
            Delivery::Auto => Self::Auto,
            Delivery::Stream => Self::Stream,
            Delivery::Redirect => Self::Redirect,
        }
    }
}

impl From<LinkStateWord> for LinkState {
    fn from(word: LinkStateWord) -> Self {
        match word {
            LinkStateWord::Active => Self::Active,
            LinkStateWord::Spent => Self::Spent,
            LinkStateWord::Expired => Self::Expired,
            LinkStateWord::Revoked => Self::Revoked,
        }
    }
}

impl From<LinkState> for LinkStateWord {
    fn from(state: LinkState) -> Self {
        match state {
            LinkState::Active => Self::Active,
            LinkState::Spent => Self::Spent,
            LinkState::Expired => Self::Expired,
            LinkState::Revoked => Self::Revoked,
        }
    }
}
