use std::fs::File;
use std::io::{self, BufWriter, Seek, SeekFrom, Write};
use std::path::Path;
use std::sync::atomic::AtomicBool;

use serde::Deserialize;
use stella_bundle::{BundleError, Members};

use crate::error::MirrorError;
use crate::index::quoted;
use crate::stream::{MAX_INDEX_BYTES, MAX_MEMBERS, copied};
use crate::writer::MirrorWriter;

/// A line of a list of keys: `{"key":…}`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Line {
    key: String,
}

/// Writes a line of the list.
pub(crate) fn write_key(out: &mut impl Write, key: &str) -> io::Result<()> {
    writeln!(out, "{{\"key\":{}}}", quoted(key))
}

/// Keys in their order, out of a list in a bundle.
pub(crate) struct KeyStream {
    name: String,
    lines: io::Lines<io::BufReader<File>>,
    key: Option<String>,
}

impl KeyStream {
    /// Opens the list of this path; none where there is none.
    pub(crate) fn open(place: &Path, path: &str, scratch: &Path, cancel: &AtomicBool) -> Result<Option<Self>, MirrorError> {
        let mut members = Members::open(place, MAX_MEMBERS, cancel)?;
        let lines = match copied(&mut members, path, MAX_INDEX_BYTES, scratch, cancel) {
            Err(MirrorError::Bundle(BundleError::Absent { .. })) => return Ok(None),
            file => io::BufRead::lines(file?),
        };
        let mut stream = Self { name: format!("{}: {path}", place.display()), lines, key: None };
        stream.advance()?;
        Ok(Some(stream))
    }

    pub(crate) fn key(&self) -> Option<&str> {
        self.key.as_deref()
    }

    pub(crate) fn advance(&mut self) -> Result<(), MirrorError> {
        let Some(line) = self.lines.next() else {
            self.key = None;
            return Ok(());
        };
        let line = line?;
        let Ok(Line { key }) = serde_json::from_str(&line) else {
            return Err(MirrorError::unsound(&self.name, format!("{line:.200} is no line of it")));
        };
        if self.key.as_deref().is_some_and(|before| before >= key.as_str()) {
            return Err(MirrorError::unsound(&self.name, format!("{key} does not come in the order of keys")));
        }
        self.key = Some(key);
        Ok(())
    }
}

/// Gathers keys for a list.
pub(crate) struct KeyList {
    out: BufWriter<File>,
    count: u64,
}

impl KeyList {
    pub(crate) fn new(scratch: &Path) -> io::Result<Self> {
        Ok(Self { out: BufWriter::new(tempfile::tempfile_in(scratch)?), count: 0 })
    }

    pub(crate) fn add(&mut self, key: &str) -> Result<(), MirrorError> {
        self.count += 1;
        Ok(write_key(&mut self.out, key)?)
    }

    pub(crate) fn count(&self) -> u64 {
        self.count
    }

    /// Writes the list as a file of the delta.
    pub(crate) fn finish<W: Write + Send>(self, writer: &mut MirrorWriter<W>, path: &str) -> Result<(), MirrorError> {
        let mut file = self.out.into_inner().map_err(io::IntoInnerError::into_error)?;
        file.seek(SeekFrom::Start(0))?;
        writer.copy(path, &mut file)
    }
}
