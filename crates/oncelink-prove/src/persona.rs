//! The clients: what each wants, and how it goes about it.
//!
//! They behave; whether they were treated well is the checker's to say. Nobody asserts anything here.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::{Instant, sleep, sleep_until};

use crate::dice::Dice;
use crate::history::{Act, Mishap, Who};
use crate::scene::{Heard, Order, Scene, request};

/// How long a client repeats what fails before it gives up.
const PATIENCE: Duration = Duration::from_secs(120);
const PAUSE_FIRST: Duration = Duration::from_millis(20);
const PAUSE_MOST: Duration = Duration::from_millis(400);

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
    /// Fetches a byte less than everything, again and again.
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

/// What came of wanting something.
enum Outcome {
    /// The claim's path.
    Granted(String),
    Refused,
    /// Nobody answered for as long as the patience lasted.
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
    match persona {
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
    }
}

impl Client {
    /// Claims (so many times, once it is granted), fetches, and asks for more than it may have.
    async fn race(&mut self, claims: u32) -> bool {
        if self.scene.is_direct() {
            return self.take().await;
        }
        let holding = self.holding();
        let mut path = match self.claim(&holding).await {
            Outcome::Granted(path) => path,
            Outcome::Refused => return true,
            Outcome::GaveUp => return false,
        };
        for _ in 1..claims {
            match self.claim(&holding).await {
                Outcome::Granted(again) => path = again,
                Outcome::Refused => return true,
                Outcome::GaveUp => return false,
            }
        }
        self.finish(&holding, &path, 0, 0).await && self.ask_for_more(&holding, &path).await
    }

    async fn resume(&mut self, stops: u32) -> bool {
        let holding = self.holding();
        match self.claim(&holding).await {
            Outcome::Granted(path) => self.finish(&holding, &path, 0, stops).await && self.ask_for_more(&holding, &path).await,
            Outcome::Refused => true,
            Outcome::GaveUp => false,
        }
    }

    async fn fetch_side_by_side(&mut self) -> bool {
        let holding = self.holding();
        let path = match self.claim(&holding).await {
            Outcome::Granted(path) => path,
            Outcome::Refused => return true,
            Outcome::GaveUp => return false,
        };
        let (size, half) = (self.scene.terms.size, self.scene.terms.size / 2);
        let first = self.fetch_order(&holding, &path, 0..half, None);
        let second = self.fetch_order(&holding, &path, half..size - 1, None);
        let broken = Order { mishap: Mishap::Abandoned, ..self.fetch_order(&holding, &path, 0..half, None) };
        let scene = Arc::clone(&self.scene);
        tokio::join!(scene.ask(first), scene.ask(second), scene.ask(broken));
        // The last byte is still missing, so it isn't over.
        self.finish(&holding, &path, size - 1, 0).await
    }

    async fn be_greedy(&mut self) -> bool {
        let holding = self.holding();
        let path = match self.claim(&holding).await {
            Outcome::Granted(path) => path,
            Outcome::Refused => return true,
            Outcome::GaveUp => return false,
        };
        let size = self.scene.terms.size;
        let most = 4 + (8 << 20) / size.max(1 << 20);
        for _ in 0..most {
            let order = self.fetch_order(&holding, &path, 0..size, Some(size - 1));
            if self.scene.ask(order).await.reply.refused() {
                break;
            }
        }
        true
    }

    async fn quit_early(&mut self) -> bool {
        let holding = self.holding();
        match self.claim(&holding).await {
            Outcome::Granted(path) => {
                let size = self.scene.terms.size;
                let stop = 1 + self.dice.below(size / 2);
                let order = self.fetch_order(&holding, &path, 0..size, Some(stop));
                self.scene.ask(order).await;
                true
            }
            Outcome::Refused => true,
            Outcome::GaveUp => false,
        }
    }

    async fn sleep_through_the_lease(&mut self) -> bool {
        let holding = self.holding();
        self.mishaps = 0;
        match self.claim(&holding).await {
            Outcome::Granted(path) => {
                sleep(self.scene.lease + Duration::from_millis(50)).await;
                let order = self.fetch_order(&holding, &path, 0..self.scene.terms.size, None);
                self.scene.ask(order).await;
                !matches!(self.claim(&holding).await, Outcome::GaveUp)
            }
            Outcome::Refused => true,
            Outcome::GaveUp => false,
        }
    }

