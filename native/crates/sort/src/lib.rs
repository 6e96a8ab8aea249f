//! External merge sort: pairs of keys and values in the order of their bytes, the key first, whatever their number.
//!
//! A [`Sorter`] fills its memory, sorts what is there and writes it to a file of its own as a run; [`merge`] reads all runs of one or
//! of several sorters side by side. Equal pairs all come out. The order is total, so what comes out does not depend on the memory, on
//! the order of pushing, or on which sorter took a pair.

#![warn(missing_docs)]

mod ahead;
mod merge;
mod run;
mod sorter;

pub use ahead::Sorted;
pub use merge::merge;
pub use sorter::Sorter;
