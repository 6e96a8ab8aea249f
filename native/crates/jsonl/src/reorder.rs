use std::collections::{BTreeMap, VecDeque};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::error::WriteError;
use crate::range_end::RangeEnd;

/// Bytes of pieces that may wait for their turn, where ranges are long.
const WAITING_BYTES: usize = 16 * 1024 * 1024;
/// Pieces of the range at hand that may wait for the disk.
const AHEAD_PIECES: usize = 4;
/// How often a waiting writer looks whether it was cancelled.
const POLL: Duration = Duration::from_millis(50);

/// What readers make of records that follow each other.
pub trait Piece: Send {
    /// About the memory that it takes while it waits, in bytes.
    fn bytes(&self) -> usize;
}

/// What readers hand to the writer.
pub(crate) enum Item<P> {
    Piece(P),
    /// Comes once for each range, after its pieces.
    End(RangeEnd),
}

/// Puts what several readers make into the order of ranges, and makes those wait that are too far ahead.
pub(crate) struct Reorder<P> {
    state: Mutex<State<P>>,
    changed: Condvar,
    /// Raised at the first failure; readers' sessions poll it.
    stop: Arc<AtomicBool>,
    /// Ranges in work at a time: as many as there are readers, so that what waits does not grow with the number of ranges.
    window: usize,
}

struct State<P> {
    queues: BTreeMap<usize, VecDeque<Item<P>>>,
    turn: usize,
    waiting_bytes: usize,
    failure: Option<WriteError>,
}

impl<P: Piece> Reorder<P> {
    pub(crate) fn new(stop: Arc<AtomicBool>, window: usize) -> Self {
        let state = State { queues: BTreeMap::new(), turn: 0, waiting_bytes: 0, failure: None };
        Self { state: Mutex::new(state), changed: Condvar::new(), stop, window }
    }

    /// Keeps the first failure, and stops everyone.
    pub(crate) fn fail(&self, error: WriteError) {
        self.lock().failure.get_or_insert(error);
        self.stop.store(true, Ordering::Relaxed);
        self.changed.notify_all();
    }

    /// Hands over an item. Waits while the reader is too far ahead of the writer.
    pub(crate) fn push(&self, range: usize, item: Item<P>) -> Result<(), WriteError> {
        let mut state = self.lock();
        while state.failure.is_none() && state.is_ahead(range, self.window) {
            state = self.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
        if let Some(failure) = &state.failure {
            return Err(failure.clone());
        }
        if let Item::Piece(piece) = &item {
            state.waiting_bytes += piece.bytes();
        }
        state.queues.entry(range).or_default().push_back(item);
        drop(state);
        self.changed.notify_all();
        Ok(())
    }

    /// The next item in the order of ranges. Waits for it, polling `cancel`.
    pub(crate) fn pop(&self, cancel: &AtomicBool) -> Result<Item<P>, WriteError> {
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

    fn lock(&self) -> MutexGuard<'_, State<P>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<P: Piece> State<P> {
    /// The range at hand never waits for later ones, or nobody would move.
    fn is_ahead(&self, range: usize, window: usize) -> bool {
        if range == self.turn {
            return self.queues.get(&range).is_some_and(|queue| queue.len() >= AHEAD_PIECES);
        }
        range >= self.turn + window || self.waiting_bytes >= WAITING_BYTES
    }

    fn take(&mut self) -> Option<Item<P>> {
        let item = self.queues.get_mut(&self.turn)?.pop_front()?;
        match &item {
            Item::Piece(piece) => self.waiting_bytes -= piece.bytes(),
            Item::End(_) => {
                self.queues.remove(&self.turn);
                self.turn += 1;
            }
        }
        Some(item)
    }
}
