//! Promises about pages of links: what is on them, and in which order.
//!
//! Must not ask for a page at another moment than the test's own: states come from the time in the filter.

use oncelink_core::Actor;
use oncelink_core::apikey::{Action, Scope};
use oncelink_core::link::{Link, LinkState};
use oncelink_core::ports::{LinkFilter, LinkStore};
use oncelink_core::token::LinkId;

use super::{StoreUnderTest, find, stored, take};
use crate::fixtures::{a_link, after, an_actor, claim_request, link_id, new_link, source_name};

/// By creation, then by id, both downwards; the order of inserting doesn't matter, and neither does anything else.
pub async fn links_come_newest_first_and_in_a_stable_order<S: StoreUnderTest>(under: S) {
    let store = under.store();
    let (old, young, twins) = (link_id(9), link_id(1), [link_id(3), link_id(5), link_id(4)]);
    let mut links = vec![a_link().id(young.clone()).created_at(after(7)).build()];
    links.extend(twins.iter().map(|id| a_link().id(id.clone()).created_at(after(5)).build()));
    links.push(a_link().id(old.clone()).created_at(after(-3_600_000)).build());
    store.insert(links.into_iter().map(new_link).collect()).await.expect("the store inserts");
    let [third, first, second] = twins;
    let expected = [young, first, second.clone(), third, old];
    assert_eq!(ids(&*store, LinkFilter::default()).await, expected);
    take(&*store, claim_request(&second, 1)).await;
    store.revoke(&second, after(9), Actor::default()).await.expect("the store revokes");
    assert_eq!(ids(&*store, LinkFilter::default()).await, expected, "what happens to a link doesn't move it");
}

/// Every page size shows every link once; the last page says that it is the last, also when it is full.
pub async fn pages_have_no_gaps_and_no_repeats<S: StoreUnderTest>(under: S) {
    let store = under.store();
    assert_eq!(pages(&*store, 3, &LinkFilter::default()).await, Vec::<Vec<LinkId>>::new());
    // Three links each of the same millisecond, so that pages end between twins too.
    let links: Vec<Link> = (0..12).map(|place| a_link().created_at(after(place / 3)).build()).collect();
    store.insert(links.into_iter().map(new_link).collect()).await.expect("the store inserts");
    let all = ids(&*store, LinkFilter::default()).await;
    assert_eq!(all.len(), 12);
    for limit in [1, 2, 3, 4, 5, 11, 12, 13, 1_000] {
        let pages = pages(&*store, limit, &LinkFilter::default()).await;
        assert!(pages.iter().rev().skip(1).all(|page| page.len() == limit), "a page of {limit} in the middle isn't full");
        assert_eq!(pages.len(), 12_usize.div_ceil(limit), "pages of {limit}");
        assert_eq!(pages.concat(), all, "pages of {limit}");
    }
}

/// Each filter alone, all together, and each of them when it alone doesn't fit; and a filtered listing has pages too.
pub async fn every_filter_alone_and_together<S: StoreUnderTest>(under: S) {
    let store = under.store();
    let state = |state| Some((state, after(100)));
    let wanted = || a_link().source("wanted").key("in/file").note("for Ada").expires_at(after(1_000));
    let hit = stored(&*store, wanted().build()).await;
    let source = stored(&*store, wanted().source("other").build()).await;
    let prefix = stored(&*store, wanted().key("out/file").build()).await;
    let note = stored(&*store, wanted().note("for Bob").build()).await;
    let silent = stored(&*store, a_link().source("wanted").key("in/file").expires_at(after(1_000)).build()).await;
    let over = stored(&*store, wanted().expires_at(after(10)).build()).await;
    let filter = LinkFilter { source: Some("wanted".to_owned()), ..LinkFilter::default() };
    assert_eq!(set(&*store, filter).await, sorted([&hit, &prefix, &note, &silent, &over]));
    let filter = LinkFilter { prefix: Some("in/".to_owned()), ..LinkFilter::default() };
    assert_eq!(set(&*store, filter).await, sorted([&hit, &source, &note, &silent, &over]));
    let filter = LinkFilter { note: Some("Ada".to_owned()), ..LinkFilter::default() };
    assert_eq!(set(&*store, filter).await, sorted([&hit, &source, &prefix, &over]));
    let filter = LinkFilter { state: state(LinkState::Active), ..LinkFilter::default() };
    assert_eq!(set(&*store, filter).await, sorted([&hit, &source, &prefix, &note, &silent]));
    let scope = Scope { sources: vec![source_name("wanted")], prefixes: vec!["in/".to_owned()], ..Scope::full() };
    let filter = LinkFilter { scope: Some(scope), ..LinkFilter::default() };
    assert_eq!(set(&*store, filter).await, sorted([&hit, &note, &silent, &over]));

    let together = LinkFilter {
        source: Some("wanted".to_owned()),
        prefix: Some("in/".to_owned()),
        state: state(LinkState::Active),
        note: Some("Ada".to_owned()),
        scope: Some(Scope::full()),
        ..LinkFilter::default()
    };
    assert_eq!(set(&*store, together.clone()).await, sorted([&hit]));
    let second = stored(&*store, wanted().created_at(after(1)).expires_at(after(1_000)).build()).await;
    assert_eq!(pages(&*store, 1, &together).await, [[second], [hit]]);
    let nowhere = LinkFilter { source: Some("nowhere".to_owned()), ..together };
    assert_eq!(pages(&*store, 1, &nowhere).await, Vec::<Vec<LinkId>>::new());
}

