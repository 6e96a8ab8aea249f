//! Credentials that must not leave with an export: found by their published forms, never by entropy alone.
//!
//! One search for rare literals runs over the bytes; an exact check runs where one is found. Text inside JSON is searched
//! as it is written, escapes and all.

mod aws;
mod bounds;
mod find;
mod jwt;
mod private_key;
mod redact;
mod tokens;
mod url;

pub use find::{Detectors, Finding};
pub use redact::redact;
