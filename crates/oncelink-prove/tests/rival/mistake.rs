//! The mistakes that a rival can make. Each is one that a real one-time link service made.

/// One mistake.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mistake {
    /// The link is looked up, served, and deleted afterwards.
    GetThenDelete,
    /// The count of uses is read, compared, and written back plus one.
    GetThenPut,
    /// A use is counted when its download is finished.
    CountWhenFinished,
    /// A download that was broken off gives its use back.
    RefundOnEarlyStop,
    /// Each Range request takes a use.
    EveryRangeIsAUse,
    /// HEAD is a GET without a body, and takes a use.
    HeadSpends,
    /// A repeated claim is a second claim, whoever asks.
    RetryWithoutHolder,
    /// A link has expired when the sweeper has come by.
    ExpiryBySweeper,
    /// A read that lags behind decides whether there is a use left.
    StaleReadDecides,
    /// A failed response gives its claim back, whatever other responses of it have sent.
    ReleaseWithoutFence,
    /// A finished response completes whatever claim its link has.
    CompleteWithoutFence,
    /// A claim can be resumed for ever.
    LeaseIgnored,
    /// A claim's bytes can be fetched as often as one likes.
    BudgetIgnored,
}

impl Mistake {
    /// All of them, in a few words.
    pub(crate) const ALL: [(Self, &str); 13] = [
        (Self::GetThenDelete, "get then delete"),
        (Self::GetThenPut, "get then put"),
        (Self::CountWhenFinished, "count when finished"),
        (Self::RefundOnEarlyStop, "refund on early stop"),
        (Self::EveryRangeIsAUse, "every range a use"),
        (Self::HeadSpends, "HEAD spends"),
        (Self::RetryWithoutHolder, "retry without holder"),
        (Self::ExpiryBySweeper, "expiry only by sweeper"),
        (Self::StaleReadDecides, "eventually consistent read decides"),
        (Self::ReleaseWithoutFence, "release without fence"),
        (Self::CompleteWithoutFence, "complete without fence"),
        (Self::LeaseIgnored, "lease ignored"),
        (Self::BudgetIgnored, "budget ignored"),
    ];
}
