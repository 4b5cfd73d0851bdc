//! Files that are larger than one response of the transport can carry: segments, or an honest no.
//!
//! On sockets of our own nothing is too large.

use oncelink_core::link::{Delivery, Link};
use oncelink_core::object::ByteRange;

use crate::app::{App, Oversize};
use crate::problem::Problem;

/// What to do with a request for all of the file at once; nothing: it fits, or it isn't us who send it.
pub(crate) fn policy(app: &App, link: &Link) -> Option<Oversize> {
    let bound = app.settings.transport.filter(|transport| link.object.size > transport.most && !app.links.redirects(link));
    bound.map(|transport| match transport.oversize {
        // It was made for more than an address that can be used again.
        Oversize::Redirect if link.terms.delivery == Delivery::Stream => Oversize::Segments,
        policy @ (Oversize::Segments | Oversize::Redirect | Oversize::Refuse) => policy,
    })
}

/// Whether what a claim gets is an address that can be used again for a while (SEM-9): by the link's terms, or by its size.
pub(crate) fn is_exchange(app: &App, link: &Link) -> bool {
    app.links.redirects(link) || policy(app, link) == Some(Oversize::Redirect)
}

/// How many bytes one response carries at the most, where there is a bound that the file exceeds.
pub(crate) fn segment_size(app: &App, link: &Link) -> Option<u64> {
    policy(app, link).and(app.settings.transport).map(|transport| transport.most)
}

/// As much of the range as one response carries: a 206 may hold less than was asked for (RFC 9110 section 15.3.7).
pub(crate) fn segment(app: &App, range: &ByteRange) -> ByteRange {
    let most = app.settings.transport.map_or(u64::MAX, |transport| transport.most);
    range.start..range.end.min(range.start.saturating_add(most))
}

/// The answer to a client that wants all of it at once and can't have it. Nothing is spent by it.
pub(crate) fn problem(app: &App, link: &Link, policy: Oversize) -> Problem {
    let most = app.settings.transport.map_or(u64::MAX, |transport| transport.most);
    Problem::oversize(link.object.size, most, policy == Oversize::Segments)
}
