//! Refusals that a claim outlives: the holder secret is kept for when they are over.

use super::*;

/// What can be mended, while the server keeps the claim for its holder.
const HINDRANCES: [(&str, &str); 5] = [
    ("404 Not Found", "object-not-found"),
    ("409 Conflict", "object-changed"),
    ("403 Forbidden", "address-not-allowed"),
    ("401 Unauthorized", "passphrase-wrong"),
    ("429 Too Many Requests", "too-many-passphrases"),
];

fn assert_held(outcome: Result<(), Failure>, kind: &str) {
    let failure = outcome.expect_err(kind);
    assert!(matches!(&failure, Failure::Refused(message) if message.starts_with(&format!("It is {kind}."))), "{failure:?}");
    assert!(failure.to_string().contains("run the same line again to go on"), "{failure}");
}

#[tokio::test]
async fn an_object_that_comes_back_can_still_be_had_by_who_claimed_it() {
    for (status, kind) in HINDRANCES {
        let place = Place::new();
        let first = Scripted::start(vec![claimed("a.bin"), cut_after(7), problem(status, kind)]).await;
        assert_held(place.get(&first, "a.bin").await, kind);
        assert_eq!(place.names().len(), 2, "the state and the part stay: {:?}", place.names());
        // The same at the claim that is made again.
        let second = Scripted::start(vec![problem(status, kind)]).await;
        assert_held(place.get(&second, "a.bin").await, kind);
        let third = Scripted::start(vec![claimed("a.bin"), ranged(20)]).await;
        assert_eq!(place.get(&third, "a.bin").await, Ok(()), "{kind}");
        assert_eq!((place.content("a.bin"), place.names()), (CONTENT.to_vec(), vec!["a.bin".to_owned()]));
        let holder = |server: &Scripted| server.asked()[0].header("idempotency-key").map(str::to_owned);
        assert!(holder(&first).is_some() && holder(&first) == holder(&second) && holder(&first) == holder(&third), "{kind}");
    }
}

#[tokio::test]
async fn a_claim_whose_answer_was_lost_is_kept_through_a_refusal() {
    let place = Place::new();
    let lost: Answer = Box::new(|_| Vec::new());
    let first = Scripted::start(vec![lost, problem("409 Conflict", "object-changed")]).await;
    assert_held(place.get(&first, "a.bin").await, "object-changed");
    let second = Scripted::start(vec![claimed("a.bin"), whole()]).await;
    assert_eq!(place.get(&second, "a.bin").await, Ok(()));
    assert_eq!(first.asked()[1].header("idempotency-key"), second.asked()[0].header("idempotency-key"));
}

#[tokio::test]
async fn a_claim_that_is_over_leaves_nothing_behind() {
    for (status, kind) in [
        ("404 Not Found", "not-found"),
        ("410 Gone", "spent"),
        ("410 Gone", "revoked"),
        ("410 Gone", "lapsed"),
        ("410 Gone", "completed"),
        ("410 Gone", "budget-spent"),
    ] {
        let place = Place::new();
        let server = Scripted::start(vec![claimed("a.bin"), problem(status, kind)]).await;
        let failure = place.get(&server, "a.bin").await.expect_err(kind);
        assert!(failure.code() == 3 && !failure.to_string().contains("again"), "{kind}: {failure}");
        assert_eq!(place.names(), Vec::<String>::new(), "{kind}");
    }
}
