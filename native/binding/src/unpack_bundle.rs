use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use napi::bindgen_prelude::AsyncTask;
use napi::{Env, Error, Result, Task};
use napi_derive::napi;

use crate::bundle_problem::whole;
use crate::cancel::CancelFlag;
use crate::database::DatabasePart;
use crate::fault::Fault;

/// What to unpack, and how much at most.
#[napi(object)]
pub struct UnpackRequest {
    /// Absolute path of a bundle, or of a folder that one was unpacked into.
    pub path: String,
    /// The members.
    pub members: Vec<String>,
    /// Absolute path of a folder that holds none of them.
    pub out: String,
    /// Bytes of all together; more are refused.
    pub max_bytes: f64,
    /// A bundle of more members is not read through its index.
    pub max_members: f64,
}

pub struct UnpackBundle {
    request: UnpackRequest,
    cancel: Arc<AtomicBool>,
    fault: Fault,
}

#[napi]
impl Task for UnpackBundle {
    type Output = Vec<DatabasePart>;
    type JsValue = Vec<DatabasePart>;

    fn compute(&mut self) -> Result<Vec<DatabasePart>> {
        let Self { request: UnpackRequest { path, members, out, max_bytes, max_members }, cancel, fault } = self;
        fault.guard(|| {
            let limits = (whole(*max_bytes, "maxBytes")?, whole(*max_members, "maxMembers")?);
            let unpacked = stella_bundle::unpack(Path::new(path), members, Path::new(out), limits, cancel)?;
            Ok(unpacked.into_iter().map(DatabasePart::from).collect())
        })
    }

    fn resolve(&mut self, _env: Env, unpacked: Vec<DatabasePart>) -> Result<Vec<DatabasePart>> {
        Ok(unpacked)
    }

    fn reject(&mut self, env: Env, error: Error) -> Result<Vec<DatabasePart>> {
        Err(self.fault.reject(env, error))
    }
}

impl From<stella_bundle::MemberDigest> for DatabasePart {
    fn from(stella_bundle::MemberDigest { path, size_bytes, sha256, .. }: stella_bundle::MemberDigest) -> Self {
        Self { path, offset: 0.0, size_bytes: size_bytes as f64, sha256 }
    }
}

/// Unpacks members of a bundle, each of whose files is on the disk when the promise resolves.
///
/// @param request - what, where to, and how much
/// @param cancel - raise it to stop
/// @returns size and digest of each file
/// @throws what `readMember` throws; `blob/full`
///
/// Memory: one frame.
#[napi]
pub fn unpack_bundle(request: UnpackRequest, cancel: &CancelFlag) -> AsyncTask<UnpackBundle> {
    AsyncTask::new(UnpackBundle { request, cancel: cancel.shared(), fault: Fault::default() })
}
