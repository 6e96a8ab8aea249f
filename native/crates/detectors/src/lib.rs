//! Credentials that must not leave with an export: found by their published forms, never by entropy alone.
//!
//! One search for rare literals runs over the bytes; an exact check runs where one is found. Text inside JSON is searched
//! as it is written, escapes and all; JSON that is not canonical may hide a credential behind escapes, which [`unescape`] takes away,
//! as [`resolve_markup`] does for XML.

mod aws;
mod bounds;
mod escapes;
mod find;
mod jwt;
mod markup;
mod private_key;
mod redact;
mod scan;
mod tokens;
mod url;

pub use escapes::unescape;
pub use find::{Detectors, Finding, Stopped};
pub use markup::resolve_markup;
pub use redact::redact;
