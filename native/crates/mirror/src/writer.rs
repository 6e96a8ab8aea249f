use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::thread;

use sha2::{Digest, Sha256};
use stella_jsonl::Withheld;

use crate::batch::{Batch, Entry, Stored, withheld_item};
use crate::error::MirrorError;
use crate::group::{Group, Place};
use crate::index::IndexBuilder;
use crate::kind::Kind;
use crate::pack::Packing;
use crate::state::State;

/// Bytes that wait for the disk.
const WRITE_BYTES: usize = 1 << 20;

/// How a mirror is written.
#[derive(Debug, Clone)]
pub struct WriterOptions {
    /// zstd level, 1 to 22; none writes no groups, and the index alone.
    pub level: Option<i32>,
    /// Threads that compress. They do not change the bytes.
    pub threads: usize,
    /// Folder for what is sorted.
    pub scratch: PathBuf,
    /// Memory for sorting, in bytes.
    pub memory_bytes: usize,
}

/// A file of a mirror, within the file that all are written into.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Part {
    /// Its path in the bundle.
    pub path: String,
    /// Where it begins.
    pub offset: u64,
    /// Its length.
    pub size_bytes: u64,
    /// SHA-256, lower-case hexadecimal.
    pub sha256: String,
}

/// What was written.
#[derive(Debug, Clone)]
pub struct Written {
    /// The files, in the order of their offsets.
    pub parts: Vec<Part>,
    /// Length of all together.
    pub size_bytes: u64,
    /// SHA-256 of all together, lower-case hexadecimal.
    pub sha256: String,
    /// What stands for all that the mirror holds.
    pub state: State,
}

/// Writes the files of a mirror one behind the other. Memory: some groups, and what is given for sorting, however many records there are.
pub struct MirrorWriter<W> {
    output: Output<W>,
    options: WriterOptions,
    state: State,
}

impl MirrorWriter<BufWriter<File>> {
    /// A writer into a file, created or emptied.
    ///
    /// # Errors
    /// Of the file.
    pub fn create(path: &Path, options: WriterOptions) -> Result<Self, MirrorError> {
        Ok(Self::new(BufWriter::with_capacity(WRITE_BYTES, File::create(path)?), options))
    }
}

impl<W: Write + Send> MirrorWriter<W> {
    /// A writer into a sink.
    pub fn new(sink: W, options: WriterOptions) -> Self {
        Self { output: Output::new(sink), options, state: State::default() }
    }

    /// Writes one kind: its groups, and its index. `give` hands over batches in the order of keys, and answers what was withheld. Kinds come
    /// in the order of [`Kind::ALL`], each at most once.
    ///
    /// # Errors
    /// Those of `give`; of files.
    pub fn kind<T>(
        mut self,
        kind: Kind,
        give: impl FnOnce(&mut dyn FnMut(Batch) -> Result<(), MirrorError>) -> Result<(T, Vec<Withheld>), MirrorError>,
    ) -> Result<(Self, T, Counts), MirrorError> {
        let WriterOptions { level, threads, scratch, memory_bytes } = &self.options;
        let index = IndexBuilder::new(kind, scratch, *memory_bytes)?;
        let (output, state) = (self.output, &mut self.state);
        let (mut output, index, given, counts) = thread::scope(|scope| {
            let packing = Packing::start(scope, kind, output, *level, (*threads).max(1));
            let mut cutter = Cutter {
                packing: &packing,
                group: Group::default(),
                number: 0,
                index,
                before: None,
                told: None,
                counts: Counts::default(),
            };
            let given = give(&mut |batch| {
                state.join(&batch.state);
                cutter.take(batch)
            });
            let ended = given.and_then(|given| cutter.end().map(|()| given));
            let Cutter { index, counts, .. } = cutter;
            // What stopped the writing comes before its being stopped.
            let output = packing.finish()?;
            ended.map(|given| (output, index, given, counts))
        })?;
        let (given, of_records) = given;
        let withheld = [counts.withheld, of_records].concat();
        withheld.iter().for_each(|entry| state.add(&withheld_item(kind, entry)));
        output.index = Some(index);
        Ok((Self { output, ..self }, given, Counts { withheld, ..counts }))
    }

    /// Writes a file of another kind.
    ///
    /// # Errors
    /// Of the sink.
    pub fn file(&mut self, path: &str, content: &[u8]) -> Result<(), MirrorError> {
        self.output.part(path.into(), |out| out.write_all(content))
    }

    /// Writes a file of another kind piece by piece.
    ///
    /// # Errors
    /// Of the sink, and of `write`.
    pub(crate) fn write(&mut self, path: &str, write: impl FnOnce(&mut Hashed<'_, W>) -> io::Result<()>) -> Result<(), MirrorError> {
        self.output.part(path.into(), write)
    }

    /// Copies a file of another kind.
    ///
    /// # Errors
    /// Of the sink, and of the source.
    pub(crate) fn copy(&mut self, path: &str, source: &mut impl io::Read) -> Result<(), MirrorError> {
        self.output.part(path.into(), |out| io::copy(source, out).map(|_| ()))
    }

    /// Adds to the state what stands for something else that the mirror says.
    pub fn add_item(&mut self, item: &[u8]) {
        self.state.add(item);
    }

    /// Ends writing; the sink is given back with what was written.
    ///
    /// # Errors
    /// Of the sink.
    pub fn finish(mut self) -> Result<(W, Written), MirrorError> {
        self.output.settle()?;
        let Output { mut sink, parts, whole, size_bytes, .. } = self.output;
        sink.flush()?;
        Ok((sink, Written { parts, size_bytes, sha256: stella_digest::hex(&whole.finalize()), state: self.state }))
    }
}

/// What was written of one kind.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Counts {
    /// Records.
    pub records: u64,
    /// Documents.
    pub documents: u64,
    /// Credentials kept back: those of documents, then those of records.
    pub withheld: Vec<Withheld>,
}

