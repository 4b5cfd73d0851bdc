//! Every condition and update of a link's item, with the transition of `oncelink_core` that it implements.
//!
//! Must not hold values. A word with `#` is an attribute (`#claim` is the claim's id), a word with `:` a value; all
//! attributes are written so, because DynamoDB reserves hundreds of words.

/// `transition::count_use` and the claim taken by `transition::claim`. What makes it lawful is [`CLAIMABLE`] and three more.
pub(crate) const CLAIM: &str = "SET #claimed = #claimed + :one, #claims.#claim = :entry";
/// `transition::claimable`: there is such a link, not revoked, with a use left, not expired, not too early.
pub(crate) const CLAIMABLE: &str = "attribute_exists(#pk) AND attribute_not_exists(#revoked_at) AND #claimed < #uses \
    AND #expires_at > :now AND (attribute_not_exists(#not_before) OR #not_before <= :now)";
/// ... and this holder has no claim yet,
pub(crate) const CLAIM_IS_NEW: &str = "attribute_not_exists(#claims.#claim)";
/// ... or gave the one of this epoch back,
pub(crate) const CLAIM_WAS_RELEASED: &str = "#claims.#claim.#s = :released AND #claims.#claim.#e = :epoch";
/// ... and a link with a passphrase asks for its proof.
pub(crate) const WITHOUT_PROOF: &str = "attribute_not_exists(#passphrase)";
/// `transition::refund_attempt`, within the claim's own write ...
pub(crate) const REFUND: &str = ", #attempts_count = #attempts_count - :one";
/// ... when the attempt was of the present window ...
pub(crate) const REFUNDABLE: &str = "#attempts_since = :proved AND #attempts_count > :zero";
/// ... and not otherwise.
pub(crate) const NOT_REFUNDABLE: &str = "(attribute_not_exists(#attempts_since) OR #attempts_since <> :proved OR #attempts_count <= :zero)";

/// What a transition tells, in the same write.
pub(crate) const TELL: &str = ", #history = list_append(#history, :events), #seq = #seq + :told";

/// The events alone, where their number is counted anyway.
pub(crate) const APPEND: &str = ", #history = list_append(#history, :events)";

/// `transition::record`: what the rules make of a claim and a report ...
pub(crate) const RECORD: &str = "SET #claims.#claim = :entry, #seq = #seq + :told";
/// ... written if the claim is still the very one that they were applied to (every change gives it another tag) ...
pub(crate) const UNTOUCHED: &str = "#claims.#claim.#n = :seen";
/// ... on a link that is not revoked, or one that is, as they saw it.
pub(crate) const NOT_REVOKED: &str = "attribute_not_exists(#revoked_at)";
/// See [`NOT_REVOKED`].
pub(crate) const IS_REVOKED: &str = "attribute_exists(#revoked_at)";
/// The end of everything moves with a lease that outlives the link.
pub(crate) const OUTLIVES: &str = ", #ttl = :ttl";

/// `transition::complete` and `transition::release`: the claim's new state.
pub(crate) const END: &str = "SET #claims.#claim.#s = :state, #claims.#claim.#t = :now, #claims.#claim.#n = :tag";
/// A claim of this epoch whose lease runs.
pub(crate) const RUNNING: &str = "#claims.#claim.#e = :epoch AND #claims.#claim.#s = :active AND #claims.#claim.#t > :now";
/// `transition::release`: nothing of it was sent.
pub(crate) const UNTOUCHED_BY_BYTES: &str = "#claims.#claim.#b = :zero AND #claims.#claim.#v = :nothing";
/// `transition::release`: the use is free again.
pub(crate) const GIVE_BACK: &str = ", #claimed = #claimed - :one";

/// A revocation: the first time stays.
pub(crate) const REVOKE: &str = "SET #revoked_at = :now";
/// The link ends now and not at its expiry: it moves in the purge's index, the one change that moves anything there.
pub(crate) const ENDS_NOW: &str = ", #ends_at = :ends_at";
/// A link that isn't revoked.
pub(crate) const REVOCABLE: &str = "attribute_exists(#pk) AND attribute_not_exists(#revoked_at)";
/// The revocation comes before the expiry ...
pub(crate) const BEFORE_EXPIRY: &str = "#expires_at > :now";
/// ... or not.
pub(crate) const AFTER_EXPIRY: &str = "#expires_at <= :now";

/// `transition::reserve_attempt`: a new window, where none is open ...
pub(crate) const OPEN_WINDOW: &str = "SET #attempts_since = :now, #attempts_count = :one, #attempts_tag = :tag";
/// ... that began after `:begun` ...
pub(crate) const NO_WINDOW: &str = "attribute_exists(#pk) AND (attribute_not_exists(#attempts_since) OR #attempts_since <= :begun)";
/// ... or one more in the open one ...
pub(crate) const COUNT_ATTEMPT: &str = "SET #attempts_count = #attempts_count + :one, #attempts_tag = :tag";
/// ... which is still this one, as long as it has any.
pub(crate) const WINDOW_HAS_ROOM: &str = "#attempts_since = :since AND #attempts_count < :max";
/// `transition::refund_attempt` ...
pub(crate) const REFUND_ATTEMPT: &str = "SET #attempts_count = #attempts_count - :one, #attempts_tag = :tag";
/// ... in its own window, never below zero, and once: a repeat of the same call finds its own tag.
pub(crate) const REFUNDABLE_ATTEMPT: &str =
    "#attempts_since = :window AND #attempts_count > :zero AND (attribute_not_exists(#attempts_tag) OR #attempts_tag <> :tag)";

/// Counts a best-effort event, and asks after how many others it comes and when it may go.
pub(crate) const COUNT_NOTE: &str = "SET #notes = #notes + :one, #seq = #seq + :zero, #ttl = #ttl + :zero";
/// There is such a link, and room.
pub(crate) const NOTES_HAVE_ROOM: &str = "attribute_exists(#pk) AND #notes < :max";

/// The events that follow are the first in the item: nobody else has moved any out.
pub(crate) const SAME_HISTORY: &str = "#history_from = :from";

/// `transition::purgeable` as it was found: nothing has happened to the link since, and it ended.
pub(crate) const PURGEABLE: &str = "#seq = :seq AND (#expires_at < :before OR #revoked_at < :before)";

/// The attributes of a link, without claims and events.
pub(crate) const LINK: &str =
    "#pk, #about, #uses, #expires_at, #not_before, #passphrase, #claimed, #revoked_at, #attempts_since, #attempts_count";
