use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use napi::bindgen_prelude::{AsyncTask, Uint8Array};
use napi::{Env, Error, Result, Task};
use napi_derive::napi;
use stella_encryption::{DataKey, EncryptBy, EncryptionError, Recipients, encrypt};

use crate::bundle_problem::whole;
use crate::cancel::CancelFlag;
use crate::database::DatabasePart;
use crate::fault::{Fault, NativeError};
use crate::pack_bundle::{BundleMember, member};

/// Members to encrypt, and by what: recipients or a data key.
#[napi(object)]
pub struct EncryptRequest {
    /// Absolute path of the file, created or emptied.
    pub out: String,
    pub members: Vec<BundleMember>,
    /// age X25519 recipients: `age1…`. A member is an age file then.
    pub recipients: Option<Vec<String>>,
    /// 32 bytes. A member is in segments of AES-256-GCM then.
    pub data_key: Option<Uint8Array>,
    /// zstd level, 1 to 19, of members that are not compressed by their names.
    pub level: f64,
}

pub struct EncryptMembers {
    request: EncryptRequest,
    cancel: Arc<AtomicBool>,
    fault: Fault,
}

#[napi]
impl Task for EncryptMembers {
    type Output = Vec<DatabasePart>;
    type JsValue = Vec<DatabasePart>;

    fn compute(&mut self) -> Result<Vec<DatabasePart>> {
        let Self { request, cancel, fault } = self;
        fault.guard(|| {
            let members = std::mem::take(&mut request.members).into_iter().map(member).collect::<std::result::Result<Vec<_>, _>>()?;
            let by = match (&request.recipients, &request.data_key) {
                (Some(recipients), None) => EncryptBy::Recipients(Recipients::parse(recipients)?),
                (None, Some(key)) => EncryptBy::DataKey(DataKey::new(key)?),
                _ => return Err(EncryptionError::NotOneKey.into()),
            };
            let level = i32::try_from(whole(request.level, "level")?).unwrap_or(i32::MAX);
            let sealed = encrypt(&members, &by, level, Path::new(&request.out), cancel)?;
            let part = |sealed: stella_encryption::Sealed| DatabasePart {
                path: sealed.path,
                offset: sealed.offset as f64,
                size_bytes: sealed.size_bytes as f64,
                sha256: sealed.sha256,
            };
            Ok(sealed.into_iter().map(part).collect())
        })
    }

    fn resolve(&mut self, _env: Env, sealed: Vec<DatabasePart>) -> Result<Vec<DatabasePart>> {
        Ok(sealed)
    }

    fn reject(&mut self, env: Env, error: Error) -> Result<Vec<DatabasePart>> {
        Err(self.fault.reject(env, error))
    }
}

/// Compresses members whose names do not end with `.zst`, and encrypts all, one behind the other in a file that is complete when the promise resolves.
///
/// @param request - the members with their sources, what they are encrypted by, and the file
/// @param cancel - raise it to stop
/// @returns where each lies in the file, by its path with `.zst` unless it has that, and `.age` or `.enc`
/// @throws `request/invalid` for what is no recipient, no data key or no level; `blob/short`, `blob/long`, `blob/altered` when a source is not as stated;
/// `blob/full`; `native/io`; `native/cancelled`
///
/// Memory: that of zstd at the level, some blocks and segments. Source: RFC 8878; https://c2sp.org/age;
/// https://developers.google.com/tink/streaming-aead/aes_gcm_hkdf_streaming.
#[napi]
pub fn encrypt_members(request: EncryptRequest, cancel: &CancelFlag) -> AsyncTask<EncryptMembers> {
    AsyncTask::new(EncryptMembers { request, cancel: cancel.shared(), fault: Fault::default() })
}

impl From<EncryptionError> for NativeError {
    fn from(error: EncryptionError) -> Self {
        let code = match error {
            EncryptionError::Bundle(error) => return error.into(),
            EncryptionError::Locked { .. } | EncryptionError::OtherDataKey { .. } => "bundle/invalid",
            EncryptionError::Damaged { .. } => "blob/altered",
            EncryptionError::TooLarge { .. } => "blob/long",
            _ => "request/invalid",
        };
        Self::new(code, error.to_string())
    }
}
