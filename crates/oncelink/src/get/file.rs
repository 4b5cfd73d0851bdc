//! A download into a file: state first, then the claim, then a part that grows, and its name at the very end.

use std::path::{Path, PathBuf};
use std::time::Duration;

use oncelink_core::ports::Entropy;
use reqwest::Client;
use serde_json::json;

use crate::exit::Failure;
use crate::get::claim::{Claim, NoClaim, claim};
use crate::get::digest;
use crate::get::download::Download;
use crate::get::ended::Ended;
use crate::get::look::look;
use crate::get::part::{Part, place};
use crate::get::segments::{self, Segments};
use crate::get::sink::Sink;
use crate::get::state::{Facts, State};
use crate::get::{Order, Target};
use crate::http;
use crate::output;
use crate::problem::Problem;
use crate::progress::Progress;

/// How long a server may send nothing before the connection counts as broken.
pub(crate) const SILENCE: Duration = Duration::from_secs(30);
/// What to say when the download can be gone on with.
const GO_ON: &str = "Run the same line again to go on.";
/// What to say when the server says no to a download that may be ours all the same.
const HELD: &str = "What was claimed stays yours: once that is mended, run the same line again to go on.";

/// Downloads into a file.
pub(crate) async fn run(order: &Order, entropy: &dyn Entropy) -> Result<(), Failure> {
    let http = http::client(&order.link.post, SILENCE)?;
    let folder = order.target.folder();
    let state = State::open(folder, order.link.id(), entropy)?;
    let part = Part::path(folder, order.link.id());
    // What was begun before is gone on with; looked at, its link may well say that it is spent: by us.
    if state.is_fresh()
        && let Err(failure) = look_ahead(order, &http).await
    {
        state.remove();
        return Err(failure);
    }
    match claim(&http, order, state.holder(), state.is_fresh()).await {
        Ok(claim) => fetch(order, &http, &claim, state, part).await,
        Err(NoClaim::Completed(problem)) => completed_before(order, &problem, state, part).await,
        Err(NoClaim::Refused(problem)) => Err(give_up(refusal(&problem), state, &part)),
        Err(NoClaim::Held(problem)) => Err(refusal(&problem).and(HELD)),
        Err(NoClaim::Unreached(failure)) => Err(give_up(failure, state, &part)),
        Err(NoClaim::Unsure(failure)) => Err(failure.and(GO_ON)),
    }
}

/// Finds out before the claim whether the name that the link suggests is taken, or the answer is no anyway. A look that
/// fails is no reason not to try: after the claim all of this is checked again.
async fn look_ahead(order: &Order, http: &Client) -> Result<(), Failure> {
    if !matches!(order.target, Target::Folder(_)) {
        return Ok(());
    }
    match look(http, &order.link).await {
        Ok(Some(name)) => order.target.file(&name).map(drop).map_err(|failure| failure.and("Nothing was claimed.")),
        Ok(None) => Ok(()),
        Err(problem) => Err(refusal(&problem)),
    }
}

/// What the recipient is told when the server says no.
pub(crate) fn refusal(problem: &Problem) -> Failure {
    match problem.status {
        401 => Failure::refused(format!("{} Give it with --passphrase or ONCELINK_PASSPHRASE.", problem.detail)),
        403 | 404 | 409 | 410 | 429 => Failure::refused(problem.detail.clone()),
        _ => Failure::failed(problem.detail.clone()),
    }
}

