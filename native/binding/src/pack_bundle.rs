use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use napi::bindgen_prelude::AsyncTask;
use napi::{Env, Error, Result, Task};
use napi_derive::napi;
use stella_bundle::{Member, PackOptions, Part, pack};

use crate::bundle_problem::whole;
use crate::cancel::CancelFlag;
use crate::fault::{Fault, NativeError};

/// A run of bytes of a file.
#[napi(object, use_nullable = true)]
pub struct BundlePart {
    /// Absolute path of a regular file.
    pub file: String,
    /// Where the run begins.
    pub offset: f64,
    /// Its length; `null`: up to the end of the file, so that a file that grew is found out.
    pub size_bytes: Option<f64>,
}

/// A file to put into a bundle: its parts in order, which together must have this size and digest.
#[napi(object)]
pub struct BundleMember {
    /// Relative path with `/` between segments.
    pub path: String,
    pub size_bytes: f64,
    /// 64 lower-case hexadecimal characters.
    pub sha256: String,
    pub parts: Vec<BundlePart>,
}

/// What a bundle is made of, and all that decides its bytes.
#[napi(object)]
pub struct PackRequest {
    /// Absolute path of the bundle; an old file there is replaced.
    pub out: String,
    /// In any order.
    pub members: Vec<BundleMember>,
    /// Time of every member, seconds since 1970, below 2^33.
    pub mtime: f64,
    /// zstd level, 1 to 19.
    pub level: f64,
    /// Plain size at which members are cut into frames: a multiple of 512 from 8 KiB to 16 MiB.
    pub frame_bytes: f64,
}

/// What identifies a bundle.
#[napi(object)]
pub struct PackedBundle {
    pub size_bytes: f64,
    /// 64 lower-case hexadecimal characters.
    pub sha256: String,
}

pub struct PackBundle {
    request: PackRequest,
    cancel: Arc<AtomicBool>,
    fault: Fault,
}

#[napi]
impl Task for PackBundle {
    type Output = PackedBundle;
    type JsValue = PackedBundle;

    fn compute(&mut self) -> Result<PackedBundle> {
        let Self { request, cancel, fault } = self;
        fault.guard(|| {
            let members = std::mem::take(&mut request.members).into_iter().map(member).collect::<std::result::Result<_, _>>()?;
            let packed = pack(members, Path::new(&request.out), options(request)?, cancel)?;
            Ok(PackedBundle { size_bytes: packed.size_bytes as f64, sha256: packed.sha256 })
        })
    }

    fn resolve(&mut self, _env: Env, packed: PackedBundle) -> Result<PackedBundle> {
        Ok(packed)
    }

    fn reject(&mut self, env: Env, error: Error) -> Result<PackedBundle> {
        Err(self.fault.reject(env, error))
    }
}

pub(crate) fn member(member: BundleMember) -> std::result::Result<Member, NativeError> {
    let parts = member.parts.into_iter().map(part).collect::<std::result::Result<_, _>>()?;
    Ok(Member { path: member.path, size_bytes: whole(member.size_bytes, "sizeBytes")?, sha256: member.sha256, parts })
}

fn part(part: BundlePart) -> std::result::Result<Part, NativeError> {
    let size_bytes = part.size_bytes.map(|size| whole(size, "sizeBytes")).transpose()?;
    Ok(Part { file: part.file.into(), offset: whole(part.offset, "offset")?, size_bytes })
}

fn options(request: &PackRequest) -> std::result::Result<PackOptions, NativeError> {
    Ok(PackOptions {
        mtime: whole(request.mtime, "mtime")?,
        level: i32::try_from(whole(request.level, "level")?).unwrap_or(i32::MAX),
        frame_bytes: u32::try_from(whole(request.frame_bytes, "frameBytes")?).unwrap_or(u32::MAX),
    })
}

/// Packs members into one deterministic, seekable `.tar.zst` off the JS thread; it is on disk (fsync) when the promise resolves.
///
/// @param request - the members with their sources, and all that decides the bytes
/// @param cancel - raise it to stop; nothing is left then, as after any failure
/// @returns size and digest of the bundle
/// @throws `bundle/invalid` for a path that is unsafe or there twice; `request/invalid`; `blob/short`, `blob/long`, `blob/altered` when a
/// source is not as stated; `blob/full`; `native/io`; `native/cancelled`
///
/// Memory: some frames, whatever the sizes. Source: POSIX.1 pax, RFC 8878, zstd seekable format 0.1.1.
#[napi]
pub fn pack_bundle(request: PackRequest, cancel: &CancelFlag) -> AsyncTask<PackBundle> {
    AsyncTask::new(PackBundle { request, cancel: cancel.shared(), fault: Fault::default() })
}
