//! The commands besides `serve` and `share`, one file each.

pub(crate) mod completions;
pub(crate) mod doctor;
pub(crate) mod get;
pub(crate) mod key;
pub(crate) mod link;
pub(crate) mod man;
pub(crate) mod store;
mod table;
