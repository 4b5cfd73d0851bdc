//! The claim: one use taken by one holder, its lease, and how much has been delivered.

use crate::coverage::Coverage;
use crate::holder::ClaimId;
use crate::time::Timestamp;
use crate::token::LinkId;

/// Which process has a claim's record: a random number drawn at its start.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct InstanceId(pub u64);

/// What is stored of a claim's life.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ClaimState {
    /// Taken; may be resumed before `lease_until`.
    Active {
        /// When the lease runs out unless there is activity.
        lease_until: Timestamp,
    },
    /// Delivered. Nobody gets a byte more.
    Completed {
        /// When the last byte was acknowledged.
        at: Timestamp,
    },
    /// Given back before the first byte: the use is free again, and the same holder may claim anew.
    Released {
        /// When it was given back.
        at: Timestamp,
    },
}

/// What a claim is at some moment: its state, with the lapse that the clock alone brings about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// May be resumed.
    Active {
        /// When the lease runs out unless there is activity.
        lease_until: Timestamp,
    },
    /// The lease ran out. The use stays spent.
    Lapsed {
        /// When it ran out.
        at: Timestamp,
    },
    /// Delivered.
    Completed {
        /// When the last byte was acknowledged.
        at: Timestamp,
    },
    /// Given back before the first byte.
    Released {
        /// When it was given back.
        at: Timestamp,
    },
}

/// A claim as it is stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Claim {
    /// The link it is on.
    pub link: LinkId,
    /// Its public name.
    pub id: ClaimId,
    /// How often this holder has taken a use of this link, from 1; more than once only after a release. The fence: a
    /// late action that names an earlier epoch does nothing.
    pub epoch: u32,
    /// What has become of it.
    pub state: ClaimState,
    /// When this epoch's use was taken.
    pub claimed_at: Timestamp,
    /// Bytes of the object that were sent, all responses together: what the budget counts.
    pub sent: u64,
    /// Which bytes were delivered.
    pub coverage: Coverage,
    /// Who has the record: the process that the claim was made by, or that took the holder's word last.
    pub recorder: InstanceId,
}

/// Names a claim in one of its epochs, for actions that must do nothing when it is no longer theirs.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ClaimRef {
    /// The link it is on.
    pub link: LinkId,
    /// The claim.
    pub claim: ClaimId,
    /// Its epoch.
    pub epoch: u32,
}

impl Claim {
    /// The claim in its present epoch.
    pub fn reference(&self) -> ClaimRef {
        ClaimRef { link: self.link.clone(), claim: self.id.clone(), epoch: self.epoch }
    }

    /// When the lease runs out, unless the claim has ended.
    pub fn lease_until(&self) -> Option<Timestamp> {
        match self.state {
            ClaimState::Active { lease_until } => Some(lease_until),
            ClaimState::Completed { .. } | ClaimState::Released { .. } => None,
        }
    }

    /// What the claim is at `now`.
    pub fn standing(&self, now: Timestamp) -> Standing {
        match self.state {
            ClaimState::Active { lease_until } if now >= lease_until => Standing::Lapsed { at: lease_until },
            ClaimState::Active { lease_until } => Standing::Active { lease_until },
            ClaimState::Completed { at } => Standing::Completed { at },
            ClaimState::Released { at } => Standing::Released { at },
        }
    }
}
