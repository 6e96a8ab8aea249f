use std::sync::{Arc, Mutex, PoisonError};

use napi::bindgen_prelude::{AsyncTask, Buffer};
use napi::{Env, Error, Result, Task};
use napi_derive::napi;
use stella_intake::{ArchiveLimits, Cancel, Format, Intake as Stream, IntakeError, IntakeOptions as StreamOptions, Mappings, Summary};
use stella_projection::Projection;

use crate::fault::{Fault, NativeError};

/// What to take in, and its bounds.
#[napi(object, use_nullable = true)]
pub struct IntakeOptions {
    /// Absolute path of the spooled upload.
    pub path: String,
    /// Names the upload in sources and refusals, where it is no archive and `sourceUri` is null.
    pub source_name: String,
    pub source_uri: Option<String>,
    /// `auto`, or `maven-index` for files whose rows are of an index of a Maven repository.
    pub format: String,
    /// Largest document, largest line, and largest record in canonical form, in bytes.
    pub max_document_bytes: u32,
    /// Containers within containers in one document; at most 512 is honoured.
    pub max_depth: u32,
    /// Members of all archives together.
    pub max_archive_entries: u32,
    /// Bytes that all compressed data decompresses to.
    pub max_decompressed_bytes: f64,
    /// How many times its compressed size a stream may have, once it is over `ratioFreeBytes`.
    pub max_compression_ratio: u32,
    pub ratio_free_bytes: u32,
    /// Archives within each other.
    pub max_archive_nesting: u32,
    /// Base-2 logarithm of the largest zstd window, 10 to 31.
    pub max_zstd_window_log: u32,
    /// Refused documents; with one more the intake fails.
    pub max_refused: u32,
    /// Paths that `notHeld` of the summary names at most.
    pub max_not_held: u32,
    /// What exports take of advisories, and of VEX statements: mapping documents, as JSON.
    pub advisory_mapping: String,
    pub vex_mapping: String,
    /// Threads that read documents, 1 to 64. They do not change the bytes.
    pub threads: u32,
}

/// A document that was not taken.
#[napi(object)]
pub struct RefusedDocument {
    /// Name of the file, with `:line` in JSON lines.
    pub source: String,
    /// `line:column`, a JSON pointer, or `byte N` in an archive.
    pub position: String,
    pub reason: String,
}

/// A member that documents have and no export carries.
#[napi(object, use_nullable = true)]
pub struct NotHeldPath {
    pub format: String,
    /// A JSON pointer with `*` for every index.
    pub path: String,
    /// Documents that have it.
    pub documents: f64,
    /// Key of the first record that has it, where a run that takes it fails; null where the record is without it.
    pub record: Option<String>,
    /// Why such a run fails.
    pub reason: Option<String>,
}

/// What an intake came to.
#[napi(object)]
pub struct IntakeSummary {
    /// Documents looked at, refused ones included.
    pub read: f64,
    /// In order of the upload.
    pub refused: Vec<RefusedDocument>,
    /// What the documents taken say and no export carries, by format and path; first what fails runs.
    pub not_held: Vec<NotHeldPath>,
    /// Whether there were more paths than `maxNotHeld`.
    pub not_held_more: bool,
}

/// Where the stream is: its threads start with the first chunk.
enum State {
    Waiting(StreamOptions),
    Open(Box<Stream>),
    Failed,
}

pub struct NextChunk {
    state: Arc<Mutex<State>>,
    cancel: Cancel,
    fault: Fault,
}

#[napi] // Above the export: declared below it, the generated type is Promise<unknown>.
impl Task for NextChunk {
    type Output = Option<Vec<u8>>;
    type JsValue = Option<Buffer>;

    fn compute(&mut self) -> Result<Option<Vec<u8>>> {
        let Self { state, cancel, fault } = self;
        fault.guard(|| next_chunk(&mut state.lock().unwrap_or_else(PoisonError::into_inner), cancel).map_err(named))
    }

    fn resolve(&mut self, _env: Env, chunk: Option<Vec<u8>>) -> Result<Option<Buffer>> {
        Ok(chunk.map(Buffer::from))
    }

    fn reject(&mut self, env: Env, error: Error) -> Result<Option<Buffer>> {
        Err(self.fault.reject(env, error))
    }
}

/// An upload on its way to rows of COPY BINARY.
#[napi]
pub struct Intake {
    state: Arc<Mutex<State>>,
    cancel: Cancel,
}

