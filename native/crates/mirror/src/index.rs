//! The index over one kind: JSON for whoever reads it whole, and lines in the order of their bytes for whoever searches.
//!
//! The first line names the sections that follow, and where each begins after this line and how long it is. Each section has a line an
//! entry, in the order of the bytes of its first member, or of both where there are two names.

use std::borrow::Cow;
use std::fmt::{self, Display, Write as _};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::thread::{self, ScopedJoinHandle};

use stella_sort::{Sorter, merge};

use crate::group::Place;
use crate::kind::Kind;
use crate::section::Section;
use crate::terms::{PART, Terms};

/// Version of the form of an index.
const SCHEMA_VERSION: &str = "1";

/// Gathers what an index holds.
pub(crate) struct IndexBuilder {
    kind: Kind,
    scratch: PathBuf,
    records: Section,
    documents: Sorter,
    terms: Vec<Sorter>,
    /// What the term at hand is sorted by.
    sorted_by: Vec<u8>,
}

impl IndexBuilder {
    /// For one kind, with about so much memory for sorting.
    pub(crate) fn new(kind: Kind, scratch: &Path, memory_bytes: usize) -> io::Result<Self> {
        let sections = kind.sections().len();
        let each = memory_bytes / (sections + 1);
        Ok(Self {
            kind,
            scratch: scratch.to_owned(),
            records: Section::new(scratch)?,
            documents: Sorter::new(scratch, each),
            terms: (0..sections).map(|_| Sorter::new(scratch, each)).collect(),
            sorted_by: Vec::new(),
        })
    }

    /// Adds a record: where it lies, which document it was made of and where that lies, and by what it is found.
    pub(crate) fn add(&mut self, key: &str, record: Place, document: Option<([u8; 32], Place)>, terms: &Terms) -> io::Result<()> {
        let at = record.text();
        self.records.begin_line()?;
        match document {
            Some((digest, place)) => {
                write!(self.records, "[{},[{at}],[\"{}\",{}]]", quoted(key), stella_digest::hex(&digest), place.text())?;
            }
            None => write!(self.records, "[{},[{at}],null]", quoted(key))?,
        }
        for ((section, term), is_given) in terms {
            self.sorted_by.clear();
            for part in [term.as_bytes(), &[PART as u8], key.as_bytes()] {
                self.sorted_by.extend_from_slice(part);
            }
            let place = if *is_given { Cow::Owned(format!("{at},true")) } else { Cow::Borrowed(&at) };
            self.terms[usize::from(*section)].push(&self.sorted_by, place.as_bytes())?;
        }
        Ok(())
    }

    /// Adds a document by its digest.
    pub(crate) fn add_document(&mut self, digest: &[u8; 32], place: Place) -> io::Result<()> {
        self.documents.push(digest, place.text().as_bytes())
    }

    /// Path of the index.
    pub(crate) fn path(&self) -> &'static str {
        self.kind.index_path()
    }

    /// Writes the index.
    pub(crate) fn finish(self, out: &mut impl Write) -> io::Result<()> {
        let kind = self.kind;
        let sections = self.sections()?;
        let mut files = Vec::new();
        let (mut named, mut at) = (Vec::new(), 0);
        for (name, section) in sections {
            let (file, length) = section.finish()?;
            // Before the entries stands the line that names the section.
            at += opening(name).len() as u64;
            named.push(format!("\"{name}\":[{at},{length}]"));
            at += length + CLOSING.len() as u64;
            files.push((name, file));
        }
        writeln!(out, "{{\"schema_version\":\"{SCHEMA_VERSION}\",\"kind\":\"{}\",\"sections\":{{{}}}", kind.name(), named.join(","))?;
        for (name, mut file) in files {
            out.write_all(opening(name).as_bytes())?;
            io::copy(&mut file, out)?;
            out.write_all(CLOSING)?;
        }
        out.write_all(b"}\n")
    }

    /// All sections in their order; each is sorted on a thread of its own.
    fn sections(self) -> io::Result<Vec<(&'static str, Section)>> {
        let Self { kind, scratch, records, documents, terms, .. } = self;
        let scratch = scratch.as_path();
        thread::scope(|scope| {
            let documents = scope.spawn(move || documents_section(documents, scratch));
            let terms = kind.sections().iter().zip(terms).map(|(name, sorter)| {
                let is_in_parts = *name == "products";
                (*name, scope.spawn(move || terms_section(sorter, scratch, is_in_parts)))
            });
            let made = [("documents", documents)].into_iter().chain(terms).collect::<Vec<_>>();
            let made = made.into_iter().map(|(name, section)| Ok((name, joined(section)?)));
            [Ok(("records", records))].into_iter().chain(made).collect()
        })
    }
}

fn joined(section: ScopedJoinHandle<'_, io::Result<Section>>) -> io::Result<Section> {
    section.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
}

const CLOSING: &[u8] = b"]\n";

fn opening(name: &str) -> String {
    format!(",\"{name}\":[\n")
}

fn documents_section(documents: Sorter, scratch: &Path) -> io::Result<Section> {
    let mut section = Section::new(scratch)?;
    let mut sorted = merge(vec![documents])?;
    let mut last = Vec::new();
    while let Some((digest, place)) = sorted.next()? {
        // Records of one document that do not follow each other bring it twice: the first is named.
        if digest != last {
            section.line(&format!("[\"{}\",{}]", stella_digest::hex(digest), String::from_utf8_lossy(place)))?;
            last = digest.to_vec();
        }
    }
    Ok(section)
}

/// One line a term: the term, in two parts where `is_in_parts`, and the records that it finds, each by its key and where it lies.
fn terms_section(sorter: Sorter, scratch: &Path, is_in_parts: bool) -> io::Result<Section> {
    let mut section = Section::new(scratch)?;
    let mut sorted = merge(vec![sorter])?;
    let mut term: Option<Vec<u8>> = None;
    while let Some((pair, place)) = sorted.next()? {
        let part = pair.iter().rposition(|byte| *byte == PART as u8).ok_or_else(|| io::Error::other("a term without a key"))?;
        let (next, key) = (&pair[..part], &pair[part + 1..]);
        if term.as_deref() == Some(next) {
            section.write_all(b",")?;
        } else {
            if term.is_some() {
                section.write_all(b"]]")?;
            }
            section.begin_line()?;
            section.write_all(opening_of(&String::from_utf8_lossy(next), is_in_parts).as_bytes())?;
            term = Some(next.to_vec());
        }
        write!(section, "[{},{}]", quoted(&String::from_utf8_lossy(key)), String::from_utf8_lossy(place))?;
    }
    if term.is_some() {
        section.write_all(b"]]")?;
    }
    Ok(section)
}

/// How the line of a term begins: its names, and the bracket of the list of records.
fn opening_of(term: &str, is_in_parts: bool) -> String {
    let mut opening = String::from("[");
    for name in term.split(|character| is_in_parts && character == PART) {
        let _ = write!(opening, "{},", quoted(name)); // A String takes all.
    }
    opening.push('[');
    opening
}

/// JSON of a text (RFC 8785, 3.2.2.2).
pub(crate) fn quoted(text: &str) -> Quoted<'_> {
    Quoted(text)
}

/// A text that is written as JSON.
pub(crate) struct Quoted<'t>(&'t str);

impl Display for Quoted<'_> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Most names need no escapes: they are written as they stand.
        if self.0.bytes().any(|byte| matches!(byte, b'"' | b'\\' | 0..0x20)) {
            return Display::fmt(&serde_json::Value::from(self.0), out);
        }
        out.write_char('"')?;
        out.write_str(self.0)?;
        out.write_char('"')
    }
}
