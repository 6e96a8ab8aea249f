use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use napi::bindgen_prelude::AsyncTask;
use napi::{Env, Error, Result, Task};
use napi_derive::napi;
use stella_mirror::{Making, Merged, merge_mirrors as merge};

use crate::cancel::CancelFlag;
use crate::database::DatabasePart;
use crate::fault::{Fault, NativeError};
use crate::mirror_file::{MirrorFile, sync};

/// Mirrors and deltas to merge, and how.
#[napi(object)]
pub struct MergeOptions {
    /// Absolute paths of bundles, or of folders that they were unpacked into, the oldest first.
    pub places: Vec<String>,
    /// `mirror`: the first is one, the others are deltas. `delta`: all are deltas.
    #[napi(ts_type = "'mirror' | 'delta'")]
    pub making: String,
    /// What stands in the state for what was withheld.
    pub items: Vec<String>,
    pub file: MirrorFile,
}

/// What was written of one kind.
#[napi(object)]
pub struct MergedKind {
    #[napi(ts_type = "'advisory' | 'vex' | 'sbom'")]
    pub kind: String,
    pub records: f64,
    /// Those of them that are new, as a delta says.
    pub added: f64,
    /// Keys that are taken away.
    pub removed: f64,
}

/// The files of a mirror or delta, one behind the other in a file that is complete and on the disk.
#[napi(object)]
pub struct MergedMirrors {
    pub kinds: Vec<MergedKind>,
    pub parts: Vec<DatabasePart>,
    pub size_bytes: f64,
    /// 64 lower-case hexadecimal characters.
    pub sha256: String,
    /// Digest of the state of what was written.
    pub state_root: String,
}

pub struct MergeMirrors {
    options: MergeOptions,
    cancel: Arc<AtomicBool>,
    fault: Fault,
}

#[napi]
impl Task for MergeMirrors {
    type Output = MergedMirrors;
    type JsValue = MergedMirrors;

    fn compute(&mut self) -> Result<MergedMirrors> {
        let Self { options, cancel, fault } = self;
        fault.guard(|| run(options, cancel))
    }

    fn resolve(&mut self, _env: Env, merged: MergedMirrors) -> Result<MergedMirrors> {
        Ok(merged)
    }

    fn reject(&mut self, env: Env, error: Error) -> Result<MergedMirrors> {
        Err(self.fault.reject(env, error))
    }
}

/// Merges the data files of mirrors and deltas into one file: of a key the last that speaks of it is believed. A mirror comes out as a run of
/// the same plan writes it, byte for byte.
///
/// @param options - what is merged, and the file
/// @param cancel - raise it to stop
/// @returns counts, the files with their digests, and the state
/// @throws `bundle/invalid` where an index lies, `blob/absent`, `blob/altered`, `blob/long`, `blob/full`, `native/io`, `native/cancelled`
///
/// Memory: `memoryBytes` and some groups, however many records there are. Source: docs/formats/mirror.md.
#[napi]
pub fn merge_mirrors(options: MergeOptions, cancel: &CancelFlag) -> AsyncTask<MergeMirrors> {
    AsyncTask::new(MergeMirrors { options, cancel: cancel.shared(), fault: Fault::default() })
}

fn run(options: &MergeOptions, cancel: &Arc<AtomicBool>) -> std::result::Result<MergedMirrors, NativeError> {
    let places: Vec<PathBuf> = options.places.iter().map(PathBuf::from).collect();
    let making = if options.making == "delta" { Making::Delta } else { Making::Mirror };
    let scratch = Path::new(&options.file.scratch);
    let (file, written, kinds) = merge(options.file.create()?, &places, making, &options.items, scratch, cancel)?;
    sync(&file)?;
    Ok(MergedMirrors {
        kinds: kinds.into_iter().map(MergedKind::from).collect(),
        parts: written.parts.into_iter().map(DatabasePart::from).collect(),
        size_bytes: written.size_bytes as f64,
        sha256: written.sha256,
        state_root: written.state.root(),
    })
}

impl From<Merged> for MergedKind {
    fn from(Merged { kind, records, added, removed }: Merged) -> Self {
        Self { kind: kind.name().into(), records: records as f64, added: added as f64, removed: removed as f64 }
    }
}
