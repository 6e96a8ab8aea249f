//! What a delta changes, for whoever watches a mirror: `changelog.json`, a line an entry, and `CHANGELOG.md`.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use stella_sort::{Sorter, merge};

use crate::changelog_entry::{Entry, Pair, line_of};
use crate::error::MirrorError;
use crate::facts::{AdvisoryFacts, statuses, subject};
use crate::kind::Kind;
use crate::merge::Change;
use crate::section::Section;
use crate::writer::MirrorWriter;

pub(crate) const CHANGELOG_PATH: &str = "changelog.json";
const TEXT_PATH: &str = "CHANGELOG.md";
/// Entries that the text names of each kind; all are counted.
const MAX_TOLD: u64 = 500;
const SORT_BYTES: usize = 8 << 20;
const PART: char = '\0';

/// Gathers what a delta changes.
pub(crate) struct Changelog {
    scratch: PathBuf,
    sections: BTreeMap<Kind, Told>,
}

/// What is told of one kind.
struct Told {
    section: Section,
    counts: BTreeMap<&'static str, u64>,
    text: String,
    entries: u64,
}

impl Changelog {
    pub(crate) fn new(scratch: &Path) -> Self {
        Self { scratch: scratch.to_owned(), sections: BTreeMap::new() }
    }

    /// Where the changes of one kind are noted.
    pub(crate) fn kind(&mut self, kind: Kind) -> Result<KindLog<'_>, MirrorError> {
        let section = Section::new(&self.scratch)?;
        let told = Told { section, counts: BTreeMap::new(), text: String::new(), entries: 0 };
        let statuses = Sorter::new(&self.scratch, SORT_BYTES);
        Ok(KindLog { kind, statuses, told: self.sections.entry(kind).or_insert(told) })
    }

    /// Writes both files.
    pub(crate) fn finish<W: Write + Send>(self, writer: &mut MirrorWriter<W>) -> Result<(), MirrorError> {
        let mut text = String::from("# What has changed\n");
        let mut parts = Vec::new();
        for (kind, Told { section, counts, text: lines, entries }) in self.sections {
            let counted: Vec<_> = counts.iter().map(|(what, count)| format!("{count} {what}")).collect();
            let counted = if counted.is_empty() { "nothing".to_owned() } else { counted.join(", ") };
            let _ = write!(text, "\n## {}\n\n{counted}.\n{}{lines}", kind.title(), if lines.is_empty() { "" } else { "\n" });
            if entries > MAX_TOLD {
                let _ = writeln!(text, "- and {} more, which {CHANGELOG_PATH} names", entries - MAX_TOLD);
            }
            parts.push((kind, section.finish()?.0));
        }
        writer.write(CHANGELOG_PATH, |out| {
            out.write_all(b"{\"schema_version\":\"1\"\n")?;
            for (kind, mut lines) in parts {
                writeln!(out, ",\"{}\":[", kind.group())?;
                io::copy(&mut lines, out)?;
                out.write_all(b"]\n")?;
            }
            out.write_all(b"}\n")
        })?;
        writer.file(TEXT_PATH, text.as_bytes())
    }
}

/// Notes the changes of one kind, in the order of keys.
pub(crate) struct KindLog<'l> {
    kind: Kind,
    told: &'l mut Told,
    /// By vulnerability, product, and whether it is what was said before or is said now: a status.
    statuses: Sorter,
}

impl KindLog<'_> {
    /// Notes what became of a key: its line before, and its line now.
    pub(crate) fn note(&mut self, key: &str, before: Option<&[u8]>, after: Option<&[u8]>) -> Result<(), MirrorError> {
        let change = match (before, after) {
            (None, _) => Change::Added,
            (_, None) => Change::Removed,
            _ => Change::Changed,
        };
        let mut entry = Entry { change: Some(change.word().into()), ..Entry::new(key.to_owned()) };
        match self.kind {
            Kind::Advisory => {
                let (was, is) = (before.map(AdvisoryFacts::of), after.map(AdvisoryFacts::of).unwrap_or_default());
                if let (Some(was), true) = (&was, after.is_some()) {
                    entry.severity = Pair::of(&was.severity, &is.severity);
                    entry.fixed = Pair::of(&was.fixed, &is.fixed);
                }
                entry.withdrawn = is.withdrawn.filter(|_| was.is_none_or(|was| was.withdrawn.is_none()));
            }
            Kind::Vex => {
                for (tag, line) in [("b", before), ("a", after)] {
                    for (vulnerability, product, status) in line.map(statuses).unwrap_or_default() {
                        let by = format!("{vulnerability}{PART}{product}{PART}{tag}");
                        self.statuses.push(by.as_bytes(), status.as_bytes())?;
                    }
                }
                return Ok(());
            }
            Kind::Sbom => entry.subject = after.or(before).and_then(subject),
        }
        self.told.tell(&entry)
    }

    /// Tells what was gathered.
    pub(crate) fn finish(self) -> Result<(), MirrorError> {
        if self.kind != Kind::Vex {
            return Ok(());
        }
        let mut sorted = merge(vec![self.statuses])?;
        let mut of: Option<(String, String)> = None;
        let mut said = [BTreeSet::new(), BTreeSet::new()];
        while let Some((by, status)) = sorted.next()? {
            let (by, status) = (String::from_utf8_lossy(by).into_owned(), String::from_utf8_lossy(status).into_owned());
            let mut parts = by.split(PART);
            let (Some(vulnerability), Some(product), Some(tag)) = (parts.next(), parts.next(), parts.next()) else { continue };
            let next = (vulnerability.to_owned(), product.to_owned());
            if of.as_ref() != Some(&next) {
                tell_statuses(self.told, of.replace(next), &said)?;
                said = Default::default();
            }
            said[usize::from(tag == "a")].insert(status);
        }
        tell_statuses(self.told, of, &said)
    }
}

fn tell_statuses(told: &mut Told, of: Option<(String, String)>, [before, after]: &[BTreeSet<String>; 2]) -> Result<(), MirrorError> {
    let (Some((vulnerability, product)), Some(status)) = (of, Pair::of(before, after)) else { return Ok(()) };
    told.tell(&Entry { product: Some(product), status: Some(status), ..Entry::new(vulnerability) })
}

impl Told {
    fn tell(&mut self, entry: &Entry) -> Result<(), MirrorError> {
        let Entry { change, fixed, severity, status, withdrawn, .. } = entry;
        let named = [
            (change.as_deref() == Some("added"), "added"),
            (change.as_deref() == Some("changed"), "changed"),
            (change.as_deref() == Some("removed"), "removed"),
            (withdrawn.is_some(), "withdrawn"),
            (severity.is_some(), "with another severity"),
            (fixed.is_some(), "with other fixed versions"),
            (status.is_some(), "with another status"),
        ];
        for (_, what) in named.iter().filter(|(is, _)| *is) {
            *self.counts.entry(what).or_default() += 1;
        }
        self.entries += 1;
        if self.entries <= MAX_TOLD {
            let _ = writeln!(self.text, "- {}", line_of(entry));
        }
        let text = serde_json::to_string(entry).map_err(io::Error::from)?;
        Ok(self.section.line(&text)?)
    }
}
