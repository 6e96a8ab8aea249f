//! Trivy's Java DB, schema 1: by which coordinates - group, artifact, version - the JAR of a SHA-1 is known.
//!
//! [`Mapper`]s take records of the ledger in any order, side by side: graphs of bills of materials, whose components with a Maven purl
//! may tell a SHA-1, and single JARs. [`write_export`] joins what they kept, writes the file and checks it. A statement - one such
//! component, or one JAR - is written or named with the reason why it has no place: none is lost.

mod check;
mod database;
mod error;
mod export;
mod jar;
mod mapper;
mod omission;
mod sbom;

pub use database::Contents;
pub use error::JavaDbError;
pub use export::write_export;
pub use mapper::Mapper;
pub use omission::Omission;

/// Version of what becomes of components and JARs: it changes where equal records give another database.
pub const MAPPING_VERSION: u32 = 1;
/// Trivy's schema that is written (trivy-java-db `pkg/db/db.go`, `SchemaVersion`).
pub const SCHEMA_VERSION: u32 = 1;
/// Library that writes the file: another version gives other bytes.
pub fn sqlite() -> &'static str {
    rusqlite::version()
}
