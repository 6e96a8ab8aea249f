use std::cmp::Ordering;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, sync_channel};
use std::thread;

use stella_jsonl::{Withheld, WriteError};

use crate::batch::{Batch, Entry, Stored, withheld_item};
use crate::changelog::{Changelog, KindLog};
use crate::error::MirrorError;
use crate::key_list::KeyList;
use crate::kind::Kind;
use crate::maker::BATCH_BYTES;
use crate::state::State;
use crate::writer::{MirrorWriter, Written};

/// Batches that wait to be compared.
const QUEUED_BATCHES: usize = 2;

/// What a delta holds of one kind.
#[derive(Debug, Clone, Default)]
pub struct DeltaKind {
    /// Records that were not there before.
    pub added: u64,
    /// Records that are there in another form, or of another document.
    pub changed: u64,
    /// Records that are there no more.
    pub removed: u64,
    /// Credentials that are kept back now, and were not before; in order of record.
    pub withheld: Vec<Withheld>,
    /// Credentials that were kept back before, and are not now.
    pub no_longer_withheld: Vec<Withheld>,
}

/// Gives batches to where they are taken, and answers what was withheld of them.
pub type Read<'r> = Box<dyn FnOnce(&mut dyn FnMut(Batch) -> Result<(), WriteError>) -> Result<Vec<Withheld>, WriteError> + Send + 'r>;

/// Writes the files of a delta.
pub struct DeltaWriter<W> {
    writer: MirrorWriter<W>,
    changelog: Changelog,
    /// What stands for what is there afterwards.
    state: State,
    scratch: PathBuf,
}

impl<W: Write + Send> DeltaWriter<W> {
    /// For the mirror that has this state.
    pub fn new(writer: MirrorWriter<W>, state: State, scratch: &Path) -> Self {
        Self { writer, changelog: Changelog::new(scratch), state, scratch: scratch.to_owned() }
    }

    /// Writes what it holds of one kind: the records in `after` that are not the same in `before`, with their documents, and the keys of those in
    /// `before` alone. Both come in the order of keys.
    ///
    /// # Errors
    /// Those of the reading; of files.
    pub fn kind(self, kind: Kind, sides: (Read<'_>, Read<'_>)) -> Result<(Self, DeltaKind), MirrorError> {
        let Self { writer, mut changelog, mut state, scratch } = self;
        let (writer, found) = write_kind(writer, kind, sides, (&mut state, &mut changelog), &scratch)?;
        Ok((Self { writer, changelog, state, scratch }, found))
    }

    /// Ends writing: the sink, what was written, and the state of the mirror that the delta makes.
    ///
    /// # Errors
    /// Of the sink.
    pub fn finish(self) -> Result<(W, Written, State), MirrorError> {
        let Self { mut writer, changelog, state, .. } = self;
        changelog.finish(&mut writer)?;
        let (sink, written) = writer.finish()?;
        Ok((sink, written, state))
    }
}

fn write_kind<W: Write + Send>(
    writer: MirrorWriter<W>,
    kind: Kind,
    (before, after): (Read<'_>, Read<'_>),
    (state, changelog): (&mut State, &mut Changelog),
    scratch: &Path,
) -> Result<(MirrorWriter<W>, DeltaKind), MirrorError> {
    let mut log = changelog.kind(kind)?;
    let mut lists = Lists { added: KeyList::new(scratch)?, removed: KeyList::new(scratch)? };
    let mut found = DeltaKind::default();
    let (mut writer, (), _) = writer.kind(kind, |each| {
        let (was, is) = thread::scope(|scope| {
            let (was_sender, was) = sync_channel(QUEUED_BATCHES);
            let (is_sender, is) = sync_channel(QUEUED_BATCHES);
            let gone = |_| WriteError::cancelled();
            let reading_was = scope.spawn(move || before(&mut |batch| was_sender.send(batch).map_err(gone)));
            let reading_is = scope.spawn(move || after(&mut |batch| is_sender.send(batch).map_err(gone)));
            let (was, is) = (Side::new(was), Side::new(is));
            let compared = compare(kind, was, is, each, (&mut lists, &mut log), &mut found);
            let was = reading_was.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic));
            let is = reading_is.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic));
            // What ends the comparing ends the readers too; a reader that fails ends its side early, and the comparing goes on.
            let (was_side, is_side) = compared?;
            let (was, is) = (was?, is?);
            state.leave(&was_side.state);
            state.join(&is_side.state);
            Ok::<_, MirrorError>(([was, was_side.withheld].concat(), [is, is_side.withheld].concat()))
        })?;
        found.withheld = beyond(kind, &is, &was);
        found.no_longer_withheld = beyond(kind, &was, &is);
        Ok(((), Vec::new()))
    })?;
    found.withheld.iter().for_each(|entry| state.add(&withheld_item(kind, entry)));
    found.no_longer_withheld.iter().for_each(|entry| state.remove(&withheld_item(kind, entry)));
    (found.added, found.removed) = (lists.added.count(), lists.removed.count());
    lists.finish(&mut writer, kind)?;
    log.finish()?;
    Ok((writer, found))
}

/// The keys of the records that come, and of those that go.
pub(crate) struct Lists {
    pub(crate) added: KeyList,
    pub(crate) removed: KeyList,
}

impl Lists {
    /// Writes both as files of the delta.
    pub(crate) fn finish<W: Write + Send>(self, writer: &mut MirrorWriter<W>, kind: Kind) -> Result<(), MirrorError> {
        self.added.finish(writer, &kind.added_path())?;
        self.removed.finish(writer, &kind.removed_path())
    }
}