async fn fetch(order: &Order, http: &Client, claim: &Claim, mut state: State, part: PathBuf) -> Result<(), Failure> {
    // What an earlier run received counts only when it was of the same version.
    let known = state.facts().filter(|facts| facts.etag == claim.facts.etag && facts.size == claim.facts.size).cloned();
    let told = known.as_ref().and_then(|facts| facts.sha256.clone());
    let facts = Facts { sha256: claim.facts.sha256.clone().or(told), ..claim.facts.clone() };
    state.note(facts.clone())?;
    let until =
        claim.lease_until.as_ref().map_or_else(String::new, |until| format!("(The download is yours until {}.)", output::tame(until)));
    let file = order.target.file(&facts.filename).map_err(|failure| failure.and(&until))?;
    let mut growing = Part::open(part.clone(), known.is_some())?;
    if growing.len() > facts.size {
        growing.restart().await?;
    }
    let progress = Progress::bytes(&file.display().to_string(), facts.size, growing.len());
    let digest = facts.digest();
    let mut sink = Sink::Part(growing, state);
    let downloaded = match claim.segment {
        Some(most) => Segments::new(http, claim, most, &progress, order.pace).run(&mut sink).await.map(|()| digest),
        None => Download::new(http, claim, digest).run(&mut sink, order.pace, &progress).await,
    };
    progress.end();
    let Sink::Part(growing, state) = sink else { return Err(Failure::failed("a part became a pipe")) };
    match downloaded {
        Ok(promised) => {
            let (part, state) = verify(growing, state, promised).await?;
            if claim.segment.is_some() {
                segments::acknowledge(http, claim, order.pace).await;
            }
            finish(order, &part, state, &file, &facts, promised.is_some())
        }
        Err(Ended::ForGood(failure)) => Err(give_up(failure, state, &part)),
        Err(Ended::ForNow(failure @ Failure::Refused(_))) => Err(failure.and(HELD)),
        Err(Ended::ForNow(failure)) => Err(failure.and(GO_ON)),
    }
}

/// The server says that this holder has everything. It has, when the last bytes arrived but the program ended before
/// the file had its name.
async fn completed_before(order: &Order, problem: &Problem, state: State, part: PathBuf) -> Result<(), Failure> {
    let have = part.symlink_metadata().map_or(0, |found| found.len());
    match state.facts().cloned() {
        Some(facts) if part.is_file() && have == facts.size => {
            let file = order.target.file(&facts.filename)?;
            let digest = facts.digest();
            let (part, state) = verify(Part::open(part, true)?, state, digest).await?;
            finish(order, &part, state, &file, &facts, digest.is_some())
        }
        _ => Err(give_up(refusal(problem), state, &part)),
    }
}

/// Everything is here: makes sure that it is on disk, and that it is what the server promised.
async fn verify(growing: Part, state: State, promised: Option<[u8; 32]>) -> Result<(PathBuf, State), Failure> {
    let part = growing.finish().await?;
    if let Some(promised) = promised
        && digest::of_file(part.clone()).await? != promised
    {
        let _ = std::fs::remove_file(&part);
        state.remove();
        return Err(digest::mismatch());
    }
    Ok((part, state))
}

fn finish(order: &Order, part: &Path, state: State, file: &Path, facts: &Facts, verified: bool) -> Result<(), Failure> {
    place(part, file)?;
    state.remove();
    report(order, file, facts, verified)
}

fn report(order: &Order, file: &Path, facts: &Facts, verified: bool) -> Result<(), Failure> {
    if order.json {
        return output::json(&json!({ "path": file, "size": facts.size, "etag": facts.etag, "verified": verified }));
    }
    if output::is_watched() {
        let how = if verified { ", SHA-256 verified" } else { "" };
        output::hint(&format!("{} ({}{how})", file.display(), output::size(facts.size)));
    }
    Ok(())
}

/// Nothing can be gone on with. What has arrived is left for its owner to look at; an empty part is of no use.
fn give_up(failure: Failure, state: State, part: &Path) -> Failure {
    state.remove();
    match part.symlink_metadata() {
        Ok(found) if found.len() == 0 => {
            let _ = std::fs::remove_file(part);
            failure
        }
        Ok(found) => failure.and(&format!("The first {} bytes, which arrived, are in {}.", found.len(), part.display())),
        Err(_) => failure,
    }
}
