use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use napi::bindgen_prelude::AsyncTask;
use napi::{Env, Error, Result, Task};
use napi_derive::napi;
use stella_mirror::check_mirror as check;

use crate::cancel::CancelFlag;
use crate::database::DatabasePart;
use crate::fault::{Fault, NativeError};
use crate::merge_mirrors::MergedKind;

/// What the records of a mirror come to.
#[napi(object)]
pub struct CheckedMirror {
    pub kinds: Vec<MergedKind>,
    /// What its indexes must be.
    pub indexes: Vec<DatabasePart>,
    /// Digest of the state of its records.
    pub state_root: String,
}

pub struct CheckMirror {
    place: String,
    items: Vec<String>,
    scratch: String,
    cancel: Arc<AtomicBool>,
    fault: Fault,
}

#[napi]
impl Task for CheckMirror {
    type Output = CheckedMirror;
    type JsValue = CheckedMirror;

    fn compute(&mut self) -> Result<CheckedMirror> {
        let Self { place, items, scratch, cancel, fault } = self;
        fault.guard(|| {
            let (written, kinds) = check(Path::new(place), items, Path::new(scratch), cancel).map_err(NativeError::from)?;
            Ok(CheckedMirror {
                kinds: kinds.into_iter().map(MergedKind::from).collect(),
                indexes: written.parts.into_iter().map(DatabasePart::from).collect(),
                state_root: written.state.root(),
            })
        })
    }

    fn resolve(&mut self, _env: Env, checked: CheckedMirror) -> Result<CheckedMirror> {
        Ok(checked)
    }

    fn reject(&mut self, env: Env, error: Error) -> Result<CheckedMirror> {
        Err(self.fault.reject(env, error))
    }
}

/// Reads every record and document of a mirror or delta as its indexes name them, and tells what the indexes must be, byte for byte, and the state.
///
/// @param place - absolute path of a bundle, or of the folder that one was unpacked into
/// @param items - what stands in the state for what was withheld
/// @param scratch - absolute path of a folder for what is sorted
/// @param cancel - raise it to stop
/// @returns counts, the indexes with their digests, and the state
/// @throws `bundle/invalid` where an index names what is not there, `blob/absent`, `blob/altered`, `blob/long`, `native/io`, `native/cancelled`
#[napi]
pub fn check_mirror(place: String, items: Vec<String>, scratch: String, cancel: &CancelFlag) -> AsyncTask<CheckMirror> {
    AsyncTask::new(CheckMirror { place, items, scratch, cancel: cancel.shared(), fault: Fault::default() })
}