/// Compares both sides key by key, hands on what is new or other, and lists what is gone.
fn compare(
    kind: Kind,
    mut was: Side,
    mut is: Side,
    each: &mut dyn FnMut(Batch) -> Result<(), MirrorError>,
    (lists, log): (&mut Lists, &mut KindLog<'_>),
    found: &mut DeltaKind,
) -> Result<(Side, Side), MirrorError> {
    let mut batch = Batch::new(kind);
    loop {
        let order = match (was.entry(), is.entry()) {
            (None, None) => break,
            (Some(_), None) => Ordering::Less,
            (None, Some(_)) => Ordering::Greater,
            (Some(was), Some(is)) => was.key.cmp(&is.key),
        };
        if order == Ordering::Less {
            lists.removed.add(was.key())?;
            log.note(was.key(), was.line(), None)?;
        } else if order == Ordering::Greater || !was.entry().zip(is.entry()).is_some_and(|(was, is)| was.is_same(is)) {
            if order == Ordering::Greater {
                lists.added.add(is.key())?;
                log.note(is.key(), None, is.line())?;
            } else {
                found.changed += 1;
                log.note(is.key(), was.line(), is.line())?;
            }
            is.hand_over(&mut batch);
            if batch.plain_bytes() >= BATCH_BYTES {
                each(std::mem::replace(&mut batch, Batch::new(kind)))?;
            }
        }
        if order != Ordering::Greater {
            was.advance();
        }
        if order != Ordering::Less {
            is.advance();
        }
    }
    if !batch.is_empty() {
        each(batch)?;
    }
    Ok((was, is))
}

/// The records of one side, one by one.
struct Side {
    batches: Receiver<Batch>,
    batch: Option<Batch>,
    /// The entry at hand, and where its line and its document begin.
    at: usize,
    line_at: usize,
    document_at: usize,
    /// The document that came last, whole.
    document: Option<([u8; 32], Vec<u8>)>,
    /// The one that was handed over last.
    handed: Option<[u8; 32]>,
    state: State,
    withheld: Vec<Withheld>,
}

impl Side {
    fn new(batches: Receiver<Batch>) -> Self {
        let mut side = Self {
            batches,
            batch: None,
            at: 0,
            line_at: 0,
            document_at: 0,
            document: None,
            handed: None,
            state: State::default(),
            withheld: Vec::new(),
        };
        side.fill();
        side
    }

    fn entry(&self) -> Option<&Entry> {
        self.batch.as_ref()?.entries.get(self.at)
    }

    fn key(&self) -> &str {
        self.entry().map_or("", |entry| &entry.key)
    }

    /// The line at hand, with its line feed.
    fn line(&self) -> Option<&[u8]> {
        self.batch.as_ref()?.lines.get(self.line_at..self.line_at + self.entry()?.line_bytes)
    }

    /// Takes the next batch that holds a record, where the one at hand is used up, and keeps the document of the record at hand.
    fn fill(&mut self) {
        while self.entry().is_none() {
            let Ok(batch) = self.batches.recv() else {
                self.batch = None;
                return;
            };
            self.state.join(&batch.state);
            self.withheld.extend(batch.withheld.iter().map(|(_, entry)| entry.clone()));
            (self.batch, self.at, self.line_at, self.document_at) = (Some(batch), 0, 0, 0);
        }
        if let Some(batch) = &self.batch
            && let Some(Entry { document: Stored::Bytes { digest, length }, .. }) = batch.entries.get(self.at)
        {
            self.document = Some((*digest, batch.documents[self.document_at..self.document_at + length].to_vec()));
        }
    }

    fn advance(&mut self) {
        let passed = self.entry().map(|Entry { line_bytes, document, .. }| (*line_bytes, *document));
        if let Some((line_bytes, document)) = passed {
            self.line_at += line_bytes;
            if let Stored::Bytes { length, .. } = document {
                self.document_at += length;
            }
            self.at += 1;
        }
        self.fill();
    }

    /// Adds the record at hand to a batch, with its document unless the one added before has it.
    fn hand_over(&mut self, into: &mut Batch) {
        let Some(batch) = &self.batch else { return };
        let Some(entry) = batch.entries.get(self.at) else { return };
        into.lines.extend_from_slice(&batch.lines[self.line_at..self.line_at + entry.line_bytes]);
        let document = match (entry.document, &self.document) {
            (Stored::Withheld, _) | (_, None) => Stored::Withheld,
            (_, Some((digest, _))) if self.handed == Some(*digest) => Stored::Same(*digest),
            (_, Some((digest, content))) => {
                into.documents.extend_from_slice(content);
                self.handed = Some(*digest);
                Stored::Bytes { digest: *digest, length: content.len() }
            }
        };
        into.entries.push(Entry { document, ..entry.clone() });
    }
}

/// Entries of `these` that are not in `others`, each as often as it is there more.
fn beyond(kind: Kind, these: &[Withheld], others: &[Withheld]) -> Vec<Withheld> {
    let mut others: Vec<_> = others.iter().map(|entry| withheld_item(kind, entry)).collect();
    let mut left: Vec<_> = these.iter().map(|entry| (withheld_item(kind, entry), entry)).collect();
    left.retain(|(item, _)| match others.iter().position(|other| other == item) {
        Some(at) => {
            others.swap_remove(at);
            false
        }
        None => true,
    });
    left.into_iter().map(|(_, entry)| entry.clone()).collect()
}
