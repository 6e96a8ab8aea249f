use std::any::Any;
use std::collections::BTreeMap;
use std::fs::File;
use std::io::BufReader;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc::{Receiver, Sender, channel, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;

use stella_canonical::JsonLimits;
use stella_evidence::EvidenceLimits;

use crate::archive::shown;
use crate::batch::{Batch, Batches, Refused, Stop};
use crate::budget::Budget;
use crate::copy_rows::{HEADER, TRAILER};
use crate::error::IntakeError;
use crate::intake_options::IntakeOptions;
use crate::not_held::NotHeld;
use crate::read_batch::{Done, read_batch};
use crate::splitter::{Member, Splitter};
use crate::upload::Upload;

/// Documents in flight together hold at most this much, but for one larger document alone.
const BUDGET_BYTES: usize = 16 * 1024 * 1024;
/// The upload is read in blocks of this size.
const READ_BYTES: usize = 1024 * 1024;
/// Chunks have at least this much, but for the last …
const CHUNK_BYTES: usize = 1024 * 1024;
/// … and at most this much.
const MAX_CHUNK_BYTES: usize = 4 * 1024 * 1024;
/// JSON values in one document, which bounds the memory of its tree: a crafted one takes some 400 MB, a real one a tenth of it.
const MAX_VALUES: usize = 3_000_000;
/// More threads than this are not started, whatever the options say.
const MAX_THREADS: usize = 64;
/// How many times its size limit a document's records may have.
const RECORDS_GROWTH: usize = 4;

/// What an intake came to.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Summary {
    /// Documents looked at, refused ones included.
    pub read: u64,
    /// Documents not taken, in order.
    pub refused: Vec<Refused>,
    /// What the documents that were taken say beyond their records.
    pub not_held: NotHeld,
}

/// Stops one intake from any thread, also before it is opened.
#[derive(Debug, Clone)]
pub struct Cancel {
    budget: Arc<Budget>,
}

impl Default for Cancel {
    fn default() -> Self {
        Self { budget: Arc::new(Budget::new(BUDGET_BYTES)) }
    }
}

impl Cancel {
    /// Stops the threads of the intake; its next chunk is [`IntakeError::Cancelled`]. An intake that ended is not disturbed.
    pub fn raise(&self) {
        self.budget.cancel();
    }
}

enum Message {
    Done(Done),
    Failed(IntakeError),
}

/// An upload on its way to rows.
pub struct Intake {
    budget: Arc<Budget>,
    results: Receiver<Message>,
    threads: Vec<JoinHandle<()>>,
    waiting: BTreeMap<u64, Done>,
    next_index: u64,
    rows: Vec<u8>,
    taken: usize,
    stage: Stage,
    summary: Summary,
    max_refused: usize,
    max_not_held: usize,
}

#[derive(PartialEq, Clone, Copy)]
enum Stage {
    /// Threads are at work.
    Running,
    /// The stream is whole; its end is still to be taken.
    Written,
    /// Everything was taken.
    Taken,
    Failed,
}

impl Intake {
    /// Opens the upload and starts its threads: one that splits, and `threads` that read documents. `cancel` serves one intake.
    ///
    /// # Errors
    /// [`IntakeError::Io`] when the upload cannot be opened or a thread cannot be started.
    pub fn open(options: IntakeOptions, cancel: &Cancel) -> Result<Self, IntakeError> {
        let file = File::open(&options.path)?;
        let budget = Arc::clone(&cancel.budget);
        let readers = options.threads.clamp(1, MAX_THREADS);
        let (work, batches) = sync_channel(readers * 2);
        let (results, received) = channel();
        let (max_refused, max_not_held) = (options.max_refused, options.max_not_held);
        let (limits, mappings) = (limits(&options), options.mappings.clone());

        let mut threads = Vec::with_capacity(readers + 1);
        let splitter = Batches::new(Arc::clone(&budget), work);
        let (failures, polled) = (results.clone(), Arc::clone(&budget));
        threads.push(spawn("intake-split", results.clone(), move || {
            if let Err(Stop::Failed(error)) = split(file, polled, &options, splitter) {
                let _ = failures.send(Message::Failed(error)); // Nobody listens once the intake is dropped.
            }
        })?);
        let batches = Arc::new(Mutex::new(batches));
        for _ in 0..readers {
            let (batches, budget, out) = (Arc::clone(&batches), Arc::clone(&budget), results.clone());
            let read = {
                let mappings = mappings.clone();
                move |batch| read_batch(batch, &limits, &mappings, &budget)
            };
            threads.push(spawn("intake-read", results.clone(), move || read_batches(&batches, read, &out))?);
        }
        Ok(Self {
            budget,
            results: received,
            threads,
            waiting: BTreeMap::new(),
            next_index: 0,
            rows: HEADER.to_vec(),
            taken: 0,
            stage: Stage::Running,
            summary: Summary::default(),
            max_refused,
            max_not_held,
        })
    }

