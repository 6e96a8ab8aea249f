//! Trivy's vulnerability database, schema 2, made from OSV advisories.
//!
//! [`Mapper`]s take documents in any order, side by side; [`write_database`] joins what they kept and writes the file; [`check_database`]
//! reads it again and holds it against what was fed. A statement - one affected package of one document - is written or named with the
//! reason why it has no place: none is lost.

#![warn(missing_docs)]

mod advisory;
mod check;
mod database;
mod error;
mod export;
mod held;
mod ids;
mod language;
mod map;
mod mapper;
mod omission;
mod osv;
mod ranges;
mod red_hat;
mod severity;
mod source;
mod system;
mod version_order;
mod vulnerability;

pub use check::check_database;
pub use database::{Contents, write_database};
pub use error::TrivyError;
pub use export::write_export;
pub use mapper::Mapper;
pub use omission::Omission;

/// Version of the mapping from OSV: it changes where equal documents give another database.
pub const MAPPING_VERSION: u32 = 2;
/// Trivy's schema that is written (trivy-db `pkg/db/db.go`, `SchemaVersion`).
pub const SCHEMA_VERSION: u32 = 2;