/// Wildcards of SQL, of shells and of expressions are letters; capitals are not small letters; bytes are not half letters.
pub async fn a_prefix_is_taken_letter_for_letter<S: StoreUnderTest>(under: S) {
    let store = under.store();
    let keys =
        ["a%b", "a_b", "axb", "A%b", "a", "a/", "a/b", "a\\b", "a*b", "a?b", "[a]", "ä/x", "a\u{308}/x", "\u{10ffff}z", "a'b", "a\"b"];
    for key in keys {
        stored(&*store, a_link().key(key).build()).await;
    }
    let prefixes = ["a%", "a_", "%", "_", "a", "A", "a/", "a\\", "a*", "a?", "[a", "ä", "\u{10ffff}", "a'", "a\"", "a%b", "a%bc", ""];
    for prefix in prefixes {
        let filter = LinkFilter { prefix: Some(prefix.to_owned()), ..LinkFilter::default() };
        let mut found = keys_of(&*store, filter).await;
        found.sort_unstable();
        let mut expected: Vec<&str> = keys.into_iter().filter(|key| key.starts_with(prefix)).collect();
        expected.sort_unstable();
        assert_eq!(found, expected, "prefix {prefix:?}");
    }
}

/// Anywhere in the note, with its capitals, and without any magic; links without a note are never found.
pub async fn a_note_is_searched_letter_for_letter<S: StoreUnderTest>(under: S) {
    let store = under.store();
    let notes = ["100 % sure", "under_score", "for Ada", "for ada", "two\nlines", "Größe", "it's", "a*b", ""];
    for note in notes {
        stored(&*store, a_link().note(note).build()).await;
    }
    let silent = stored(&*store, a_link().build()).await;
    for wanted in ["%", "_", "Ada", "ada", "for", "lines", "two\nl", "öß", "'", "*", ".", "sure", "AB", ""] {
        let filter = LinkFilter { note: Some(wanted.to_owned()), ..LinkFilter::default() };
        let links = listed(&*store, filter).await;
        assert!(links.iter().all(|link| link.id != silent), "note {wanted:?}");
        let mut found: Vec<String> = links.into_iter().filter_map(|link| link.terms.note).collect();
        found.sort_unstable();
        let mut expected: Vec<&str> = notes.into_iter().filter(|note| note.contains(wanted)).collect();
        expected.sort_unstable();
        assert_eq!(found, expected, "note {wanted:?}");
    }
}

/// Sources and prefixes of a scope, several of each; none means all. Actions are not the store's business.
pub async fn a_scope_bounds_what_is_listed<S: StoreUnderTest>(under: S) {
    let store = under.store();
    let mut links = Vec::new();
    for source in ["a", "b", "c"] {
        for key in ["in/1", "IN/1", "in", "out/1", "x%"] {
            let link = a_link().source(source).key(key).build();
            stored(&*store, link.clone()).await;
            links.push(link);
        }
    }
    let choices: [(&[&str], &[&str]); 9] = [
        (&[], &[]),
        (&["a"], &[]),
        (&["a", "c"], &[]),
        (&["nowhere"], &[]),
        (&[], &["in/"]),
        (&[], &["in/", "out/", "nowhere"]),
        (&[], &[""]),
        (&["b"], &["%", "in"]),
        (&["a", "b"], &["x%", "in/"]),
    ];
    for (sources, prefixes) in choices {
        let scope = Scope {
            actions: vec![Action::KeysManage],
            sources: sources.iter().map(|name| source_name(name)).collect(),
            prefixes: prefixes.iter().map(|&prefix| prefix.to_owned()).collect(),
        };
        let reached = links.iter().filter(|link| scope.reaches(&link.object.source, link.object.key.as_str()));
        let expected = sorted(reached.map(|link| &link.id));
        let filter = LinkFilter { scope: Some(scope), ..LinkFilter::default() };
        assert_eq!(set(&*store, filter).await, expected, "{sources:?} {prefixes:?}");
    }
}

