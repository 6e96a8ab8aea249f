use std::cmp::Ordering;
use std::collections::BinaryHeap;
use std::collections::binary_heap::PeekMut;
use std::io;

use crate::ahead::Sorted;
use crate::run::RunReader;
use crate::sorter::Sorter;

/// Memory that the runs are read through, shared among them.
const READ_BYTES: usize = 16 << 20;
/// Least of it for one run: below, reading is slow.
const MIN_READ_BYTES: usize = 16 << 10;
const MAX_READ_BYTES: usize = 1 << 20;

/// Runs side by side.
pub(crate) struct Merge {
    /// Readers whose pair at hand was not given yet, the least on top.
    readers: BinaryHeap<Head>,
    /// Whether the pair on top was given.
    given: bool,
}

/// Ends the sorters; all that they took comes out in order.
///
/// # Errors
/// Of writing or reading runs.
pub fn merge(sorters: Vec<Sorter>) -> io::Result<Sorted> {
    let mut runs = Vec::new();
    for sorter in sorters {
        runs.append(&mut sorter.into_runs()?);
    }
    let buffer_bytes = (READ_BYTES / runs.len().max(1)).clamp(MIN_READ_BYTES, MAX_READ_BYTES);
    let mut readers = BinaryHeap::with_capacity(runs.len());
    for run in runs {
        let mut reader = RunReader::new(run, buffer_bytes);
        if reader.advance()? {
            readers.push(Head(reader));
        }
    }
    Ok(Sorted::new(Merge { readers, given: false }))
}

impl Merge {
    /// The next key and its value; `None` after the last.
    pub(crate) fn next(&mut self) -> io::Result<Option<(&[u8], &[u8])>> {
        if self.given
            && let Some(mut top) = self.readers.peek_mut()
            && !top.0.advance()?
        {
            PeekMut::pop(top);
        }
        self.given = true;
        Ok(self.readers.peek().map(|head| head.0.pair()))
    }
}

/// A heap has its greatest on top: here the reader whose pair is the least.
struct Head(RunReader);

impl Ord for Head {
    fn cmp(&self, other: &Self) -> Ordering {
        other.0.pair().cmp(&self.0.pair())
    }
}

impl PartialOrd for Head {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Head {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Head {}
