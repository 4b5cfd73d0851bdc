//! A download to standard output: nothing is kept, so only this process can resume it.

use std::io;

use oncelink_core::holder::Holder;
use oncelink_core::ports::Entropy;

use crate::exit::Failure;
use crate::get::claim::{NoClaim, claim};
use crate::get::digest;
use crate::get::download::Download;
use crate::get::file::{SILENCE, refusal};
use crate::get::segments::{self, Segments};
use crate::get::sink::{Pipe, Sink};
use crate::get::{Order, claim::Claim};
use crate::http;
use crate::progress::Progress;

/// Downloads to standard output.
pub(crate) async fn run(order: &Order, entropy: &dyn Entropy) -> Result<(), Failure> {
    into(order, entropy, Pipe::new(Box::new(io::stdout()))).await
}

/// Downloads into `pipe`.
pub(crate) async fn into(order: &Order, entropy: &dyn Entropy, pipe: Pipe) -> Result<(), Failure> {
    let http = http::client(&order.link.post, SILENCE)?;
    let holder = Holder::create(entropy);
    let claim: Claim = match claim(&http, order, &holder, true).await {
        Ok(claim) => claim,
        Err(NoClaim::Completed(problem) | NoClaim::Refused(problem) | NoClaim::Held(problem)) => return Err(refusal(&problem)),
        Err(NoClaim::Unreached(failure) | NoClaim::Unsure(failure)) => return Err(failure),
    };
    let progress = Progress::bytes(&claim.facts.filename, claim.facts.size, 0);
    let mut sink = Sink::Pipe(pipe);
    let digest = claim.facts.digest();
    let downloaded = match claim.segment {
        Some(most) => Segments::new(&http, &claim, most, &progress, order.pace).run(&mut sink).await.map(|()| digest),
        None => Download::new(&http, &claim, digest).run(&mut sink, order.pace, &progress).await,
    };
    progress.end();
    let promised = downloaded?;
    let Sink::Pipe(pipe) = sink else { return Err(Failure::failed("a pipe became a part")) };
    // It is too late to take bytes back, but not to say that they are wrong.
    if promised.is_some_and(|promised| pipe.digest() != promised) {
        return Err(digest::damaged());
    }
    if claim.segment.is_some() {
        segments::acknowledge(&http, &claim, order.pace).await;
    }
    Ok(())
}