    async fn vanish(&mut self) -> bool {
        let holding = self.holding();
        let mishap = if self.dice.one_in(2) { Mishap::Abandoned } else { Mishap::Swallowed };
        let order = Order { mishap, ..self.claim_order(&holding) };
        self.scene.ask(order).await;
        true
    }

    /// A direct link: the first GET is the claim; what breaks is resumed at the address that it named.
    async fn take(&mut self) -> bool {
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
        match claim {
            Some(path) if reply.whole => self.ask_for_more(&holding, &path).await,
            Some(path) => self.finish(&holding, &path, reply.received, 0).await,
            None => true,
        }
    }

    /// Claims until it is clear whether it is granted.
    async fn claim(&mut self, holding: &Holding) -> Outcome {
        let deadline = Instant::now() + PATIENCE;
        let mut pause = PAUSE_FIRST;
        while Instant::now() < deadline {
            let order = Order { mishap: self.mishap(), ..self.claim_order(holding) };
            let Heard { reply, claim } = self.scene.ask(order).await;
            match claim {
                Some(path) => return Outcome::Granted(path),
                None if reply.refused() => return Outcome::Refused,
                None => self.pause(&mut pause).await,
            }
        }
        Outcome::GaveUp
    }

    /// Fetches from `have` on until it has everything or is refused, hanging up `stops` times on the way.
    async fn finish(&mut self, holding: &Holding, path: &str, mut have: u64, stops: u32) -> bool {
        let (size, deadline) = (self.scene.terms.size, Instant::now() + PATIENCE);
        let (mut pause, mut stops) = (PAUSE_FIRST, stops);
        while have < size {
            if Instant::now() >= deadline {
                return false;
            }
            let stop = (stops > 0).then(|| self.dice.below(size - have));
            stops = stops.saturating_sub(1);
            let mishap = if stop.is_some() { Mishap::None } else { self.mishap() };
            let order = Order { mishap, ..self.fetch_order(holding, path, have..size, stop) };
            let reply = self.scene.ask(order).await.reply;
            if reply.refused() {
                return true;
            }
            if reply.granted() && reply.at == have {
                have += reply.received;
            } else {
                self.pause(&mut pause).await;
            }
        }
        true
    }

    /// Everything is there; now it tries to get it again.
    async fn ask_for_more(&mut self, holding: &Holding, path: &str) -> bool {
        let order = self.fetch_order(holding, path, 0..self.scene.terms.size, None);
        self.scene.ask(order).await;
        if self.dice.one_in(4) && !self.scene.is_direct() {
            let order = self.claim_order(holding);
            self.scene.ask(order).await;
        }
        true
    }

    async fn guess(&mut self) -> bool {
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
        true
    }

    async fn look_around(&mut self) -> bool {
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
        true
    }

    async fn revoke(&mut self) -> bool {
        sleep(Duration::from_millis(self.dice.below(60))).await;
        let deadline = Instant::now() + PATIENCE;
        let mut pause = PAUSE_FIRST;
        while !self.scene.is_revoked() {
            if Instant::now() >= deadline {
                return false;
            }
            let text = self.scene.revoke_request();
            self.send(Who::Sender, Act::Revoke, text).await;
            self.pause(&mut pause).await;
        }
        self.race(1).await
    }

    async fn come_late(&mut self) -> bool {
        let Some(expires_in) = self.scene.terms.expires_in else { return true };
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
        match self.dice.below(7) {
            0 => Mishap::Late(self.dice.below(150)),
            1 => Mishap::Dropped,
            2 => Mishap::Abandoned,
            3 => Mishap::Swallowed,
            4 => Mishap::Doubled,
            5 => Mishap::Cut(self.dice.below(900)),
            _ => Mishap::Cut(self.dice.below(1_000 + self.scene.terms.size)),
        }
    }

    async fn pause(&mut self, pause: &mut Duration) {
        sleep(*pause).await;
        *pause = (*pause * 2).min(PAUSE_MOST);
    }
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
