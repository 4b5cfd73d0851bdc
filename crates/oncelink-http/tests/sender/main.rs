//! The senders' side of the router, in one process: no socket, no disk, a clock turned by hand.

mod creating;
mod documenting;
mod house;
mod managing;
mod operating;
mod side_by_side;
