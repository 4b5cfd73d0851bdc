//! The clients: what each wants, and how it goes about it.
//!
//! They behave; whether they were treated well is the checker's to say. Nobody asserts anything here.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::{Instant, sleep, sleep_until};

use crate::dice::Dice;
use crate::history::{Act, Mishap, Who};
use crate::network::AHEAD;
use crate::scene::{Heard, Order, Scene, request};

/// How long a client repeats what fails before it gives up.
const PATIENCE: Duration = Duration::from_secs(120);
const PAUSE_FIRST: Duration = Duration::from_millis(20);
const PAUSE_MOST: Duration = Duration::from_millis(400);
/// How often a greedy client asks: what came would be more than a budget for each of four servers' lives.
const GREEDY_FETCHES: u32 = 32;

/// What a client is like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Persona {
    /// Claims, fetches, and tries once more when it has everything.
    Racer,
    /// Repeats its claim though it was granted, then is a racer.
    Repeater,
    /// Stops reading at this many places and goes on from there.
    Resumer(u32),
    /// Fetches two ranges side by side, while a third connection breaks before its first byte.
    Parallel,
    /// Fetches most of it, again and again.
    Greedy,
    /// Stops early and never comes back.
    Quitter,
    /// Claims and comes back when the lease is over.
    Sleeper,
    /// Claims, and doesn't wait for the answer.
    Vanisher,
    /// Alters tokens, claim addresses and secrets.
    Stranger,
    /// Looks at everything that may be looked at.
    Passerby,
    /// Takes the link back after a moment, then claims it.
    Revoker,
    /// Claims when the link has expired.
    Latecomer,
}

/// A claimant of a page link.
struct Holding {
    number: u32,
    secret: String,
}

/// Why a client stops before it has what it wants.
enum Stopped {
    /// It was told no.
    Refused,
    /// Nobody answered for as long as its patience lasted.
    GaveUp,
}

/// One client with its dice.
struct Client {
    scene: Arc<Scene>,
    dice: Dice,
    /// How many mishaps it may still have: everybody gets through in the end.
    mishaps: u32,
}

/// Lets a client live; false when it gave up.
pub(crate) async fn live(persona: Persona, scene: Arc<Scene>, dice: Dice) -> bool {
    let mishaps = if scene.rough { 3 } else { 0 };
    let mut client = Client { scene, dice, mishaps };
    let lived = match persona {
        Persona::Racer => client.race(1).await,
        Persona::Repeater => client.race(3).await,
        Persona::Resumer(stops) => client.resume(stops).await,
        Persona::Parallel => client.fetch_side_by_side().await,
        Persona::Greedy => client.be_greedy().await,
        Persona::Quitter => client.quit_early().await,
        Persona::Sleeper => client.sleep_through_the_lease().await,
        Persona::Vanisher => client.vanish().await,
        Persona::Stranger => client.guess().await,
        Persona::Passerby => client.look_around().await,
        Persona::Revoker => client.revoke().await,
        Persona::Latecomer => client.come_late().await,
    };
    !matches!(lived, Err(Stopped::GaveUp))
}

impl Client {
    /// Claims (so many times, once it is granted), fetches, and asks for more than it may have.
    async fn race(&mut self, claims: u32) -> Result<(), Stopped> {
        if self.scene.is_direct() {
            return self.take().await;
        }
        let holding = self.holding();
        let mut path = self.claim(&holding).await?;
        for _ in 1..claims {
            path = self.claim(&holding).await?;
        }
        self.finish(&holding, &path, 0, 0).await?;
        self.ask_for_more(&holding, &path).await;
        Ok(())
    }

    async fn resume(&mut self, stops: u32) -> Result<(), Stopped> {
        let holding = self.holding();
        let path = self.claim(&holding).await?;
        self.finish(&holding, &path, 0, stops).await?;
        self.ask_for_more(&holding, &path).await;
        Ok(())
    }

    async fn fetch_side_by_side(&mut self) -> Result<(), Stopped> {
        let holding = self.holding();
        let path = self.claim(&holding).await?;
        let (size, half) = (self.scene.terms.size, self.scene.terms.size / 2);
        let first = self.fetch_order(&holding, &path, 0..half, None);
        let second = self.fetch_order(&holding, &path, half..size - 1, None);
        let broken = Order { mishap: Mishap::Abandoned, ..self.fetch_order(&holding, &path, 0..half, None) };
        let scene = Arc::clone(&self.scene);
        tokio::join!(scene.ask(first), scene.ask(second), scene.ask(broken));
        // The last byte is still missing, so it isn't over.
        self.finish(&holding, &path, size - 1, 0).await?;
        self.ask_for_more(&holding, &path).await;
        Ok(())
    }

