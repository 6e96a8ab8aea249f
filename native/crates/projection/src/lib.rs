//! The allow-list of an export: which members a record may have, and of which type.
//!
//! A [`Projection`] is compiled from a mapping document and checks records in one pass over their bytes, without
//! allocating. What passes is JSON (RFC 8259) in the compact form that RFC 8785 asks for, with mapped members only.

mod mapping;
mod pointer;
mod projection;
mod scan;
mod text;

pub use mapping::{Mapping, MappingError, Shape};
pub use pointer::{Locator, Place, locate};
pub use projection::{Mismatch, Projection};
pub use scan::DEPTH_LIMIT;
