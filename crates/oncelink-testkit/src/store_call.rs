//! The names of the store's methods, for decorators that count them or fail in them.

/// A method of [`oncelink_core::ports::LinkStore`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum StoreCall {
    /// `insert`
    Insert,
    /// `find_repeated`
    FindRepeated,
    /// `find`
    Find,
    /// `find_claim`
    FindClaim,
    /// `claim`
    Claim,
    /// `record`
    Record,
    /// `complete`
    Complete,
    /// `release`
    Release,
    /// `revoke`
    Revoke,
    /// `reserve_attempt`
    ReserveAttempt,
    /// `refund_attempt`
    RefundAttempt,
    /// `list`
    List,
    /// `claims`
    Claims,
    /// `events`
    Events,
    /// `note`
    Note,
    /// `purge`
    Purge,
    /// `ping`
    Ping,
}

impl StoreCall {
    /// Every method that may change a link or a claim. `Note` isn't among them: it only writes beside them.
    pub const CHANGES: [Self; 9] = [
        Self::Insert,
        Self::Claim,
        Self::Record,
        Self::Complete,
        Self::Release,
        Self::Revoke,
        Self::ReserveAttempt,
        Self::RefundAttempt,
        Self::Purge,
    ];
    /// Every method that only reads.
    pub const READS: [Self; 6] = [Self::FindRepeated, Self::Find, Self::FindClaim, Self::List, Self::Claims, Self::Events];
}