    async fn be_greedy(&mut self) -> Result<(), Stopped> {
        let holding = self.holding();
        let path = self.claim(&holding).await?;
        let size = self.scene.terms.size;
        // So early that no socket acknowledges the end for it, and more often than the budget allows.
        let stop = size - (size / 2).min(AHEAD + AHEAD / 2);
        for _ in 0..GREEDY_FETCHES {
            let order = self.fetch_order(&holding, &path, 0..size, Some(stop));
            let reply = self.scene.ask(order).await.reply;
            if reply.refused() {
                return Err(Stopped::Refused);
            }
            if !reply.granted() {
                sleep(PAUSE_MOST).await;
            }
        }
        Ok(())
    }

    async fn quit_early(&mut self) -> Result<(), Stopped> {
        let holding = self.holding();
        let path = self.claim(&holding).await?;
        let size = self.scene.terms.size;
        let stop = 1 + self.dice.below(size / 2);
        let order = self.fetch_order(&holding, &path, 0..size, Some(stop));
        self.scene.ask(order).await;
        Ok(())
    }

    async fn sleep_through_the_lease(&mut self) -> Result<(), Stopped> {
        let holding = self.holding();
        self.mishaps = 0;
        let path = self.claim(&holding).await?;
        sleep(self.scene.lease + Duration::from_millis(50)).await;
        let order = self.fetch_order(&holding, &path, 0..self.scene.terms.size, None);
        self.scene.ask(order).await;
        self.claim(&holding).await.map(drop)
    }

    async fn vanish(&mut self) -> Result<(), Stopped> {
        let holding = self.holding();
        let mishap = if self.dice.one_in(2) { Mishap::Abandoned } else { Mishap::Swallowed };
        let order = Order { mishap, ..self.claim_order(&holding) };
        self.scene.ask(order).await;
        Ok(())
    }

    /// A direct link: the first GET is the claim; what breaks is resumed at the address that it named.
    async fn take(&mut self) -> Result<(), Stopped> {
        let holding = self.holding();
        let order = Order {
            who: Who::Holder(holding.number),
            act: Act::Take,
            server: self.scene.any_server(&mut self.dice),
            mishap: self.mishap(),
            request: self.scene.take_request(),
            stop_after: None,
        };
        let Heard { reply, claim } = self.scene.ask(order).await;
        let Some(path) = claim else { return Ok(()) };
        if reply.whole {
            self.ask_for_more(&holding, &path).await;
            return Ok(());
        }
        self.finish(&holding, &path, reply.received, 0).await
    }

    /// Claims until it is clear whether it is granted; the claim's path.
    async fn claim(&mut self, holding: &Holding) -> Result<String, Stopped> {
        let deadline = Instant::now() + PATIENCE;
        let mut pause = PAUSE_FIRST;
        while Instant::now() < deadline {
            let order = Order { mishap: self.mishap(), ..self.claim_order(holding) };
            let Heard { reply, claim } = self.scene.ask(order).await;
            match claim {
                Some(path) => return Ok(path),
                None if reply.refused() => return Err(Stopped::Refused),
                None => rest(&mut pause).await,
            }
        }
        Err(Stopped::GaveUp)
    }

    /// Fetches from `have` on until it has everything, hanging up `stops` times on the way.
    async fn finish(&mut self, holding: &Holding, path: &str, mut have: u64, mut stops: u32) -> Result<(), Stopped> {
        let (size, deadline) = (self.scene.terms.size, Instant::now() + PATIENCE);
        let mut pause = PAUSE_FIRST;
        while have < size {
            if Instant::now() >= deadline {
                return Err(Stopped::GaveUp);
            }
            let stop = (stops > 0).then(|| self.dice.below(size - have));
            stops = stops.saturating_sub(1);
            let mishap = if stop.is_some() { Mishap::None } else { self.mishap() };
            let order = Order { mishap, ..self.fetch_order(holding, path, have..size, stop) };
            let reply = self.scene.ask(order).await.reply;
            if reply.refused() {
                return Err(Stopped::Refused);
            }
            if reply.granted() && reply.at == have {
                have += reply.received;
            } else {
                rest(&mut pause).await;
            }
        }
        Ok(())
    }

    /// Everything is there; now it tries to get it again.
    async fn ask_for_more(&mut self, holding: &Holding, path: &str) {
        let order = self.fetch_order(holding, path, 0..self.scene.terms.size, None);
        self.scene.ask(order).await;
        if self.dice.one_in(4) && !self.scene.is_direct() {
            let order = self.claim_order(holding);
            self.scene.ask(order).await;
        }
    }

    async fn guess(&mut self) -> Result<(), Stopped> {
        for _ in 0..6 {
            let link = &self.scene.path;
            let claimed = self.scene.known_claim();
            let secret = format!("holder={}", self.dice.text(32));
            let text = match (self.dice.below(4), claimed) {
                (0, _) => request("POST", &altered(link, &mut self.dice), &["Content-Type: application/x-www-form-urlencoded"], &secret),
                (1, _) => request("GET", &altered(link, &mut self.dice), &["Accept: */*"], ""),
                (_, Some(claim)) => request("GET", &altered(&claim, &mut self.dice), &["Accept: */*"], ""),
                (_, None) => request("GET", &format!("/c/{}", self.dice.text(64)), &["Accept: */*"], ""),
            };
            self.send(Who::Stranger, Act::Guess, text).await;
            sleep(Duration::from_millis(self.dice.below(30))).await;
        }
        Ok(())
    }

