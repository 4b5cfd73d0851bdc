//! A claim as an entry of its link's `claims`: letters for names, because a link may have a thousand of them.
//!
//! | letter | |
//! |---|---|
//! | `e` | epoch |
//! | `s` | state: `a`ctive, `c`ompleted, `r`eleased |
//! | `t` | active: when the lease ends; else when it was completed or released |
//! | `c` | when the use was taken |
//! | `b` | bytes sent |
//! | `v` | delivered ranges, as `Coverage::to_text` |
//! | `r` | who recorded last |
//! | `n` | tag of the call that wrote last |

use aws_sdk_dynamodb::types::AttributeValue;
use oncelink_core::Fault;
use oncelink_core::claim::{Claim, ClaimState, InstanceId};
use oncelink_core::coverage::Coverage;
use oncelink_core::holder::ClaimId;
use oncelink_core::token::LinkId;

use super::{Builder, Item, Record, number, text, time};

/// A claim, and the tag of the call that wrote it last: what tells one writing from another.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Entry {
    pub(crate) claim: Claim,
    pub(crate) tag: u64,
}

/// A claim as its entry.
pub(crate) fn write_claim(claim: &Claim, tag: u64) -> AttributeValue {
    let at = match claim.state {
        ClaimState::Active { lease_until } => lease_until,
        ClaimState::Completed { at } | ClaimState::Released { at } => at,
    };
    let entry = Builder::default()
        .with("e", number(claim.epoch))
        .with("s", text(state_letter(claim.state)))
        .with("t", time(at))
        .with("c", time(claim.claimed_at))
        .with("b", number(claim.sent))
        .with("v", text(claim.coverage.to_text()))
        .with("r", number(claim.recorder.0))
        .with("n", number(tag));
    AttributeValue::M(entry.build())
}

/// The letter for a state.
pub(crate) fn state_letter(state: ClaimState) -> &'static str {
    match state {
        ClaimState::Active { .. } => "a",
        ClaimState::Completed { .. } => "c",
        ClaimState::Released { .. } => "r",
    }
}

/// The claim `id` in the item of a link, if it was made.
pub(crate) fn entry_of(item: &Item, link: &LinkId, id: &ClaimId) -> Result<Option<Entry>, Fault> {
    let record = Record::unnamed(item);
    let Some(claims) = record.maybe_map("claims")? else { return Ok(None) };
    claims.get(id.as_str()).map(|value| read_claim(&record, value, link, id.clone())).transpose()
}

/// All claims in the item of a link, oldest first.
pub(crate) fn claims_of(item: &Item, link: &LinkId) -> Result<Vec<Claim>, Fault> {
    let record = Record::unnamed(item);
    let mut claims = Vec::new();
    for (name, value) in record.map("claims")? {
        let id = ClaimId::parse(name).ok_or_else(|| record.unreadable("claims"))?;
        claims.push(read_claim(&record, value, link, id)?.claim);
    }
    claims.sort_by(|a, b| (a.claimed_at, &a.id).cmp(&(b.claimed_at, &b.id)));
    Ok(claims)
}

fn read_claim(record: &Record<'_>, value: &AttributeValue, link: &LinkId, id: ClaimId) -> Result<Entry, Fault> {
    let entry = record.within(value.as_m().map_err(|_| record.unreadable("claims"))?);
    let at = entry.time("t")?;
    let claim = Claim {
        link: link.clone(),
        id,
        epoch: entry.number("e")?,
        state: entry.parse("s", |letter| match letter {
            "a" => Some(ClaimState::Active { lease_until: at }),
            "c" => Some(ClaimState::Completed { at }),
            "r" => Some(ClaimState::Released { at }),
            _ => None,
        })?,
        claimed_at: entry.time("c")?,
        sent: entry.number("b")?,
        coverage: entry.parse("v", Coverage::from_text)?,
        recorder: InstanceId(entry.number("r")?),
    };
    Ok(Entry { claim, tag: entry.number("n")? })
}
