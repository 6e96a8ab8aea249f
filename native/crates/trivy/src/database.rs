use std::collections::BTreeMap;
use std::io::{Seek, Write};

use serde::{Deserialize, Serialize};
use stella_bolt::BoltWriter;
use stella_sort::{Sorted, merge};

use crate::error::TrivyError;
use crate::held::{Held, read};
use crate::mapper::{Mapper, Tally, write_json};
use crate::red_hat::{self, Cpes};
use crate::source::Source;
use crate::vulnerability::Vulnerability;

/// As bbolt's of the machines that everybody builds on.
const PAGE_BYTES: usize = 4096;
pub(crate) const DATA_SOURCES: &str = "data-source";
pub(crate) const VULNERABILITIES: &str = "vulnerability";

/// What a database holds, and what was left out.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Contents {
    /// Advisories by bucket: pairs of a package and a vulnerability.
    pub advisories: BTreeMap<String, u64>,
    /// Vulnerabilities that are told of.
    pub vulnerabilities: u64,
    /// Products of Red Hat that advisories are about.
    pub products: u64,
    /// Statements that have a place, by the database that their documents are of.
    pub written: BTreeMap<String, u64>,
    /// Statements that have none, by database and reason.
    pub omitted: BTreeMap<(String, &'static str), u64>,
}

/// A value of the bucket `data-source` (trivy-db `types.DataSource`).
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct DataSource<'a> {
    #[serde(rename = "ID", borrow)]
    pub(crate) id: std::borrow::Cow<'a, str>,
    #[serde(rename = "Name", borrow)]
    pub(crate) name: std::borrow::Cow<'a, str>,
    #[serde(rename = "URL", borrow)]
    pub(crate) url: std::borrow::Cow<'a, str>,
}

/// Writes what the mappers took as a database of Trivy's schema 2 into `out`, which is empty, and gives a line for each statement that
/// has no place there to `omitted`, in the order of their documents. The bytes depend on the documents alone.
///
/// Source of the layout: trivy-db `pkg/db`, as `docs/export-center/trivy-adapter.md` describes it.
///
/// # Errors
/// `Empty` unless `allow_empty` · `Bolt`, `Io` · what `omitted` fails with
pub fn write_database<W: Write + Seek>(
    mappers: Vec<Mapper>,
    out: W,
    allow_empty: bool,
    mut omitted: impl FnMut(&[u8]) -> Result<(), TrivyError>,
) -> Result<(W, Contents), TrivyError> {
    let (mut tally, mut advisories, mut vulnerabilities, mut omissions) = (Tally::default(), Vec::new(), Vec::new(), Vec::new());
    for mapper in mappers {
        tally.add(mapper.tally);
        advisories.push(mapper.advisories);
        vulnerabilities.push(mapper.vulnerabilities);
        omissions.push(mapper.omissions);
    }
    if tally.sources.is_empty() && !allow_empty {
        return Err(TrivyError::Empty { omitted: tally.omitted.values().sum() });
    }
    let mut omissions = merge(omissions)?;
    while let Some((_, line)) = omissions.next()? {
        omitted(line)?;
    }
    let cpes = Cpes::of(tally.products);
    let contents = Contents { written: tally.written, omitted: tally.omitted, products: cpes.len() as u64, ..Contents::default() };
    let mut writer = Writer {
        bolt: BoltWriter::new(out, PAGE_BYTES)?,
        sources: tally.sources,
        cpes,
        vulnerabilities: Some(merge(vulnerabilities)?),
        contents,
        open: None,
        specials: [red_hat::CPES, DATA_SOURCES, VULNERABILITIES].iter(),
        value: Vec::new(),
    };
    writer.write_advisories(merge(advisories)?)?;
    let (out, _) = writer.bolt.finish()?;
    Ok((out, writer.contents))
}

impl Tally {
    fn add(&mut self, other: Self) {
        self.sources.extend(other.sources);
        self.products.extend(other.products);
        other.written.into_iter().for_each(|(name, count)| *self.written.entry(name).or_default() += count);
        other.omitted.into_iter().for_each(|(name, count)| *self.omitted.entry(name).or_default() += count);
    }
}

struct Writer<W: Write + Seek> {
    bolt: BoltWriter<W>,
    sources: BTreeMap<String, Source>,
    /// Products of Red Hat.
    cpes: Cpes,
    /// Until they are written.
    vulnerabilities: Option<Sorted>,
    contents: Contents,
    /// The bucket and the package that are open.
    open: Option<(Vec<u8>, Vec<u8>)>,
    /// Buckets that are no one's advisories, in the order of their bytes, and are still to come.
    specials: std::slice::Iter<'static, &'static str>,
    value: Vec<u8>,
}

