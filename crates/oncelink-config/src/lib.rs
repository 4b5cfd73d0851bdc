//! The configuration: `oncelink.toml`, `ONCELINK_*` and flags, merged and checked before anything is opened.
//!
//! Must not open anything but the configuration file, and must not print a secret: values are redacted before they
//! come into a message.

mod address;
mod brand;
mod client;
mod duration;
mod environment;
mod error;
mod file;
mod keys;
mod layers;
mod options;
mod query;
mod redact;
mod secret;
mod serve;
mod source;
mod store;

pub use address::parse_base_url;
pub use brand::{BrandSpec, Colour};
pub use client::ClientConfig;
pub use duration::{BadDuration, parse_duration};
pub use environment::Environment;
pub use error::ConfigError;
pub use keys::nearest_of as nearest;
pub use options::{ClientOptions, ServeOptions};
pub use redact::redact;
pub use secret::Secret;
pub use serve::{Config, LogFormat};
pub use source::{SourceKind, SourceSpec};
pub use store::StoreSpec;
