use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use stella_projection::Projection;

use crate::error::WriteError;
use crate::inspect::{Inspector, Rules, Withheld};
use crate::mismatches::Mismatches;
use crate::range_end::{RangeEnd, RangeEnds};
use crate::records::{RangeReader, Ranges, Turns};
use crate::write::Monitor;

/// How often it is looked whether the work was cancelled.
const POLL: Duration = Duration::from_millis(20);

/// Takes records one after the other, in no order.
pub trait Taker: Send {
    /// Takes one record as it may leave: checked, and without credentials.
    ///
    /// # Errors
    /// What ends the whole.
    fn take(&mut self, key: &[u8], body: &[u8]) -> Result<(), WriteError>;
}

/// What was given to takers.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Collected {
    /// Records taken.
    pub records: u64,
    /// Credentials kept from them, in order of record.
    pub withheld: Vec<Withheld>,
}

/// Gives every record of all ranges to one of `takers`, each on a thread of its own. Records are checked as `write_json_lines` does.
///
/// `stop` must be the flag that the readers of `ranges` poll: it is raised when any thread fails.
///
/// # Errors
/// As `write_json_lines`, and those of the takers.
pub fn collect<R: Ranges, T: Taker>(
    ranges: &R,
    (projection, max_withheld): (Projection, usize),
    takers: Vec<T>,
    monitor: &Monitor,
    stop: &Arc<AtomicBool>,
) -> Result<(Vec<T>, Collected), WriteError> {
    let rules = Rules::new(projection, max_withheld);
    let work = Work { ranges, rules: &rules, turns: Turns::default(), monitor, stop, ended: Mutex::default() };
    let outcomes: Vec<Result<T, WriteError>> = thread::scope(|scope| {
        let threads: Vec<_> = takers.into_iter().map(|taker| scope.spawn(|| work.run(taker))).collect();
        while !threads.iter().all(thread::ScopedJoinHandle::is_finished) {
            if monitor.cancel.load(Ordering::Relaxed) {
                stop.store(true, Ordering::Relaxed);
            }
            thread::sleep(POLL);
        }
        let panicked = |_| Err(WriteError::new("internal", "a reader of the native writer panicked"));
        threads.into_iter().map(|thread| thread.join().unwrap_or_else(panicked)).collect()
    });
    if monitor.cancel.load(Ordering::Relaxed) {
        return Err(WriteError::cancelled());
    }
    // What stopped the others comes before their being stopped.
    let mut takers = Vec::with_capacity(outcomes.len());
    let mut failure: Option<WriteError> = None;
    for outcome in outcomes {
        match outcome {
            Ok(taker) => takers.push(taker),
            Err(error) if failure.as_ref().is_none_or(|first| first.code == "native/cancelled") => failure = Some(error),
            Err(_) => {}
        }
    }
    match failure {
        Some(failure) => Err(failure),
        None => Ok((takers, joined(work.ended.into_inner().unwrap_or_else(PoisonError::into_inner), max_withheld)?)),
    }
}

struct Work<'a, R> {
    ranges: &'a R,
    rules: &'a Rules,
    turns: Turns,
    monitor: &'a Monitor,
    stop: &'a AtomicBool,
    ended: Mutex<Ended>,
}

/// Ranges that were read: how many records were taken of each, and how it ended.
type Ended = BTreeMap<usize, (u64, RangeEnd)>;

impl<R: Ranges> Work<'_, R> {
    fn run<T: Taker>(&self, mut taker: T) -> Result<T, WriteError> {
        let read = self.read_ranges(&mut taker);
        if read.is_err() {
            self.stop.store(true, Ordering::Relaxed);
        }
        read.map(|()| taker)
    }

    fn read_ranges(&self, taker: &mut impl Taker) -> Result<(), WriteError> {
        let mut body = Vec::new();
        self.turns.take(self.ranges, |range, reader| self.read_range(range, reader, &mut body, taker))
    }

    fn read_range(&self, range: usize, reader: &mut R::Reader, body: &mut Vec<u8>, taker: &mut impl Taker) -> Result<(), WriteError> {
        let mut inspector = Inspector::new(self.rules);
        let mut mismatches = Mismatches::default();
        let mut records = 0;
        reader.read(range, |record| {
            body.clear();
            match inspector.take(record, body) {
                Ok(true) => {
                    records += 1;
                    self.monitor.records.fetch_add(1, Ordering::Relaxed);
                    taker.take(record.key, body.strip_suffix(b"\n").unwrap_or(body))
                }
                Ok(false) => Ok(()),
                Err(error) => mismatches.keep(error),
            }
        })?;
        mismatches.none()?;
        self.ended.lock().unwrap_or_else(PoisonError::into_inner).insert(range, (records, inspector.end()));
        Ok(())
    }
}

fn joined(ended: Ended, max_withheld: usize) -> Result<Collected, WriteError> {
    let (mut records, mut ends) = (0, RangeEnds::new(max_withheld));
    for (of_range, end) in ended.into_values() {
        records += of_range;
        ends.join(end)?;
    }
    Ok(Collected { records, withheld: ends.withheld() })
}
