//! Members of a bundle, encrypted and decrypted: as age files (version 1 of the format, <https://c2sp.org/age>) to X25519 recipients, or in segments of
//! AES-256-GCM by a data key. What is encrypted is zstd, since nothing compresses ciphertext: a member that is not by its name is compressed into one
//! frame. Both read and write as they go: memory is a window of zstd, some blocks and segments, whatever the sizes.

#![warn(missing_docs)]

mod data_key;
mod decrypt;
mod encrypt;
mod error;
mod identities;
mod recipients;
mod sealed_path;
mod segments;
mod source;
mod zstd_frame;

pub use data_key::DataKey;
pub use decrypt::{DecryptBy, Wanted, decrypt};
pub use encrypt::{EncryptBy, Sealed, encrypt};
pub use error::EncryptionError;
pub use identities::Identities;
pub use recipients::Recipients;
