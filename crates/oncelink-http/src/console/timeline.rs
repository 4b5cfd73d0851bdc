//! A link's life as a timeline: its events in words, what belongs together in one line.
//!
//! Must not add what no event says; who somebody is, is what they said of themselves.

use std::collections::{HashMap, HashSet};

use oncelink_core::apikey::KeyId;
use oncelink_core::event::{Event, EventKind};
use oncelink_core::holder::ClaimId;

use super::agent;
use super::show::{self, Time};

/// How many lines are shown, the newest ones.
const MOST: usize = 200;

/// One line.
#[derive(Debug)]
pub(super) struct Entry {
    /// The event's word, for the style.
    pub(super) kind: &'static str,
    pub(super) title: String,
    /// By whom.
    pub(super) who: Option<String>,
    /// What the client calls itself, letter for letter.
    pub(super) agent: Option<String>,
    /// On which claim, where there are several.
    pub(super) claim: Option<String>,
    /// When; the last time where it happened several times.
    pub(super) at: Time,
    pub(super) times: usize,
    bytes: u64,
    same: Same,
}

/// What makes two neighbours one line: the same thing done by the same client.
#[derive(Debug, PartialEq, Eq)]
struct Same(&'static str, Option<String>, Option<ClaimId>, Option<String>);

/// The lines of a link's life, newest first, and how many are left out.
pub(super) fn entries(events: &[Event], names: &HashMap<KeyId, String>) -> (Vec<Entry>, usize) {
    // Whoever is refused has no claim, though the event names the one that they asked for.
    let claims: HashSet<&ClaimId> =
        events.iter().filter(|event| event.kind == EventKind::Claimed).filter_map(|event| event.claim.as_ref()).collect();
    let mut begun: HashSet<&ClaimId> = HashSet::new();
    let mut entries: Vec<Entry> = Vec::new();
    for event in events {
        let resumes = matches!(event.kind, EventKind::Delivered { .. }) && event.claim.as_ref().is_some_and(|claim| !begun.insert(claim));
        let claim = event.claim.as_ref().filter(|claim| claims.len() > 1 && claims.contains(claim));
        let entry = Entry::of(event, resumes, claim, names);
        match entries.last_mut().filter(|last| last.same == entry.same && entry.is_repeatable()) {
            Some(last) => last.again(entry),
            None => entries.push(entry),
        }
    }
    for entry in &mut entries {
        entry.finish();
    }
    entries.reverse();
    let left_out = entries.len().saturating_sub(MOST);
    entries.truncate(MOST);
    (entries, left_out)
}

impl Entry {
    fn of(event: &Event, resumes: bool, claim: Option<&ClaimId>, names: &HashMap<KeyId, String>) -> Self {
        let looks = event.actor.user_agent.as_deref().map(agent::looks);
        let is_scanner = looks.as_ref().is_some_and(|looks| looks.is_scanner);
        let bytes = if let EventKind::Delivered { bytes } = event.kind { bytes } else { 0 };
        let key = event.actor.key.as_ref().map(|key| key_name(key, names));
        let address = event.actor.address.map(|address| address.to_string());
        let parts: Vec<String> = [key, address, looks.map(|looks| looks.name)].into_iter().flatten().collect();
        let who = (!parts.is_empty()).then(|| parts.join(" · "));
        let (kind, title) = title(&event.kind, resumes, is_scanner);
        let reason = if let EventKind::Refused { reason } = &event.kind { Some(reason.clone()) } else { None };
        Self {
            kind,
            title,
            same: Same(kind, reason, event.claim.clone(), who.clone()),
            who,
            agent: event.actor.user_agent.clone(),
            claim: claim.map(|claim| show::short(claim.as_str()).to_owned()),
            at: event.at.into(),
            times: 1,
            bytes,
        }
    }

    /// Whether many of them in a row say no more than their number does.
    fn is_repeatable(&self) -> bool {
        matches!(self.kind, "viewed" | "scanned" | "refused" | "resumed")
    }

    fn again(&mut self, later: Self) {
        self.times += 1;
        self.bytes += later.bytes;
        self.at = later.at;
    }

    fn finish(&mut self) {
        match self.kind {
            "delivered" => self.title = format!("Delivered {}", show::size(self.bytes)),
            "resumed" => self.title = format!("Resumed, and delivered {} more", show::size(self.bytes)),
            _ => {}
        }
    }
}

/// The word and the words for what happened.
fn title(kind: &EventKind, resumes: bool, is_scanner: bool) -> (&'static str, String) {
    let text = match kind {
        EventKind::Created => "Link created",
        EventKind::Viewed if is_scanner => return ("scanned", "Page viewed by what looked like a scanner".to_owned()),
        EventKind::Viewed => "Page viewed",
        EventKind::Claimed => "Claimed: one use taken",
        EventKind::Delivered { .. } if resumes => return ("resumed", String::new()),
        EventKind::Delivered { .. } => "",
        EventKind::Completed => "Completed: the whole file has arrived",
        EventKind::Lapsed => "Lapsed: not finished in time, so the use is gone",
        EventKind::Released => "Given back: nothing had been sent, so the use is free again",
        EventKind::Refused { reason } => return ("refused", format!("Refused: {}", why(reason))),
        EventKind::Revoked => "Revoked",
    };
    (kind.as_str(), text.to_owned())
}

/// A refusal's word in words. An unknown one, from a newer version's store, stays as it is.
fn why(reason: &str) -> &str {
    match reason {
        "spent" => "the link was used up",
        "revoked" => "the link was revoked",
        "expired" => "the link had expired",
        "not-yet" => "it was too early",
        "completed" => "this download was finished already",
        "lapsed" => "this download had been given up",
        "budget-spent" => "too much had been sent already",
        "object-changed" => "the file had changed",
        "object-not-found" => "the file was gone",
        "address-not-allowed" => "the address isn't allowed",
        "passphrase-needed" => "the passphrase was missing",
        "passphrase-wrong" => "the passphrase was wrong",
        "locked" => "too many passphrases were tried",
        other => other,
    }
}

fn key_name(key: &KeyId, names: &HashMap<KeyId, String>) -> String {
    match names.get(key) {
        Some(name) => format!("key “{name}”"),
        None => format!("key {}", show::short(key.as_str())),
    }
}

#[cfg(test)]
mod tests {
    use oncelink_core::{Actor, Timestamp};
    use oncelink_testkit::fixtures;

    use super::*;

    fn told(kinds: Vec<(EventKind, &str)>) -> Vec<(String, usize)> {
        let claim = ClaimId::parse("0123456789abcdefghjkmnpqrs");
        let event = |(place, (kind, agent)): (usize, (EventKind, &str))| Event {
            link: fixtures::link_id(1),
            at: Timestamp::from_millis(i64::try_from(place).expect("few")),
            claim: matches!(kind, EventKind::Claimed | EventKind::Delivered { .. } | EventKind::Completed).then(|| claim.clone()).flatten(),
            kind,
            actor: Actor { user_agent: Some(agent.to_owned()), ..Actor::default() },
        };
        let events: Vec<Event> = kinds.into_iter().enumerate().map(event).collect();
        let (entries, left_out) = entries(&events, &HashMap::new());
        assert_eq!(left_out, 0);
        entries.into_iter().map(|entry| (entry.title, entry.times)).collect()
    }

    #[test]
    fn a_life_is_told_newest_first_with_its_breaks() {
        let delivered = |bytes| (EventKind::Delivered { bytes }, "curl/8");
        let told = told(vec![
            (EventKind::Created, "curl/8"),
            (EventKind::Viewed, "Slackbot 1.0"),
            (EventKind::Viewed, "Slackbot 1.0"),
            (EventKind::Viewed, "curl/8"),
            (EventKind::Claimed, "curl/8"),
            delivered(1000),
            delivered(2000),
            delivered(3000),
            (EventKind::Completed, "curl/8"),
            (EventKind::Refused { reason: "spent".to_owned() }, "x"),
        ]);
        let titles: Vec<(&str, usize)> = told.iter().map(|(title, times)| (title.as_str(), *times)).collect();
        assert_eq!(
            titles,
            [
                ("Refused: the link was used up", 1),
                ("Completed: the whole file has arrived", 1),
                ("Resumed, and delivered 5\u{a0}kB more", 2),
                ("Delivered 1\u{a0}kB", 1),
                ("Claimed: one use taken", 1),
                ("Page viewed", 1),
                ("Page viewed by what looked like a scanner", 2),
                ("Link created", 1),
            ]
        );
    }

    #[test]
    fn a_very_long_life_is_cut_at_its_beginning() {
        let mut events = Vec::new();
        for place in 0..500_i64 {
            let kind = if place % 2 == 0 { EventKind::Viewed } else { EventKind::Refused { reason: "spent".to_owned() } };
            let at = Timestamp::from_millis(place);
            events.push(Event { link: fixtures::link_id(1), at, kind, claim: None, actor: Actor::default() });
        }
        let (entries, left_out) = entries(&events, &HashMap::new());
        assert_eq!((entries.len(), left_out), (MOST, 300));
        assert_eq!(entries[0].at, Time::from(Timestamp::from_millis(499)));
    }
}