#[napi]
impl Intake {
    /// @throws Error where a mapping cannot be read, or the format is none
    #[napi(constructor, catch_unwind)]
    pub fn new(options: IntakeOptions) -> Result<Self> {
        let compiled = |mapping: &str| Projection::compile(mapping).map(Arc::new).map_err(|error| Error::from_reason(error.to_string()));
        let mappings = Mappings { advisory: Some(compiled(&options.advisory_mapping)?), vex: Some(compiled(&options.vex_mapping)?) };
        let format = match options.format.as_str() {
            "auto" => Format::Auto,
            "maven-index" => Format::MavenIndex,
            other => return Err(Error::from_reason(format!("no format {other}"))),
        };
        let options = StreamOptions {
            format,
            path: options.path.into(),
            source_name: options.source_name,
            source_uri: options.source_uri,
            max_document_bytes: options.max_document_bytes as usize,
            max_depth: options.max_depth as usize,
            archives: ArchiveLimits {
                max_entries: options.max_archive_entries.into(),
                max_decompressed_bytes: options.max_decompressed_bytes as u64,
                max_ratio: options.max_compression_ratio.into(),
                ratio_free_bytes: options.ratio_free_bytes.into(),
                max_nesting: options.max_archive_nesting,
                max_window_log: options.max_zstd_window_log,
            },
            max_refused: options.max_refused as usize,
            max_not_held: options.max_not_held as usize,
            mappings,
            threads: options.threads as usize,
        };
        Ok(Self { state: Arc::new(Mutex::new(State::Waiting(options))), cancel: Cancel::default() })
    }

    /// The next 1 to 4 MiB of the stream, or null after its end. Calls are answered one after the other.
    ///
    /// @throws `native/io`, `ingest/too-many-refused`, `native/cancelled`, `internal`
    #[napi]
    pub fn next(&self) -> AsyncTask<NextChunk> {
        AsyncTask::new(NextChunk { state: Arc::clone(&self.state), cancel: self.cancel.clone(), fault: Fault::default() })
    }

    /// Counts and refusals once `next` answered null; null before.
    #[napi(catch_unwind)]
    pub fn summary(&self) -> Option<IntakeSummary> {
        let state = self.state.try_lock().ok()?; // Held only while a chunk is awaited: then there is no summary yet.
        if let State::Open(stream) = &*state { stream.summary().map(IntakeSummary::from) } else { None }
    }

    /// Stops the threads; a chunk that is awaited, and any later one, rejects with `native/cancelled`. After the end it does nothing.
    #[napi(catch_unwind)]
    pub fn cancel(&self) {
        self.cancel.raise();
    }
}

impl From<&Summary> for IntakeSummary {
    fn from(summary: &Summary) -> Self {
        let refused = summary.refused.iter().cloned();
        let refused = refused.map(|refused| RefusedDocument { source: refused.source, position: refused.position, reason: refused.reason });
        let not_held = summary.not_held.iter();
        let not_held = not_held.map(|told| NotHeldPath {
            format: told.format.to_owned(),
            path: told.path.to_owned(),
            documents: told.documents as f64,
            record: told.fails.map(|(record, _)| record.to_owned()),
            reason: told.fails.map(|(_, reason)| reason.to_owned()),
        });
        Self {
            read: summary.read as f64,
            refused: refused.collect(),
            not_held: not_held.collect(),
            not_held_more: summary.not_held.has_more(),
        }
    }
}

fn next_chunk(state: &mut State, cancel: &Cancel) -> std::result::Result<Option<Vec<u8>>, IntakeError> {
    if let State::Waiting(options) = state {
        let opened = Stream::open(options.clone(), cancel);
        *state = State::Failed;
        *state = State::Open(Box::new(opened?));
    }
    match state {
        State::Open(stream) => stream.next_chunk(),
        State::Waiting(_) | State::Failed => Err(IntakeError::Internal("the upload could not be opened before".into())),
    }
}

fn named(error: IntakeError) -> NativeError {
    let code = match &error {
        IntakeError::Io(_) => "native/io",
        IntakeError::TooManyRefused(_) => "ingest/too-many-refused",
        IntakeError::Cancelled => "native/cancelled",
        IntakeError::Internal(_) => "internal",
    };
    NativeError::new(code, error.to_string())
}
