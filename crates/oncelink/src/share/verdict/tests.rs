//! Tests of the verdict over made-up links.

use std::time::Duration;

use oncelink_core::claim::{ClaimState, InstanceId};
use oncelink_core::coverage::Coverage;
use oncelink_core::holder::{ClaimHandle, Holder};
use oncelink_core::link::{Delivery, Gate, Link, LinkedObject, Terms};
use oncelink_core::object::{ObjectKey, ObjectVersion, SourceName};
use oncelink_core::token::Token;
use oncelink_system::OsEntropy;

use super::*;

const NOW: Timestamp = Timestamp::from_millis(1_000_000);
const BEFORE: Timestamp = Timestamp::from_millis(500_000);
const LATER: Timestamp = Timestamp::from_millis(2_000_000);

fn detail(uses: u32, expires_at: Timestamp, claims: &[ClaimState]) -> LinkDetail {
    let token = Token::create(&OsEntropy, BEFORE);
    let object = LinkedObject {
        source: SourceName::parse("share").expect("a name"),
        key: ObjectKey::parse("a.bin").expect("a key"),
        version: ObjectVersion { etag: "e".to_owned(), version_id: None },
        size: 10,
        sha256: None,
    };
    let terms = Terms {
        uses,
        expires_at,
        lifetime: Duration::from_secs(60),
        not_before: None,
        gate: Gate::Page,
        delivery: Delivery::Auto,
        filename: "a.bin".to_owned(),
        content_type: None,
        allow_from: Vec::new(),
        note: None,
        metadata: None,
        webhook: None,
    };
    let claimed = claims.iter().filter(|state| !matches!(state, ClaimState::Released { .. })).count();
    let link = Link {
        id: token.link_id(),
        object,
        terms,
        passphrase: None,
        created_at: BEFORE,
        created_by: None,
        reissue_of: None,
        claimed: u32::try_from(claimed).expect("few"),
        revoked_at: None,
        attempts: None,
    };
    let claims = claims.iter().map(|&state| claim(&token, state)).collect();
    LinkDetail { link, claims }
}

fn claim(token: &Token, state: ClaimState) -> Claim {
    let handle = ClaimHandle::derive(token, &Holder::create(&OsEntropy));
    Claim {
        link: token.link_id(),
        id: handle.claim_id(),
        epoch: 1,
        state,
        claimed_at: BEFORE,
        sent: 0,
        coverage: Coverage::default(),
        recorder: InstanceId(1),
    }
}

const DONE: ClaimState = ClaimState::Completed { at: BEFORE };
const RUNNING: ClaimState = ClaimState::Active { lease_until: LATER };
const LAPSED: ClaimState = ClaimState::Active { lease_until: BEFORE };
const RELEASED: ClaimState = ClaimState::Released { at: BEFORE };

#[test]
fn it_is_taken_when_every_use_was_delivered() {
    assert_eq!(of(&detail(1, LATER, &[DONE]), NOW), Some(Verdict::Taken));
    assert_eq!(of(&detail(1, BEFORE, &[DONE]), NOW), Some(Verdict::Taken), "expired meanwhile");
    assert_eq!(of(&detail(1, LATER, &[RELEASED, DONE]), NOW), Some(Verdict::Taken));
    assert_eq!(of(&detail(2, LATER, &[DONE, DONE]), NOW), Some(Verdict::Taken));
}

#[test]
fn it_waits_while_it_may_still_be_taken() {
    for (uses, expires_at, claims) in [
        (1, LATER, &[][..]),
        (1, LATER, &[RELEASED]),
        (1, LATER, &[RUNNING]),
        (1, BEFORE, &[RUNNING]),
        (2, LATER, &[DONE]),
        (2, LATER, &[LAPSED]),
        (2, LATER, &[LAPSED, RUNNING]),
    ] {
        assert_eq!(of(&detail(uses, expires_at, claims), NOW), None, "{uses} uses, {claims:?}");
    }
}

#[test]
fn it_is_lost_when_nobody_can_take_it_any_more() {
    let mut revoked = detail(1, LATER, &[RUNNING]);
    revoked.link.revoked_at = Some(BEFORE);
    let cases = [
        (detail(1, LATER, &[LAPSED]), "not finished in time"),
        (detail(2, LATER, &[DONE, LAPSED]), "taken 1 of 2 times"),
        (detail(1, BEFORE, &[]), "expired"),
        (detail(2, BEFORE, &[DONE]), "taken 1 of 2 times"),
        (revoked, "revoked"),
    ];
    for (detail, expected) in cases {
        match of(&detail, NOW) {
            Some(Verdict::NotTaken(why)) => assert!(why.contains(expected), "{why}"),
            other => panic!("{expected}: {other:?}"),
        }
    }
}
