use std::fmt;

use zeroize::Zeroizing;

use crate::error::EncryptionError;

/// Bytes of a data key.
pub const DATA_KEY_BYTES: usize = 32;

/// A secret key that encrypts and decrypts the members of one bundle.
pub struct DataKey(Zeroizing<[u8; DATA_KEY_BYTES]>);

impl DataKey {
    /// Takes the bytes of a key.
    ///
    /// # Errors
    /// [`EncryptionError::DataKey`] where they are not [`DATA_KEY_BYTES`]
    pub fn new(bytes: &[u8]) -> Result<Self, EncryptionError> {
        let bytes = bytes.try_into().map_err(|_| EncryptionError::DataKey { bytes: bytes.len() })?;
        Ok(Self(Zeroizing::new(bytes)))
    }

    pub(crate) fn bytes(&self) -> &[u8; DATA_KEY_BYTES] {
        &self.0
    }
}

impl fmt::Debug for DataKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("DataKey")
    }
}
