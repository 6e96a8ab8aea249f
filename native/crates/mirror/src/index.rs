//! The index over one kind: JSON for whoever reads it whole, and lines in the order of their bytes for whoever searches.
//!
//! The first line names the sections that follow, and where each begins after this line and how long it is. Each section has a line an
//! entry, in the order of the bytes of its first member, or of both where there are two names.

use std::io::{self, Write};
use std::path::{Path, PathBuf};

use stella_sort::{Sorted, Sorter, merge};

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
        })
    }

    /// Adds a record: where it lies, where its document lies, and by what it is found.
    pub(crate) fn add(&mut self, key: &str, record: Place, document: Option<Place>, terms: &Terms) -> io::Result<()> {
        let at = record.text();
        let document = document.map_or_else(|| "null".to_owned(), |place| format!("[{}]", place.text()));
        self.records.line(&format!("[{},[{at}],{document}]", quoted(key)))?;
        for (section, term) in terms {
            let sorted_by = [term.as_bytes(), &[PART as u8], key.as_bytes()].concat();
            self.terms[usize::from(*section)].push(&sorted_by, at.as_bytes())?;
        }
        Ok(())
    }

    /// Adds a document by its digest.
    pub(crate) fn add_document(&mut self, digest: &[u8; 32], place: Place) -> io::Result<()> {
        self.documents.push(digest, place.text().as_bytes())
    }

    /// Writes the index.
    pub(crate) fn finish(self, out: &mut impl Write) -> io::Result<()> {
        let Self { kind, scratch, records, documents, terms } = self;
        let mut sections = vec![("records", records)];
        sections.push(("documents", documents_section(documents, &scratch)?));
        for (name, sorter) in kind.sections().iter().zip(terms) {
            sections.push((name, terms_section(sorter, &scratch, *name == "products")?));
        }
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

/// One line a term: the term, in two parts where `in_parts`, and the records that it finds, each by its key and where it lies.
fn terms_section(sorter: Sorter, scratch: &Path, in_parts: bool) -> io::Result<Section> {
    let mut section = Section::new(scratch)?;
    let mut sorted = merge(vec![sorter])?;
    let mut term: Option<String> = None;
    while let Some((next, key, place)) = next_term(&mut sorted)? {
        if term.as_deref() == Some(&next) {
            section.write(",")?;
        } else {
            if term.is_some() {
                section.write("]]")?;
            }
            let names = if in_parts { next.split(PART).map(quoted).collect::<Vec<_>>().join(",") } else { quoted(&next) };
            section.begin_line()?;
            section.write(&format!("[{names},["))?;
            term = Some(next);
        }
        section.write(&format!("[{},{place}]", quoted(&key)))?;
    }
    if term.is_some() {
        section.write("]]")?;
    }
    Ok(section)
}

fn next_term(sorted: &mut Sorted) -> io::Result<Option<(String, String, String)>> {
    let Some((pair, place)) = sorted.next()? else { return Ok(None) };
    let text = String::from_utf8_lossy(pair);
    let (term, key) = text.rsplit_once(PART).ok_or_else(|| io::Error::other("a term without a key"))?;
    Ok(Some((term.to_owned(), key.to_owned(), String::from_utf8_lossy(place).into_owned())))
}

/// JSON of a text (RFC 8785, 3.2.2.2).
pub(crate) fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}