/// Puts records into groups, and notes in the index where they lie.
struct Cutter<'p, 'scope, W> {
    packing: &'p Packing<'scope, W>,
    group: Group,
    number: u32,
    index: IndexBuilder,
    /// The document of the record before, and where it lies.
    before: Option<([u8; 32], Place)>,
    /// The document that was withheld last, and the record that tells of it.
    told: Option<([u8; 32], String)>,
    counts: Counts,
}

impl<'scope, W: Write + Send + 'scope> Cutter<'_, 'scope, W> {
    fn take(&mut self, batch: Batch) -> Result<(), MirrorError> {
        let (mut lines, mut documents) = (&batch.lines[..], &batch.documents[..]);
        for entry in &batch.entries {
            let line;
            (line, lines) = lines.split_at(entry.line_bytes);
            let mut content = &[][..];
            if let Stored::Bytes { length, .. } = entry.document {
                (content, documents) = documents.split_at(length);
            }
            self.record(entry, line, content)?;
        }
        for (digest, entry) in batch.withheld {
            // A document that the next range begins with again is told of once, by its first record.
            let is_again = self.told.as_ref().is_some_and(|(told, key)| *told == digest && *key != entry.record_key);
            if !is_again {
                self.told = Some((digest, entry.record_key.clone()));
                self.counts.withheld.push(entry);
            }
        }
        Ok(())
    }

    fn record(&mut self, entry: &Entry, line: &[u8], content: &[u8]) -> Result<(), MirrorError> {
        let at = Place { group: self.number, spot: self.group.add_record(line) };
        let mut added_bytes = line.len() as u64;
        let known = |digest: &[u8; 32]| self.before.filter(|(before, _)| before == digest);
        let document = match entry.document {
            Stored::Withheld => None,
            Stored::Bytes { digest, .. } | Stored::Same(digest) if known(&digest).is_some() => known(&digest),
            Stored::Bytes { digest, .. } => {
                let place = Place { group: self.number, spot: self.group.add_document(&digest, content) };
                added_bytes += content.len() as u64;
                self.index.add_document(&digest, place)?;
                self.before = Some((digest, place));
                self.counts.documents += 1;
                self.before
            }
            Stored::Same(_) => return Err(MirrorError::unsound(&entry.key, "its document did not come with a record before it")),
        };
        self.index.add(&entry.key, at, document, &entry.terms)?;
        self.counts.records += 1;
        if self.group.ends(entry.lot, added_bytes) { self.end() } else { Ok(()) }
    }

    fn end(&mut self) -> Result<(), MirrorError> {
        if self.group.is_empty() {
            return Ok(());
        }
        let group = std::mem::take(&mut self.group);
        let is_taken = self.packing.push(self.number, group);
        self.number += 1;
        if is_taken { Ok(()) } else { Err(io::Error::other("the thread that writes has stopped").into()) }
    }
}

/// Parts one behind the other, each hashed alone, and all together.
pub(crate) struct Output<W> {
    sink: W,
    parts: Vec<Part>,
    whole: Sha256,
    size_bytes: u64,
    /// That of the kind before, which is the next part: it is sorted while the next kind is read already.
    index: Option<IndexBuilder>,
}

impl<W: Write> Output<W> {
    fn new(sink: W) -> Self {
        Self { sink, parts: Vec::new(), whole: Sha256::new(), size_bytes: 0, index: None }
    }

    /// Adds what `write` writes as a file of this path.
    pub(crate) fn part(&mut self, path: String, write: impl FnOnce(&mut Hashed<'_, W>) -> io::Result<()>) -> Result<(), MirrorError> {
        self.settle()?;
        self.add(path, write)
    }

    /// Writes the index that is due.
    pub(crate) fn settle(&mut self) -> Result<(), MirrorError> {
        let Some(index) = self.index.take() else { return Ok(()) };
        self.add(index.path().into(), |out| index.finish(out))
    }

    fn add(&mut self, path: String, write: impl FnOnce(&mut Hashed<'_, W>) -> io::Result<()>) -> Result<(), MirrorError> {
        let offset = self.size_bytes;
        let mut hashed = Hashed { output: self, own: Sha256::new() };
        write(&mut hashed)?;
        let sha256 = stella_digest::hex(&hashed.own.finalize());
        self.parts.push(Part { path, offset, size_bytes: self.size_bytes - offset, sha256 });
        Ok(())
    }
}

/// What is written into a part.
pub(crate) struct Hashed<'o, W> {
    output: &'o mut Output<W>,
    own: Sha256,
}

impl<W: Write> Write for Hashed<'_, W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.output.sink.write_all(bytes)?;
        self.output.whole.update(bytes);
        self.own.update(bytes);
        self.output.size_bytes += bytes.len() as u64;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
