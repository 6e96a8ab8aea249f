use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use napi::bindgen_prelude::AsyncTask;
use napi::{Env, Error, Result, Task};
use napi_derive::napi;

use crate::bundle_problem::whole;
use crate::cancel::CancelFlag;
use crate::fault::{Fault, NativeError};

/// Bounds on what hostile input can make a scan read, unpack or remember.
#[napi(object)]
pub struct ScanLimits {
    pub max_members: f64,
    pub max_member_bytes: f64,
    /// All members together; and once more, all lines unpacked from `.jsonl.zst` members together.
    pub max_total_bytes: f64,
    pub max_line_bytes: f64,
    pub max_faults: f64,
}

/// A member whose content could be read to its end.
#[napi(object, use_nullable = true)]
pub struct ScannedMember {
    pub path: String,
    pub size_bytes: f64,
    /// 64 lower-case hexadecimal characters.
    pub sha256: String,
    /// Lines inside of a sound `.jsonl.zst`; `null` for all others.
    pub lines: Option<f64>,
}

/// What is found wrong, and where.
#[napi(object, use_nullable = true)]
pub struct ScanFault {
    /// The member that the damaged bytes belong to; `null`: the container itself, or a member that can no longer be told.
    pub path: Option<String>,
    pub reason: String,
}

/// What a bundle or a folder holds, and what is wrong with it.
#[napi(object, use_nullable = true)]
pub struct ScanReport {
    /// The one time of all members, seconds since 1970; `null` for a folder, and where nothing says it.
    pub mtime: Option<f64>,
    /// In the order of the bytes of their paths.
    pub members: Vec<ScannedMember>,
    /// Empty for a sound bundle.
    pub faults: Vec<ScanFault>,
}

pub struct ScanBundle {
    path: PathBuf,
    limits: ScanLimits,
    cancel: Arc<AtomicBool>,
    fault: Fault,
}

#[napi]
impl Task for ScanBundle {
    type Output = ScanReport;
    type JsValue = ScanReport;

    fn compute(&mut self) -> Result<ScanReport> {
        let Self { path, limits, cancel, fault } = self;
        fault.guard(|| Ok(stella_bundle::scan_bundle(path, &limits.checked()?, cancel)?.into()))
    }

    fn resolve(&mut self, _env: Env, report: ScanReport) -> Result<ScanReport> {
        Ok(report)
    }

    fn reject(&mut self, env: Env, error: Error) -> Result<ScanReport> {
        Err(self.fault.reject(env, error))
    }
}

/// Verifies every byte of a bundle off the JS thread. Damage is not an error: it is in `faults`, with the member that it belongs to.
///
/// @param path - absolute path of the bundle
/// @param limits - nothing is read or unpacked beyond them
/// @param cancel - raise it to stop
/// @returns members in order with size, SHA-256 and lines; all faults
/// @throws `native/io` when the file cannot be read; `request/invalid` for limits that are no whole numbers; `native/cancelled`
///
/// Memory: some frames and the index. Source: POSIX.1 pax, RFC 8878, zstd seekable format 0.1.1.
#[napi]
pub fn scan_bundle(path: String, limits: ScanLimits, cancel: &CancelFlag) -> AsyncTask<ScanBundle> {
    AsyncTask::new(ScanBundle { path: path.into(), limits, cancel: cancel.shared(), fault: Fault::default() })
}

impl ScanLimits {
    pub(crate) fn checked(&self) -> std::result::Result<stella_bundle::ScanLimits, NativeError> {
        Ok(stella_bundle::ScanLimits {
            max_members: whole(self.max_members, "maxMembers")?,
            max_member_bytes: whole(self.max_member_bytes, "maxMemberBytes")?,
            max_total_bytes: whole(self.max_total_bytes, "maxTotalBytes")?,
            max_line_bytes: whole(self.max_line_bytes, "maxLineBytes")?,
            max_faults: usize::try_from(whole(self.max_faults, "maxFaults")?).unwrap_or(usize::MAX),
        })
    }
}

impl From<stella_bundle::ScanReport> for ScanReport {
    fn from(report: stella_bundle::ScanReport) -> Self {
        Self {
            mtime: report.mtime.map(|seconds| seconds as f64),
            members: report.members.into_iter().map(ScannedMember::from).collect(),
            faults: report.faults.into_iter().map(|stella_bundle::Fault { path, reason }| ScanFault { path, reason }).collect(),
        }
    }
}

impl From<stella_bundle::MemberDigest> for ScannedMember {
    fn from(member: stella_bundle::MemberDigest) -> Self {
        let stella_bundle::MemberDigest { path, size_bytes, sha256, lines } = member;
        Self { path, size_bytes: size_bytes as f64, sha256, lines: lines.map(|lines| lines as f64) }
    }
}
