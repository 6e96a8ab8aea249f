//! A thread that unpacks `.jsonl.zst` members and counts their lines, while the caller reads on.

use std::ops::Range;
use std::panic::resume_unwind;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread::{self, JoinHandle};

use zstd::stream::raw::{DParameter, Decoder, InBuffer, Operation, OutBuffer};

use crate::json_lines::JsonLines;
use crate::report::ScanLimits;

/// Members whose lines are counted.
pub const SUFFIX: &str = ".jsonl.zst";

const QUEUED_PIECES: usize = 2;
const TEXT_BYTES: usize = 256 * 1024;
/// Largest window of a frame inside of a member: 32 MiB.
const WINDOW_LOG: u32 = 25;

/// Number of a member, and its lines or what is wrong with them.
pub type LineCount = (usize, Result<u64, String>);

enum Job {
    Piece(usize, Arc<Vec<u8>>, Range<usize>),
    End(usize),
}

/// The thread; one member at a time, in pieces.
pub struct LineThread {
    jobs: SyncSender<Job>,
    thread: JoinHandle<Vec<LineCount>>,
}

impl LineThread {
    pub fn start(limits: ScanLimits, cancel: Arc<AtomicBool>) -> Self {
        let (jobs, received) = sync_channel(QUEUED_PIECES);
        let thread = thread::spawn(move || count(&received, limits, &cancel));
        Self { jobs, thread }
    }

    /// The next packed bytes of a member. A thread that is gone shows at `finish`.
    pub fn piece(&self, member: usize, bytes: Arc<Vec<u8>>, range: Range<usize>) {
        let _gone = self.jobs.send(Job::Piece(member, bytes, range));
    }

    /// A member is complete. Without it nothing is answered for that member.
    pub fn end(&self, member: usize) {
        let _gone = self.jobs.send(Job::End(member));
    }

    /// Waits for all counts, in the order of members.
    pub fn finish(self) -> Vec<LineCount> {
        drop(self.jobs);
        self.thread.join().unwrap_or_else(|panic| resume_unwind(panic))
    }
}

fn count(jobs: &Receiver<Job>, limits: ScanLimits, cancel: &AtomicBool) -> Vec<LineCount> {
    let mut counts = Vec::new();
    let mut budget = limits.max_total_bytes;
    let mut current: Option<(usize, Result<Unpacking, String>)> = None;
    for job in jobs {
        let (Job::Piece(member, ..) | Job::End(member)) = &job;
        let (begun, state) = current.take().filter(|(begun, _)| begun == member).unwrap_or_else(|| (*member, Unpacking::new(&limits)));
        match job {
            Job::Piece(_, bytes, range) => {
                let state = state.and_then(|mut unpacking| {
                    unpacking.push(&bytes[range], &mut budget, cancel)?;
                    Ok(unpacking)
                });
                current = Some((begun, state));
            }
            Job::End(_) => counts.push((begun, state.and_then(Unpacking::finish))),
        }
    }
    counts
}

struct Unpacking {
    decoder: Decoder<'static>,
    text: Vec<u8>,
    lines: JsonLines,
    in_frame: bool,
}

impl Unpacking {
    fn new(limits: &ScanLimits) -> Result<Self, String> {
        let mut decoder = Decoder::new().map_err(|error| error.to_string())?;
        decoder.set_parameter(DParameter::WindowLogMax(WINDOW_LOG)).map_err(|error| error.to_string())?;
        Ok(Self { decoder, text: vec![0; TEXT_BYTES], lines: JsonLines::new(limits.max_line_bytes), in_frame: false })
    }

    fn push(&mut self, packed: &[u8], budget: &mut u64, cancel: &AtomicBool) -> Result<(), String> {
        let mut input = InBuffer::around(packed);
        let mut room_left = true;
        while input.pos() < packed.len() || !room_left {
            let before = input.pos();
            let mut output = OutBuffer::around(&mut self.text[..]);
            let hint = self.decoder.run(&mut input, &mut output).map_err(|error| format!("its lines cannot be unpacked: {error}"))?;
            let unpacked = output.pos();
            room_left = unpacked < TEXT_BYTES;
            if unpacked > 0 || input.pos() > before {
                self.in_frame = hint != 0;
            }
            *budget = budget.checked_sub(unpacked as u64).ok_or("its lines go beyond the limit of unpacked bytes")?;
            self.lines.push(&self.text[..unpacked])?;
            if cancel.load(Ordering::Relaxed) {
                return Err("the work was cancelled".into());
            }
        }
        Ok(())
    }

    fn finish(self) -> Result<u64, String> {
        if self.in_frame {
            return Err("its lines cannot be unpacked: the last zstd frame is cut short".into());
        }
        self.lines.finish()
    }
}
