use std::path::Path;

use napi::bindgen_prelude::AsyncTask;
use napi::{Env, Error, Result, Task};
use napi_derive::napi;
use stella_jsonl::Monitor;
use stella_mirror::{DeltaKind, DeltaWriter, Kind, State};

use crate::cancel::CancelFlag;
use crate::database::DatabasePart;
use crate::fault::{Fault, NativeError};
use crate::mirror_file::{MirrorFile, sync};
use crate::write_json_lines::{ConnectionOptions, WithheldCredential, invalid, monitor};
use crate::write_mirror::{Ledger, Reading};

/// What of one kind a delta is made of.
#[napi(object)]
pub struct DeltaSource {
    /// `advisory`, `vex` or `sbom`.
    pub kind: String,
    /// Text of the mapping document that every record must pass.
    pub mapping: String,
    /// SELECT, as of a mirror, of the versions that were there and are not any more, in order of key.
    pub before: String,
    /// The same of those that are there and were not.
    pub after: String,
}

/// What a delta is made of, and how.
#[napi(object)]
pub struct DeltaOptions {
    pub connection: ConnectionOptions,
    /// Set as `app.tenant_id` in each session.
    pub tenant_id: String,
    pub sources: Vec<DeltaSource>,
    /// State of the mirror that the delta is for, in base64.
    pub state: String,
    /// Most credentials that may be withheld of one source.
    pub max_withheld: u32,
    pub file: MirrorFile,
}

/// What a delta has of one kind.
#[napi(object)]
pub struct DeltaOfKind {
    pub added: f64,
    pub changed: f64,
    pub removed: f64,
    /// Credentials that are kept back now, and were not before; in order of record.
    pub withheld: Vec<WithheldCredential>,
    /// Those that were kept back before, and are not now.
    pub no_longer_withheld: Vec<WithheldCredential>,
}

/// The files of a delta, one behind the other in a file that is complete and on the disk.
#[napi(object)]
pub struct WrittenDelta {
    /// In the order of the options.
    pub sources: Vec<DeltaOfKind>,
    pub parts: Vec<DatabasePart>,
    pub size_bytes: f64,
    /// 64 lower-case hexadecimal characters.
    pub sha256: String,
    /// State of the mirror that applying the delta makes, in base64, and its digest.
    pub state: String,
    pub state_root: String,
}

pub struct WriteDelta {
    options: DeltaOptions,
    monitor: Monitor,
    fault: Fault,
}

#[napi]
impl Task for WriteDelta {
    type Output = WrittenDelta;
    type JsValue = WrittenDelta;

    fn compute(&mut self) -> Result<WrittenDelta> {
        let Self { options, monitor, fault } = self;
        fault.guard_cancelled(&monitor.cancel, || run(options, monitor))
    }

    fn resolve(&mut self, _env: Env, written: WrittenDelta) -> Result<WrittenDelta> {
        Ok(written)
    }

    fn reject(&mut self, env: Env, error: Error) -> Result<WrittenDelta> {
        Err(self.fault.reject(env, error))
    }
}

/// Writes the data files of a delta, one behind the other in one file: for each kind the records that are new or other, with their documents, an
/// index over them, and the keys that are gone.
///
/// @param options - the database, what is compared, and the file
/// @param cancel - raise it to stop
/// @returns counts, the files with their digests, what was withheld, and the state that the delta makes
/// @throws as `writeMirror`; `request/invalid` for a state that is none
///
/// Memory: `memoryBytes`, some groups and batches, however many records there are. Source: docs/formats/mirror.md.
#[napi]
pub fn write_delta(options: DeltaOptions, cancel: &CancelFlag) -> AsyncTask<WriteDelta> {
    AsyncTask::new(WriteDelta { options, monitor: monitor(cancel, None), fault: Fault::default() })
}

fn run(options: &DeltaOptions, monitor: &Monitor) -> std::result::Result<WrittenDelta, NativeError> {
    let state = State::decode(&options.state).ok_or_else(|| NativeError::new("request/invalid", "the state of the base is none"))?;
    let ledger = Ledger::of(&options.connection, &options.tenant_id, 1, options.max_withheld)?;
    let mut delta = DeltaWriter::new(options.file.create()?, state, Path::new(&options.file.scratch));
    let mut sources = Vec::new();
    for DeltaSource { kind, mapping, before, after } in &options.sources {
        let kind = Kind::of_name(kind).ok_or_else(|| invalid(format!("a mirror holds no {kind}")))?;
        let read = |query: &String| -> stella_mirror::Read<'_> {
            let queries = vec![query.clone()];
            let ledger = &ledger;
            Box::new(move |each| Reading { kind, ledger, mapping, queries: &queries }.read(monitor, each))
        };
        let found;
        (delta, found) = delta.kind(kind, (read(before), read(after)))?;
        sources.push(found.into());
    }
    let (file, written, state) = delta.finish()?;
    sync(&file)?;
    Ok(WrittenDelta {
        sources,
        parts: written.parts.into_iter().map(DatabasePart::from).collect(),
        size_bytes: written.size_bytes as f64,
        sha256: written.sha256,
        state: state.encode(),
        state_root: state.root(),
    })
}

impl From<DeltaKind> for DeltaOfKind {
    fn from(DeltaKind { added, changed, removed, withheld, no_longer_withheld }: DeltaKind) -> Self {
        Self {
            added: added as f64,
            changed: changed as f64,
            removed: removed as f64,
            withheld: withheld.into_iter().map(WithheldCredential::from).collect(),
            no_longer_withheld: no_longer_withheld.into_iter().map(WithheldCredential::from).collect(),
        }
    }
}
