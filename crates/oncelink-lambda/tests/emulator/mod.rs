//! AWS on this machine, as far as the function sees it: the Lambda Runtime API around real `bootstrap` processes, and the
//! gateways before them with their limits.
//!
//! It must not know what oncelink is. What AWS does is from its documentation; where that is silent, the harsher reading.
//!
//! - [`instance`]: one process and its Runtime API; frozen between invocations, as Lambda's are;
//! - [`function`]: as many instances as there are requests at once;
//! - [`event`]: an HTTP request as each kind of gateway writes it; [`reply`]: the function's answer, and what is wrong with it;
//! - [`gateway`]: both together, in process or on a port.

pub(crate) mod event;
pub(crate) mod function;
pub(crate) mod gateway;
pub(crate) mod instance;
pub(crate) mod reply;
