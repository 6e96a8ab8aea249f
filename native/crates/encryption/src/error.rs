use stella_bundle::BundleError;
use thiserror::Error;

/// Why members could not be encrypted or decrypted. No text of it holds a secret.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum EncryptionError {
    /// A text is no recipient.
    #[error("{text:?} is no age recipient: {reason}")]
    Recipient {
        /// The text.
        text: String,
        /// What is wrong with it.
        reason: &'static str,
    },
    /// Nobody could read what is encrypted.
    #[error("there is no recipient")]
    NoRecipients,
    /// A line of an identity file is none of an X25519 identity.
    #[error("line {line} of the identity file is no age identity (AGE-SECRET-KEY-1…)")]
    Identity {
        /// The line, from 1.
        line: usize,
    },
    /// An identity file holds none.
    #[error("the identity file holds no identity (a line AGE-SECRET-KEY-1…)")]
    NoIdentities,
    /// Both kinds of key were given, or none.
    #[error("one kind of key is needed: recipients or identities, or a data key")]
    NotOneKey,
    /// A member is encrypted to others.
    #[error("{path} is encrypted to other recipients: no identity that was given opens it")]
    Locked {
        /// The member.
        path: String,
    },
    /// A member is encrypted by another data key, or its bytes are not those that were written: segments do not tell which.
    #[error("{path} cannot be decrypted: the data key is another one, or its bytes were altered or cut")]
    OtherDataKey {
        /// The member.
        path: String,
    },
    /// A data key is too short or too long.
    #[error("a data key has 32 bytes, this one {bytes}")]
    DataKey {
        /// How many it has.
        bytes: usize,
    },
    /// A member is no encrypted file, not the one that was written, or not one zstd frame.
    #[error("{path} cannot be decrypted: {reason}")]
    Damaged {
        /// The member.
        path: String,
        /// What is wrong with it.
        reason: String,
    },
    /// A member holds more than its caller allows, decompressed.
    #[error("{path} cannot be decrypted: it holds more than {max_bytes} bytes, the limit for this file")]
    TooLarge {
        /// The member.
        path: String,
        /// What is allowed.
        max_bytes: u64,
    },
    /// Reading or writing failed, or was cancelled.
    #[error(transparent)]
    Bundle(#[from] BundleError),
}
