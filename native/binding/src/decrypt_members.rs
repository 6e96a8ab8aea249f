use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use napi::bindgen_prelude::{AsyncTask, Uint8Array};
use napi::{Env, Error, Result, Task};
use napi_derive::napi;
use stella_encryption::{DataKey, DecryptBy, EncryptionError, Identities, Wanted, decrypt};

use crate::bundle_problem::whole;
use crate::cancel::CancelFlag;
use crate::database::DatabasePart;
use crate::fault::{Fault, NativeError};

/// A member that is encrypted.
#[napi(object)]
pub struct EncryptedMember {
    /// Its path in the mirror: without `.age` or `.enc`, and without the `.zst` that it was given.
    pub path: String,
    /// Most bytes that it may have there.
    pub max_bytes: f64,
}

/// Members of a bundle to decrypt, by identities or a data key.
#[napi(object)]
pub struct DecryptRequest {
    /// Absolute path of a bundle, or of a folder that one was unpacked into.
    pub path: String,
    pub members: Vec<EncryptedMember>,
    /// Text of an age identity file: lines `AGE-SECRET-KEY-1…`, and comments.
    pub identities: Option<String>,
    /// 32 bytes.
    pub data_key: Option<Uint8Array>,
    /// Absolute path of a folder that holds none of the members.
    pub out: String,
    /// A bundle of more members is not read through its index.
    pub max_members: f64,
}

pub struct DecryptMembers {
    request: DecryptRequest,
    cancel: Arc<AtomicBool>,
    fault: Fault,
}

#[napi]
impl Task for DecryptMembers {
    type Output = Vec<DatabasePart>;
    type JsValue = Vec<DatabasePart>;

    fn compute(&mut self) -> Result<Vec<DatabasePart>> {
        let Self { request: DecryptRequest { path, members, identities, data_key, out, max_members }, cancel, fault } = self;
        fault.guard(|| {
            let by = match (identities, data_key) {
                (Some(identities), None) => DecryptBy::Identities(Identities::parse(identities)?),
                (None, Some(key)) => DecryptBy::DataKey(DataKey::new(key)?),
                _ => return Err(EncryptionError::NotOneKey.into()),
            };
            let wanted = std::mem::take(members).into_iter().map(wanted).collect::<std::result::Result<Vec<_>, _>>()?;
            let place = (Path::new(out.as_str()), whole(*max_members, "maxMembers")?);
            let opened = decrypt(Path::new(path), &wanted, &by, place, cancel)?;
            Ok(opened.into_iter().map(DatabasePart::from).collect())
        })
    }

    fn resolve(&mut self, _env: Env, opened: Vec<DatabasePart>) -> Result<Vec<DatabasePart>> {
        Ok(opened)
    }

    fn reject(&mut self, env: Env, error: Error) -> Result<Vec<DatabasePart>> {
        Err(self.fault.reject(env, error))
    }
}

fn wanted(EncryptedMember { path, max_bytes }: EncryptedMember) -> std::result::Result<Wanted, NativeError> {
    Ok(Wanted { path, max_bytes: whole(max_bytes, "maxBytes")? })
}

/// Decrypts members of a bundle into a folder, and decompresses those whose names do not end with `.zst`.
///
/// @param request - the bundle, its members, the key, and the folder for what comes out
/// @param cancel - raise it to stop; what was written so far stays then, as after any failure
/// @returns size and digest of each as it comes out
/// @throws what `readMember` throws; `request/invalid` where identities or data key cannot be read; `bundle/invalid` where they do not open a member;
/// `blob/altered` for a member that is no sound encrypted file, or not one zstd frame; `blob/long` before a member is longer than it may be; `blob/full`
///
/// Memory: one frame, a window of 8 MiB, some blocks and segments. Source: as `encryptMembers`.
#[napi]
pub fn decrypt_members(request: DecryptRequest, cancel: &CancelFlag) -> AsyncTask<DecryptMembers> {
    AsyncTask::new(DecryptMembers { request, cancel: cancel.shared(), fault: Fault::default() })
}
