use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use napi::bindgen_prelude::AsyncTask;
use napi::{Env, Error, Result, Task};
use napi_derive::napi;

use crate::cancel::CancelFlag;
use crate::fault::Fault;
use crate::scan_bundle::{ScanLimits, ScanReport};

pub struct ScanFolder {
    path: PathBuf,
    limits: ScanLimits,
    cancel: Arc<AtomicBool>,
    fault: Fault,
}

#[napi]
impl Task for ScanFolder {
    type Output = ScanReport;
    type JsValue = ScanReport;

    fn compute(&mut self) -> Result<ScanReport> {
        let Self { path, limits, cancel, fault } = self;
        fault.guard(|| Ok(stella_bundle::scan_folder(path, &limits.checked()?, cancel)?.into()))
    }

    fn resolve(&mut self, _env: Env, report: ScanReport) -> Result<ScanReport> {
        Ok(report)
    }

    fn reject(&mut self, env: Env, error: Error) -> Result<ScanReport> {
        Err(self.fault.reject(env, error))
    }
}

/// Reads a folder as the bundle that was unpacked into it, off the JS thread. Links, devices and unsafe names are faults.
///
/// @param path - absolute path of the folder
/// @param limits - nothing is read or unpacked beyond them
/// @param cancel - raise it to stop
/// @returns files in the order of the bytes of their paths with size, SHA-256 and lines; all faults; `mtime` is `null`
/// @throws `native/io` when folder or files cannot be read; `request/invalid` for limits that are no whole numbers; `native/cancelled`
///
/// Memory: some blocks of 1 MiB and the list of paths.
#[napi]
pub fn scan_folder(path: String, limits: ScanLimits, cancel: &CancelFlag) -> AsyncTask<ScanFolder> {
    AsyncTask::new(ScanFolder { path: path.into(), limits, cancel: cancel.shared(), fault: Fault::default() })
}