impl<W: Write + Seek> Writer<W> {
    /// A value that no other joins is written as it came.
    fn write_advisories(&mut self, mut sorted: Sorted) -> Result<(), TrivyError> {
        let mut at = Held::default();
        while let Some((key, value)) = sorted.next()? {
            if at.is(key) {
                at.join(value)?;
                continue;
            }
            if at.is_there {
                self.put_held(&mut at)?;
            }
            at.set(key, value);
        }
        if at.is_there {
            self.put_held(&mut at)?;
        }
        self.close()?;
        self.write_specials(None)
    }

    fn put_held(&mut self, at: &mut Held) -> Result<(), TrivyError> {
        at.number(&self.cpes)?;
        self.put(&at.key, at.value.get(1..).unwrap_or_default())
    }

    fn put(&mut self, key: &[u8], advisory: &[u8]) -> Result<(), TrivyError> {
        let mut parts = key.splitn(3, |byte| *byte == 0);
        let (bucket, package, id) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
        if self.open.as_ref().is_none_or(|(open, _)| open != bucket) {
            self.close()?;
            self.write_specials(Some(bucket))?;
            self.bolt.begin_bucket(bucket)?;
            self.bolt.begin_bucket(package)?;
            self.open = Some((bucket.to_vec(), package.to_vec()));
        } else if let Some((_, open)) = &mut self.open
            && open != package
        {
            self.bolt.end_bucket()?;
            self.bolt.begin_bucket(package)?;
            open.clear();
            open.extend_from_slice(package);
        }
        self.bolt.put(id, advisory)?;
        *self.contents.advisories.entry(String::from_utf8_lossy(bucket).into_owned()).or_default() += 1;
        Ok(())
    }

    fn close(&mut self) -> Result<(), TrivyError> {
        if self.open.take().is_some() {
            self.bolt.end_bucket()?;
            self.bolt.end_bucket()?;
        }
        Ok(())
    }

    /// Writes those of the special buckets that come before a bucket, or all that are left.
    fn write_specials(&mut self, before: Option<&[u8]>) -> Result<(), TrivyError> {
        while let Some(name) = self.specials.as_slice().first().filter(|name| before.is_none_or(|before| name.as_bytes() < before)) {
            self.specials.next();
            if *name == red_hat::CPES && self.cpes.len() == 0 {
                continue;
            }
            self.bolt.begin_bucket(name.as_bytes())?;
            match *name {
                red_hat::CPES => self.write_cpes()?,
                DATA_SOURCES => self.write_sources()?,
                _ => self.write_vulnerabilities()?,
            }
            self.bolt.end_bucket()?;
        }
        Ok(())
    }

    /// The products by their numbers, and the numbers of each repository: of those alone that the evidence speaks of, so that a scan of
    /// another fails instead of finding nothing.
    fn write_cpes(&mut self) -> Result<(), TrivyError> {
        let (names, repositories) = (self.cpes.names(), self.cpes.repositories());
        self.write_values("cpe", &names)?;
        if repositories.is_empty() { Ok(()) } else { self.write_values("repository", &repositories) }
    }

    fn write_values<T: Serialize>(&mut self, bucket: &str, values: &BTreeMap<String, T>) -> Result<(), TrivyError> {
        self.bolt.begin_bucket(bucket.as_bytes())?;
        for (key, value) in values {
            self.value.clear();
            write_json(value, &mut self.value)?;
            self.bolt.put(key.as_bytes(), &self.value)?;
        }
        Ok(self.bolt.end_bucket()?)
    }

    fn write_sources(&mut self) -> Result<(), TrivyError> {
        for (bucket, Source { id, name, url }) in &self.sources {
            self.value.clear();
            write_json(&DataSource { id: (*id).into(), name: (&**name).into(), url: (&**url).into() }, &mut self.value)?;
            self.bolt.put(bucket.as_bytes(), &self.value)?;
        }
        Ok(())
    }

    fn write_vulnerabilities(&mut self) -> Result<(), TrivyError> {
        let Some(mut sorted) = self.vulnerabilities.take() else { return Ok(()) };
        let mut at = Held::default();
        let mut joined: Option<Vulnerability> = None;
        while let Some((key, value)) = sorted.next()? {
            let id = key.split(|byte| *byte == 0).next().unwrap_or_default();
            if at.is(id) {
                let mut first = joined.take().map_or_else(|| read(&at.value), Ok)?;
                first.join(read(value)?);
                joined = Some(first);
                continue;
            }
            if at.is_there {
                self.put_vulnerability(&at, joined.take())?;
            }
            at.set(id, value);
        }
        if at.is_there { self.put_vulnerability(&at, joined) } else { Ok(()) }
    }

    /// A value that no other joins is written as it came.
    fn put_vulnerability(&mut self, at: &Held, joined: Option<Vulnerability>) -> Result<(), TrivyError> {
        self.contents.vulnerabilities += 1;
        let Some(joined) = joined else { return Ok(self.bolt.put(&at.key, &at.value)?) };
        self.value.clear();
        write_json(&joined, &mut self.value)?;
        Ok(self.bolt.put(&at.key, &self.value)?)
    }
}
