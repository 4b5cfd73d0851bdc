//! The line that shows who is downloading, how far and how quickly, while somebody looks.

use std::sync::Arc;

use oncelink_core::claim::Standing;
use oncelink_core::event::{Event, EventKind};
use oncelink_core::manage::LinkDetail;
use oncelink_core::{Actor, Links};

use crate::output;
use crate::progress::Progress;
use crate::share::meter::Meter;
use crate::share::{sender, verdict};

/// The longest user agent that is shown, in characters.
const AGENT: usize = 40;

/// The line, and what it has told so far.
pub(crate) struct Live {
    meter: Arc<Meter>,
    /// The bar, while a claim is running.
    bar: Option<Progress>,
    /// Who claimed last.
    who: String,
    claims: usize,
    completed: usize,
}

impl Live {
    /// Nothing has happened yet.
    pub(crate) fn new(meter: Arc<Meter>) -> Self {
        Self { meter, bar: None, who: String::new(), claims: 0, completed: 0 }
    }

    /// Shows how things stand.
    pub(crate) async fn show(&mut self, links: &Links, detail: &LinkDetail) {
        if detail.claims.len() != self.claims {
            self.claims = detail.claims.len();
            self.who = claimant(links, detail).await;
        }
        let completed = verdict::completed(detail);
        if completed > self.completed {
            self.completed = completed;
            self.end();
            output::hint(&format!("Taken: {completed} of {}{}.", detail.link.terms.uses, prefixed(" by ", &self.who)));
        }
        let now = links.now();
        let lease = detail.claims.iter().find_map(|claim| match claim.standing(now) {
            Standing::Active { lease_until } => Some(lease_until),
            Standing::Lapsed { .. } | Standing::Completed { .. } | Standing::Released { .. } => None,
        });
        match lease {
            None => self.end(),
            Some(until) => self.draw(detail.link.object.size, until),
        }
    }

    fn draw(&mut self, size: u64, until: oncelink_core::Timestamp) {
        let bar = self.bar.get_or_insert_with(|| Progress::bytes(&self.who, size, 0));
        match (self.meter.foremost(), self.meter.running()) {
            (None, _) => bar.rename(&format!("{} may begin or go on until {}", self.who, output::clock(until))),
            (Some(at), 1) => {
                bar.rename(&self.who);
                bar.at(at.min(size));
            }
            (Some(at), running) => {
                bar.rename(&format!("{running} connections, the foremost"));
                bar.at(at.min(size));
            }
        }
    }

    /// Takes the line away.
    pub(crate) fn end(&mut self) {
        if let Some(bar) = self.bar.take() {
            bar.end();
        }
    }
}

/// Who made the latest claim, as far as its request told. It is no harm when that can't be read.
async fn claimant(links: &Links, detail: &LinkDetail) -> String {
    let events = links.events(&detail.link.id, &sender()).await.unwrap_or_default();
    let is_claim = |event: &&Event| matches!(event.kind, EventKind::Claimed);
    events.iter().rev().find(is_claim).map(|event| described(&event.actor)).unwrap_or_default()
}

fn described(actor: &Actor) -> String {
    let address = actor.address.map_or_else(|| "somebody".to_owned(), |address| address.to_string());
    match actor.user_agent.as_deref() {
        None | Some("") => address,
        Some(agent) => {
            let short: String = agent.chars().take(AGENT).collect();
            format!("{address} ({})", output::tame(&short))
        }
    }
}

fn prefixed(prefix: &str, text: &str) -> String {
    if text.is_empty() { String::new() } else { format!("{prefix}{text}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_downloads_is_said_shortly_and_cant_steer_the_terminal() {
        let actor = |agent: Option<&str>| Actor { address: "192.0.2.7".parse().ok(), user_agent: agent.map(str::to_owned), key: None };
        assert_eq!(described(&actor(Some("curl/8.5.0"))), "192.0.2.7 (curl/8.5.0)");
        assert_eq!(described(&actor(None)), "192.0.2.7");
        assert_eq!(described(&Actor::default()), "somebody");
        let hostile = described(&actor(Some(&format!("a\u{1b}[2J{}", "x".repeat(200)))));
        assert!(!hostile.contains('\u{1b}') && hostile.chars().count() < 60, "{hostile}");
    }
}