/// Revoked before spent, spent before expired, and expired at the very millisecond.
pub async fn states_are_computed_at_the_given_millisecond<S: StoreUnderTest>(under: S) {
    let store = under.store();
    let open = stored(&*store, a_link().uses(2).expires_at(after(100)).build()).await;
    take(&*store, claim_request(&open, 1)).await;
    let spent = stored(&*store, a_link().expires_at(after(100)).build()).await;
    take(&*store, claim_request(&spent, 1)).await;
    let both = stored(&*store, a_link().expires_at(after(100)).build()).await;
    take(&*store, claim_request(&both, 1)).await;
    store.revoke(&both, after(50), Actor::default()).await.expect("the store revokes");
    let later = stored(&*store, a_link().not_before(after(90)).expires_at(after(101)).build()).await;
    for (millis, active, expired) in [
        (0, vec![&open, &later], vec![]),
        (99, vec![&open, &later], vec![]),
        (100, vec![&later], vec![&open]),
        (101, vec![], vec![&open, &later]),
    ] {
        let states = [
            (LinkState::Active, sorted(active)),
            (LinkState::Expired, sorted(expired)),
            (LinkState::Spent, sorted([&spent])),
            (LinkState::Revoked, sorted([&both])),
        ];
        for (state, expected) in states {
            let filter = LinkFilter { state: Some((state, after(millis))), ..LinkFilter::default() };
            assert_eq!(set(&*store, filter).await, expected, "{state:?} at {millis} ms");
        }
    }
}

/// Uses counted, given back, revoked, attempts taken: a page shows what `find` shows.
pub async fn a_page_shows_links_as_they_are_now<S: StoreUnderTest>(under: S) {
    let store = under.store();
    let id = stored(&*store, super::inserting::full_link()).await;
    assert_eq!(listed(&*store, LinkFilter::default()).await, [find(&*store, &id).await]);
    let id = stored(&*store, a_link().source("main").uses(3).build()).await;
    let mine = || LinkFilter { source: Some("main".to_owned()), ..LinkFilter::default() };
    let mut seen = vec![find(&*store, &id).await];
    let first = take(&*store, claim_request(&id, 1)).await.1.reference();
    take(&*store, claim_request(&id, 2)).await;
    seen.push(find(&*store, &id).await);
    assert_eq!(listed(&*store, mine()).await, seen[1..]);
    store.release(first, after(1), an_actor()).await.expect("the store releases");
    store.reserve_attempt(&id, after(2)).await.expect("the store reserves");
    seen.push(find(&*store, &id).await);
    assert_eq!(listed(&*store, mine()).await, seen[2..]);
    store.revoke(&id, after(3), an_actor()).await.expect("the store revokes");
    seen.push(find(&*store, &id).await);
    assert_eq!(listed(&*store, mine()).await, seen[3..]);
    assert!(seen.windows(2).all(|pair| pair[0] != pair[1]), "every change shows");
}

/// All links that a filter wants, on one page.
async fn listed(store: &dyn LinkStore, filter: LinkFilter) -> Vec<Link> {
    let page = store.list(&LinkFilter { limit: 1_000, ..filter }).await.expect("the store lists");
    assert_eq!(page.next, None, "a page that holds all has no next one");
    page.links
}

async fn ids(store: &dyn LinkStore, filter: LinkFilter) -> Vec<LinkId> {
    listed(store, filter).await.into_iter().map(|link| link.id).collect()
}

async fn keys_of(store: &dyn LinkStore, filter: LinkFilter) -> Vec<String> {
    listed(store, filter).await.into_iter().map(|link| link.object.key.as_str().to_owned()).collect()
}

/// The ids of all links that a filter wants, sorted: for tests that aren't about the order.
async fn set(store: &dyn LinkStore, filter: LinkFilter) -> Vec<LinkId> {
    sorted(&ids(store, filter).await)
}

fn sorted<'a>(ids: impl IntoIterator<Item = &'a LinkId>) -> Vec<LinkId> {
    let mut ids: Vec<LinkId> = ids.into_iter().cloned().collect();
    ids.sort_unstable();
    ids
}

/// All pages of `limit` links, by following the cursors. None of them is empty, unless nothing is wanted at all.
async fn pages(store: &dyn LinkStore, limit: usize, filter: &LinkFilter) -> Vec<Vec<LinkId>> {
    let mut pages = Vec::new();
    let mut after = None;
    loop {
        let page = store.list(&LinkFilter { limit, after, ..filter.clone() }).await.expect("the store lists");
        let last = page.links.last().map(|link| (link.created_at, link.id.clone()));
        if page.links.is_empty() {
            assert!(pages.is_empty() && page.next.is_none(), "an empty page behind others");
            return pages;
        }
        pages.push(page.links.into_iter().map(|link| link.id).collect());
        assert!(pages.len() <= 100, "the listing doesn't end");
        let Some(next) = page.next else { return pages };
        assert_eq!(Some((next.created_at, next.id.clone())), last, "the cursor is the page's last link");
        after = Some(next);
    }
}
