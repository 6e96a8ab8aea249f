//! Reads one document of evidence and gives the ledger records it holds: OSV advisories (JSON or YAML), OpenVEX documents (0.2.0 and the
//! older 0.0.x forms) and CycloneDX JSON bills of materials 1.2 to 1.6. The format is found by content, never by name.
//!
//! A document goes in whole or not at all. Members that no schema names are kept; what an export may show is judged there.

mod cyclonedx;
mod detect;
mod ecosystem;
mod evidence;
mod openvex;
mod osv;
mod purl;
mod read_document;
mod selectors;
mod shape;
mod subject_folder;
mod yaml;

pub use detect::unreadable;
pub use evidence::{Evidence, Kind, Record};
pub use read_document::{EvidenceLimits, Form, read_document};
pub use selectors::Selectors;
pub use stella_canonical::{Place, Refusal};
