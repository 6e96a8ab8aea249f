use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use napi::bindgen_prelude::{AsyncTask, Buffer};
use napi::{Env, Error, Result, Task};
use napi_derive::napi;

use crate::bundle_problem::whole;
use crate::cancel::CancelFlag;
use crate::fault::Fault;

/// Which member to read, and how much at most.
#[napi(object)]
pub struct MemberRequest {
    /// Absolute path of a bundle, or of a folder that one was unpacked into.
    pub path: String,
    /// Relative path with `/` between segments.
    pub member: String,
    /// A larger member is refused.
    pub max_bytes: f64,
    /// A bundle of more members is not read through its index.
    pub max_members: f64,
}

pub struct ReadMember {
    request: MemberRequest,
    cancel: Arc<AtomicBool>,
    fault: Fault,
}

#[napi]
impl Task for ReadMember {
    type Output = Vec<u8>;
    type JsValue = Buffer;

    fn compute(&mut self) -> Result<Vec<u8>> {
        let Self { request, cancel, fault } = self;
        fault.guard(|| {
            let (max_bytes, max_members) = (whole(request.max_bytes, "maxBytes")?, whole(request.max_members, "maxMembers")?);
            Ok(stella_bundle::read_member(Path::new(&request.path), &request.member, max_bytes, max_members, cancel)?)
        })
    }

    fn resolve(&mut self, _env: Env, content: Vec<u8>) -> Result<Buffer> {
        Ok(content.into())
    }

    fn reject(&mut self, env: Env, error: Error) -> Result<Buffer> {
        Err(self.fault.reject(env, error))
    }
}

/// Content of one member, off the JS thread. Of a bundle only the member's own frames are read, and each is verified.
///
/// @param request - where, which, how much
/// @param cancel - raise it to stop
/// @throws `bundle/invalid` for an unsafe path; `blob/absent` when there is no such member; `blob/long` when it is larger than
/// `maxBytes`; `blob/altered` when its frames are damaged; `request/invalid`; `native/io`; `native/cancelled`
///
/// Memory: the member and one frame.
#[napi]
pub fn read_member(request: MemberRequest, cancel: &CancelFlag) -> AsyncTask<ReadMember> {
    AsyncTask::new(ReadMember { request, cancel: cancel.shared(), fault: Fault::default() })
}

pub struct CopyMember {
    request: MemberRequest,
    out: String,
    cancel: Arc<AtomicBool>,
    fault: Fault,
}

#[napi]
impl Task for CopyMember {
    type Output = ();
    type JsValue = ();

    fn compute(&mut self) -> Result<()> {
        let Self { request, out, cancel, fault } = self;
        fault.guard(|| {
            let limits = (whole(request.max_bytes, "maxBytes")?, whole(request.max_members, "maxMembers")?);
            Ok(stella_bundle::copy_member(Path::new(&request.path), &request.member, limits, Path::new(out), cancel)?)
        })
    }

    fn resolve(&mut self, _env: Env, (): ()) -> Result<()> {
        Ok(())
    }

    fn reject(&mut self, env: Env, error: Error) -> Result<()> {
        Err(self.fault.reject(env, error))
    }
}

/// As `readMember`, into a file, which is complete and on the disk when the promise resolves.
///
/// @param request - where, which, how much
/// @param out - absolute path of the file, created or emptied
/// @param cancel - raise it to stop
/// @throws what `readMember` throws; `blob/full`
///
/// Memory: one frame.
#[napi]
pub fn copy_member(request: MemberRequest, out: String, cancel: &CancelFlag) -> AsyncTask<CopyMember> {
    AsyncTask::new(CopyMember { request, out, cancel: cancel.shared(), fault: Fault::default() })
}
