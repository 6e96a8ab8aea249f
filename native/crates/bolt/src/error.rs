use std::io;

/// Why a file is not written, or not sound.
#[derive(Debug, thiserror::Error)]
pub enum BoltError {
    /// bbolt reads no such key.
    #[error("an empty key, which bbolt does not allow")]
    EmptyKey,
    /// bbolt reads no such key.
    #[error("a key of {bytes} bytes, {shown:?}…: bbolt allows {max}", max = crate::layout::MAX_KEY_BYTES)]
    LongKey {
        /// Its length.
        bytes: usize,
        /// How it begins.
        shown: String,
    },
    /// bbolt reads no such value.
    #[error("a value of {bytes} bytes at {key:?}: bbolt allows {max}", max = crate::layout::MAX_VALUE_BYTES)]
    LongValue {
        /// Its length.
        bytes: usize,
        /// The key.
        key: String,
    },
    /// Keys of a bucket, buckets among them, come in the order of their bytes, each once.
    #[error("the key {key:?} comes after {before:?}: keys come in the order of their bytes, each once")]
    OutOfOrder {
        /// The key.
        key: String,
        /// The one before it.
        before: String,
    },
    /// A bucket was ended that had not begun, or the file while one was open.
    #[error("buckets begin and end in pairs")]
    Unpaired,
    /// Page sizes are powers of two that bbolt opens.
    #[error("a page size of {0} bytes: it is a power of two from 1024 to 65536")]
    PageSize(usize),
    /// What is read is no sound file of bbolt.
    #[error("page {page}: {reason}")]
    Damaged {
        /// The page.
        page: u64,
        /// What is wrong there.
        reason: String,
    },
    /// The file cannot be read or written.
    #[error(transparent)]
    Io(#[from] io::Error),
}

/// A key as errors show it.
pub(crate) fn shown(key: &[u8]) -> String {
    const SHOWN_BYTES: usize = 64;
    String::from_utf8_lossy(&key[..key.len().min(SHOWN_BYTES)]).into_owned()
}
