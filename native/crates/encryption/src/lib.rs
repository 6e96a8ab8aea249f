//! Members of a bundle as age files (version 1 of the format, <https://c2sp.org/age>): encrypted to X25519 recipients, and decrypted by their
//! identities. Both read and write as they go: memory is some blocks, whatever the sizes.

#![warn(missing_docs)]

mod decrypt;
mod encrypt;
mod error;
mod identities;
mod recipients;
mod source;

pub use decrypt::{SUFFIX, Wanted, decrypt};
pub use encrypt::{Sealed, encrypt};
pub use error::EncryptionError;
pub use identities::Identities;
pub use recipients::Recipients;