    /// The next part of the COPY stream, 1 to 4 MiB but for the last, or none after the last. Waits for the reading threads.
    ///
    /// # Errors
    /// What [`IntakeError`] lists. After an error there is nothing more to take.
    pub fn next_chunk(&mut self) -> Result<Option<Vec<u8>>, IntakeError> {
        if self.stage == Stage::Taken {
            return Ok(None);
        }
        let filled = if self.budget.is_cancelled() { Err(IntakeError::Cancelled) } else { self.fill() };
        if let Err(error) = filled {
            let error = if self.budget.is_cancelled() { IntakeError::Cancelled } else { error };
            self.stage = Stage::Failed;
            self.budget.cancel();
            self.join();
            return Err(error);
        }
        let chunk = self.cut();
        if chunk.is_none() {
            self.stage = Stage::Taken;
            self.join();
        }
        Ok(chunk)
    }

    /// What came of the upload; none before the end was taken.
    #[must_use]
    pub fn summary(&self) -> Option<&Summary> {
        (self.stage == Stage::Taken).then_some(&self.summary)
    }

    fn fill(&mut self) -> Result<(), IntakeError> {
        while self.stage == Stage::Running && self.rows.len() - self.taken < CHUNK_BYTES {
            match self.results.recv() {
                Ok(Message::Done(done)) => {
                    self.waiting.insert(done.index, done);
                    self.take_in_order()?;
                }
                Ok(Message::Failed(error)) => return Err(error),
                // The threads ended, by themselves or because they were told to.
                Err(_) if self.budget.is_cancelled() => return Err(IntakeError::Cancelled),
                Err(_) => {
                    self.rows.extend_from_slice(&TRAILER);
                    self.stage = Stage::Written;
                }
            }
        }
        Ok(())
    }

    fn take_in_order(&mut self) -> Result<(), IntakeError> {
        while let Some(done) = self.waiting.remove(&self.next_index) {
            self.next_index += 1;
            self.budget.release(done.held_bytes);
            self.summary.read += done.read;
            self.summary.refused.extend(done.refused);
            self.summary.not_held.merge(done.not_held, self.max_not_held);
            if self.summary.refused.len() > self.max_refused {
                return Err(IntakeError::TooManyRefused(self.max_refused));
            }
            self.rows.drain(..self.taken);
            self.taken = 0;
            self.rows.extend_from_slice(&done.rows);
        }
        Ok(())
    }

    fn cut(&mut self) -> Option<Vec<u8>> {
        let left = self.rows.len() - self.taken;
        if left == 0 {
            return None;
        }
        if left <= MAX_CHUNK_BYTES && self.taken == 0 {
            return Some(std::mem::take(&mut self.rows));
        }
        let end = self.taken + left.min(MAX_CHUNK_BYTES);
        let chunk = self.rows[self.taken..end].to_vec();
        self.taken = end;
        Some(chunk)
    }

    fn join(&mut self) {
        for thread in self.threads.drain(..) {
            let _ = thread.join(); // Its panic was caught and told already.
        }
    }
}

/// Dropped early, its threads are told to end, but not waited for.
impl Drop for Intake {
    fn drop(&mut self) {
        self.budget.cancel();
    }
}

fn limits(options: &IntakeOptions) -> EvidenceLimits {
    EvidenceLimits {
        json: JsonLimits { max_depth: options.max_depth, max_values: MAX_VALUES },
        max_records_bytes: options.max_document_bytes.saturating_mul(RECORDS_GROWTH),
        max_body_bytes: options.max_document_bytes,
    }
}

/// Starts a thread whose panic becomes an error of the intake.
fn spawn(name: &str, results: Sender<Message>, work: impl FnOnce() + Send + 'static) -> Result<JoinHandle<()>, IntakeError> {
    let guarded = move || {
        if let Err(panic) = catch_unwind(AssertUnwindSafe(work)) {
            let _ = results.send(Message::Failed(IntakeError::Internal(panic_text(&*panic))));
        }
    };
    Ok(std::thread::Builder::new().name(name.to_owned()).spawn(guarded)?)
}

fn split(file: File, budget: Arc<Budget>, options: &IntakeOptions, out: Batches) -> Result<(), Stop> {
    let length = file.metadata()?.len();
    let mut reader = BufReader::with_capacity(READ_BYTES, Upload::new(file, Arc::clone(&budget)));
    let name = shown(options.source_uri.as_ref().unwrap_or(&options.source_name).as_bytes());
    let mut splitter = Splitter::new(options, budget, out);
    let upload = Member { name: &name, archives: 0, is_decompressed: false, at: Some((0, length)) };
    splitter.content(&mut reader, upload)?;
    splitter.out.flush()
}

fn read_batches(batches: &Mutex<Receiver<Batch>>, read: impl Fn(Batch) -> Done, out: &Sender<Message>) {
    loop {
        let next = batches.lock().unwrap_or_else(PoisonError::into_inner).recv();
        let Ok(batch) = next else { return };
        if out.send(Message::Done(read(batch))).is_err() {
            return;
        }
    }
}

fn panic_text(panic: &(dyn Any + Send)) -> String {
    let said = panic.downcast_ref::<&str>().map(ToString::to_string).or_else(|| panic.downcast_ref::<String>().cloned());
    said.unwrap_or_else(|| "no message".into())
}
