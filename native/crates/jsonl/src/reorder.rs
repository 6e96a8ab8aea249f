use std::collections::{BTreeMap, VecDeque};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::error::WriteError;
use crate::frame::Frame;
use crate::range_end::RangeEnd;

/// Compressed bytes that may wait for their turn, where ranges are long or do not compress.
const WAITING_BYTES: usize = 16 * 1024 * 1024;
/// Frames of the range at hand that may wait for the disk.
const AHEAD_FRAMES: usize = 4;
/// How often a waiting writer looks whether it was cancelled.
const POLL: Duration = Duration::from_millis(50);

/// What readers hand to the writer.
pub(crate) enum Item {
    Frame(Frame),
    /// Comes once for each range, after its frames.
    End(RangeEnd),
}

/// Puts what several readers make into the order of ranges, and makes those wait that are too far ahead.
pub(crate) struct Reorder {
    state: Mutex<State>,
    changed: Condvar,
    /// Raised at the first failure; readers' sessions poll it.
    stop: Arc<AtomicBool>,
    /// Ranges in work at a time: as many as there are readers, so that what waits does not grow with the number of ranges.
    window: usize,
}

#[derive(Default)]
struct State {
    queues: BTreeMap<usize, VecDeque<Item>>,
    turn: usize,
    waiting_bytes: usize,
    spare: Vec<Vec<u8>>,
    failure: Option<WriteError>,
}

impl Reorder {
    pub(crate) fn new(stop: Arc<AtomicBool>, window: usize) -> Self {
        Self { state: Mutex::default(), changed: Condvar::new(), stop, window }
    }

    /// Keeps the first failure, and stops everyone.
    pub(crate) fn fail(&self, error: WriteError) {
        self.lock().failure.get_or_insert(error);
        self.stop.store(true, Ordering::Relaxed);
        self.changed.notify_all();
    }

    /// Hands over an item. Waits while the reader is too far ahead of the writer.
    pub(crate) fn push(&self, range: usize, item: Item) -> Result<(), WriteError> {
        let mut state = self.lock();
        while state.failure.is_none() && state.is_ahead(range, self.window) {
            state = self.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
        if let Some(failure) = &state.failure {
            return Err(failure.clone());
        }
        if let Item::Frame(frame) = &item {
            state.waiting_bytes += frame.bytes.len();
        }
        state.queues.entry(range).or_default().push_back(item);
        drop(state);
        self.changed.notify_all();
        Ok(())
    }

    /// The next item in the order of ranges. Waits for it, polling `cancel`.
    pub(crate) fn pop(&self, cancel: &AtomicBool) -> Result<Item, WriteError> {
        let mut state = self.lock();
        loop {
            if cancel.load(Ordering::Relaxed) {
                return Err(WriteError::cancelled());
            }
            if let Some(failure) = &state.failure {
                return Err(failure.clone());
            }
            if let Some(item) = state.take() {
                drop(state);
                self.changed.notify_all();
                return Ok(item);
            }
            state = self.changed.wait_timeout(state, POLL).unwrap_or_else(PoisonError::into_inner).0;
        }
    }

    /// A buffer for the next frame, used before where there is one.
    pub(crate) fn spare(&self) -> Vec<u8> {
        self.lock().spare.pop().unwrap_or_default()
    }

    /// Gives a buffer back. That of an oversized frame is not kept.
    pub(crate) fn give_back(&self, buffer: Vec<u8>, keep_bytes: usize) {
        if buffer.capacity() <= keep_bytes {
            self.lock().spare.push(buffer);
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// The range at hand never waits for later ones, or nobody would move.
    fn is_ahead(&self, range: usize, window: usize) -> bool {
        if range == self.turn {
            return self.queues.get(&range).is_some_and(|queue| queue.len() >= AHEAD_FRAMES);
        }
        range >= self.turn + window || self.waiting_bytes >= WAITING_BYTES
    }

    fn take(&mut self) -> Option<Item> {
        let item = self.queues.get_mut(&self.turn)?.pop_front()?;
        match &item {
            Item::Frame(frame) => self.waiting_bytes -= frame.bytes.len(),
            Item::End(_) => {
                self.queues.remove(&self.turn);
                self.turn += 1;
            }
        }
        Some(item)
    }
}