    async fn look_around(&mut self) -> Result<(), Stopped> {
        for _ in 0..4 {
            let path = self.scene.path.clone();
            let (act, text) = match (self.dice.below(4), self.scene.known_claim()) {
                (0, _) => (Act::Look, request("HEAD", &path, &["Accept: */*"], "")),
                (1, _) => (Act::Look, request("GET", &path, &["Accept: */*", "Sec-Purpose: prefetch"], "")),
                (2, _) if !self.scene.is_direct() => (Act::Look, request("GET", &path, &["Accept: text/html"], "")),
                (_, Some(claim)) => (Act::LookAtClaim, request("HEAD", &claim, &["Accept: */*"], "")),
                (_, None) => (Act::Look, request("HEAD", &path, &["Accept: */*"], "")),
            };
            self.send(Who::Passerby, act, text).await;
            sleep(Duration::from_millis(self.dice.below(10))).await;
        }
        Ok(())
    }

    async fn revoke(&mut self) -> Result<(), Stopped> {
        sleep(Duration::from_millis(self.dice.below(60))).await;
        let deadline = Instant::now() + PATIENCE;
        let mut pause = PAUSE_FIRST;
        while !self.scene.is_revoked() {
            if Instant::now() >= deadline {
                return Err(Stopped::GaveUp);
            }
            let text = self.scene.revoke_request();
            self.send(Who::Sender, Act::Revoke, text).await;
            rest(&mut pause).await;
        }
        self.race(1).await
    }

    async fn come_late(&mut self) -> Result<(), Stopped> {
        let Some(expires_in) = self.scene.terms.expires_in else { return Ok(()) };
        let passed = self.scene.watch.now().saturating_sub(self.scene.made.to);
        let left = expires_in.saturating_sub(Duration::from_micros(passed));
        sleep_until(Instant::now() + left + Duration::from_millis(1 + self.dice.below(20))).await;
        self.race(1).await
    }

    async fn send(&mut self, who: Who, act: Act, request: String) {
        let server = self.scene.any_server(&mut self.dice);
        self.scene.ask(Order { who, act, server, mishap: Mishap::None, request, stop_after: None }).await;
    }

    fn holding(&mut self) -> Holding {
        Holding { number: self.scene.new_holder(), secret: self.scene.new_secret(&mut self.dice) }
    }

    fn claim_order(&mut self, holding: &Holding) -> Order {
        Order {
            who: Who::Holder(holding.number),
            act: Act::Claim,
            server: self.scene.any_server(&mut self.dice),
            mishap: Mishap::None,
            request: self.scene.claim_request(&holding.secret),
            stop_after: None,
        }
    }

    fn fetch_order(&mut self, holding: &Holding, path: &str, range: std::ops::Range<u64>, stop_after: Option<u64>) -> Order {
        let size = self.scene.terms.size;
        let header = match (range.start, range.end) {
            (0, end) if end == size => String::new(),
            (start, end) if end == size => format!("Range: bytes={start}-"),
            (start, end) => format!("Range: bytes={start}-{}", end.saturating_sub(1)),
        };
        let headers: &[&str] = if header.is_empty() { &["Accept: */*"] } else { &["Accept: */*", &header] };
        Order {
            who: Who::Holder(holding.number),
            act: Act::Fetch { from: range.start, to: range.end },
            server: self.scene.any_server(&mut self.dice),
            mishap: Mishap::None,
            request: request("GET", path, headers, ""),
            stop_after,
        }
    }

    /// What happens to the next request.
    fn mishap(&mut self) -> Mishap {
        if self.mishaps == 0 || self.dice.one_in(2) {
            return Mishap::None;
        }
        self.mishaps -= 1;
        match self.dice.below(8) {
            0 => Mishap::Late(self.dice.below(150)),
            1 => Mishap::Held(self.dice.below(150)),
            2 => Mishap::Dropped,
            3 => Mishap::Abandoned,
            4 => Mishap::Swallowed,
            5 => Mishap::Doubled,
            6 => Mishap::Cut(self.dice.below(900)),
            _ => Mishap::Cut(self.dice.below(1_000 + self.scene.terms.size)),
        }
    }
}

/// Waits a moment, and longer the next time.
async fn rest(pause: &mut Duration) {
    sleep(*pause).await;
    *pause = (*pause * 2).min(PAUSE_MOST);
}

/// A path whose last part differs in one letter.
fn altered(path: &str, dice: &mut Dice) -> String {
    let begin = path.rfind('/').map_or(0, |slash| slash + 1);
    let mut text = path.to_owned();
    let at = begin + dice.index(path.len() - begin);
    let new = loop {
        let letter = dice.text(1);
        if text.get(at..=at) != Some(letter.as_str()) {
            break letter;
        }
    };
    text.replace_range(at..=at, &new);
    text
}
