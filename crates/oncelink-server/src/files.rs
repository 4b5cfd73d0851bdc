//! File descriptors: a connection needs one, a download of a local file another.
//!
//! Must not fail: too few descriptors are a warning, and clients that have to wait.

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// The store, logs, listeners, connections to sources.
const OTHERS: u64 = 256;

/// Raises the process's own limit as far as it may, and warns when it still is too low.
pub(crate) fn make_room(connections: usize) {
    let wanted = (connections as u64).saturating_mul(2).saturating_add(OTHERS);
    let limit = getrlimit(Resource::Nofile);
    let Some(have) = limit.current.filter(|have| *have < wanted) else { return };
    let reachable = limit.maximum.map_or(wanted, |most| most.min(wanted)).max(have);
    let raised = setrlimit(Resource::Nofile, Rlimit { current: Some(reachable), maximum: limit.maximum });
    let now = if raised.is_ok() { reachable } else { have };
    if now < wanted {
        tracing::warn!(
            "the limit of {now} open files is low for {connections} connections: raise it to {wanted} (ulimit -n, LimitNOFILE=), or \
             lower --max-connections"
        );
    }
}
