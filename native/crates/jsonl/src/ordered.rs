use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::thread;

use crate::error::WriteError;
use crate::inspect::{Inspector, Rules, Withheld};
use crate::mismatches::Mismatches;
use crate::range_end::RangeEnds;
use crate::records::{RangeReader, Ranges, Record, Turns};
use crate::reorder::{Item, Piece, Reorder};
use crate::write::Monitor;

/// Makes pieces of the records of one range, on the thread that reads them.
pub trait Maker {
    /// What is made of some records that follow each other.
    type Piece: Piece;

    /// The lines of the piece at hand: the next record's is appended to them.
    fn lines(&mut self) -> &mut Vec<u8>;

    /// A record was appended to the lines, from `begin` on. Gives the piece once it is full.
    ///
    /// # Errors
    /// What ends the whole.
    fn taken(&mut self, record: Record<'_>, begin: usize) -> Result<Option<Self::Piece>, WriteError>;

    /// A record was left out, since it cannot be kept without the credential that it holds.
    ///
    /// # Errors
    /// What ends the whole.
    fn left_out(&mut self, _record: Record<'_>) -> Result<(), WriteError> {
        Ok(())
    }

    /// The piece at hand, where a range ends.
    ///
    /// # Errors
    /// What ends the whole.
    fn end(&mut self) -> Result<Option<Self::Piece>, WriteError>;
}

/// How records are read in their order.
pub struct Ordered<'a, R> {
    /// Where they are read.
    pub ranges: &'a R,
    /// What each must pass.
    pub rules: &'a Rules,
    /// Threads that read.
    pub readers: usize,
    /// What others may see and do meanwhile.
    pub monitor: &'a Monitor,
    /// The flag that the readers of `ranges` poll: it is raised when any thread fails.
    pub stop: &'a Arc<AtomicBool>,
}

impl<R: Ranges> Ordered<'_, R> {
    /// Gives `each` the pieces of all ranges, in the order of records. Each record was checked, and is without credentials.
    ///
    /// # Errors
    /// `record/digest-mismatch`, `record/order`, `record/schema-mismatch`, `record/too-many-credentials`, `native/cancelled`, those of the
    /// source, of the makers and of `each`.
    pub fn read<M: Maker>(
        &self,
        maker: impl Fn() -> Result<M, WriteError> + Sync,
        mut each: impl FnMut(M::Piece) -> Result<(), WriteError>,
    ) -> Result<Vec<Withheld>, WriteError> {
        let readers = self.readers.clamp(1, self.ranges.count().max(1));
        let reorder = Reorder::new(Arc::clone(self.stop), readers);
        let plant = Plant { ranges: self.ranges, rules: self.rules, reorder: &reorder, turns: Turns::default() };
        thread::scope(|scope| {
            for _ in 0..readers {
                scope.spawn(|| plant.work(&maker));
            }
            let outcome = self.drain(&reorder, &mut each);
            if let Err(error) = &outcome {
                reorder.fail(error.clone());
            }
            outcome
        })
    }

    fn drain<P: Piece>(
        &self,
        reorder: &Reorder<P>,
        each: &mut impl FnMut(P) -> Result<(), WriteError>,
    ) -> Result<Vec<Withheld>, WriteError> {
        let mut ends = RangeEnds::new(self.rules.max_withheld);
        let mut left = self.ranges.count();
        while left > 0 {
            match reorder.pop(&self.monitor.cancel)? {
                Item::Piece(piece) => each(piece)?,
                Item::End(end) => {
                    ends.join(end)?;
                    left -= 1;
                }
            }
        }
        Ok(ends.withheld())
    }
}

/// What the reader threads share.
struct Plant<'a, R, P> {
    ranges: &'a R,
    rules: &'a Rules,
    reorder: &'a Reorder<P>,
    turns: Turns,
}

impl<R: Ranges, P: Piece> Plant<'_, R, P> {
    /// One thread: takes the next range until none is left. A panic in it fails the whole, as the writer would wait for ever.
    fn work<M: Maker<Piece = P>>(&self, maker: &(impl Fn() -> Result<M, WriteError> + Sync)) {
        let alarm = Alarm { reorder: self.reorder };
        if let Err(error) = self.read_ranges(maker) {
            self.reorder.fail(error);
        }
        std::mem::forget(alarm);
    }

    fn read_ranges<M: Maker<Piece = P>>(&self, maker: &(impl Fn() -> Result<M, WriteError> + Sync)) -> Result<(), WriteError> {
        let mut maker = maker()?;
        self.turns.take(self.ranges, |range, reader| self.read_range(range, reader, &mut maker))
    }

    fn read_range<M: Maker<Piece = P>>(&self, range: usize, reader: &mut R::Reader, maker: &mut M) -> Result<(), WriteError> {
        let mut inspector = Inspector::new(self.rules);
        let mut mismatches = Mismatches::default();
        reader.read(range, |record| {
            let begin = maker.lines().len();
            let full = match inspector.take(record, maker.lines()) {
                Ok(true) => maker.taken(record, begin)?,
                Ok(false) => {
                    maker.left_out(record)?;
                    None
                }
                Err(error) => {
                    mismatches.keep(error)?;
                    None
                }
            };
            full.map_or(Ok(()), |piece| self.reorder.push(range, Item::Piece(piece)))
        })?;
        mismatches.none()?;
        if let Some(piece) = maker.end()? {
            self.reorder.push(range, Item::Piece(piece))?;
        }
        self.reorder.push(range, Item::End(inspector.end()))
    }
}

/// Dropped only by a panic.
struct Alarm<'a, P: Piece> {
    reorder: &'a Reorder<P>,
}

impl<P: Piece> Drop for Alarm<'_, P> {
    fn drop(&mut self) {
        self.reorder.fail(WriteError::new("internal", "a reader of the native writer panicked"));
    }
}
