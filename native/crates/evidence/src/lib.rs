//! Reads one document of evidence and gives the ledger records it holds: OSV advisories (JSON or YAML), OpenVEX documents (0.2.0 and the
//! older 0.0.x forms), CSAF 2.0 documents, CycloneDX JSON 1.2 to 1.6 (bills of materials and VEX) and SPDX 2.2 and 2.3 JSON. The format is
//! found by content, never by name; rows of a Maven index are read where they are expected.
//!
//! A document goes in whole or not at all. Of OSV and OpenVEX, members that no schema names are kept; what an export may show is judged
//! there. Of the others, what records do not carry is named in [`Evidence::not_held`].

mod csaf;
mod csaf_shape;
mod csaf_statements;
mod csaf_tree;
mod csaf_version;
mod cyclonedx;
mod cyclonedx_analysis;
mod cyclonedx_graph;
mod cyclonedx_own_refs;
mod cyclonedx_parts;
mod cyclonedx_refs;
mod cyclonedx_shape;
mod cyclonedx_values;
mod cyclonedx_vex;
mod cyclonedx_xml;
mod detect;
mod ecosystem;
mod evidence;
mod graph;
mod hash_length;
mod maven_index;
mod not_held;
mod openvex;
mod osv;
mod purl;
mod read_document;
mod selectors;
mod shape;
mod spdx;
mod spdx_graph;
mod spdx_refs;
mod subject_folder;
mod vex_records;
mod xml;
mod xml_syntax;
mod yaml;

pub use detect::unreadable;
pub use evidence::{Evidence, Kind, Record};
/// Forms of package URLs (github.com/package-url/purl-spec) by which records are looked up.
pub mod purls {
    pub use crate::purl::{Asked, asked, canonical, forms, general, is_package, package_of_advisory};
}
pub use read_document::{EvidenceLimits, Form, read_document};
pub use selectors::{SelectorDigest, Selectors};
pub use stella_canonical::{Place, Refusal};
