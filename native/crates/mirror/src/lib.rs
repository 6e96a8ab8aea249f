//! Mirrors: everything that a ledger holds within a scope, for a site that has no network.
//!
//! Records and the documents they were made of lie in groups of about 4 MiB that are cut by content ([`group`]), so that what changes in
//! one place changes the files of that place alone. An index over each kind says where every record lies, and by which names it is found
//! ([`index`]). One digest stands for all that a mirror holds ([`State`]); it can be told from a change alone, so a delta names that of
//! the mirror it makes. Source: docs/formats/mirror.md.

#![warn(missing_docs)]

mod apply;
mod batch;
mod changelog;
mod changelog_entry;
mod delta;
mod entry_names;
mod error;
mod facts;
mod frames;
mod group;
mod index;
mod index_file;
mod key_list;
mod kind;
mod lookup;
mod maker;
mod merge;
mod pack;
mod record_entry;
mod section;
mod shapes;
mod state;
mod stream;
mod terms;
mod writer;

pub use apply::{Making, Merged, check_mirror, merge_mirrors};
pub use batch::{Batch, Document};
pub use delta::{DeltaKind, DeltaWriter, Read};
pub use error::MirrorError;
pub use kind::Kind;
pub use lookup::{Found, FoundPage, Lookup, Page};
pub use maker::MirrorMaker;
pub use state::State;
pub use stream::{Mirrored, RecordStream};
pub use writer::{Counts, MirrorWriter, Part, WriterOptions, Written};
