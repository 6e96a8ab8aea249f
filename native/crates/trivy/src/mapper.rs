use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use stella_sort::Sorter;

use crate::error::TrivyError;
use crate::map::{LeftOut, Place, Sink, Stated, map};
use crate::osv::Osv;
use crate::source::Source;
use crate::version_order::Order;
use crate::vulnerability::Vulnerability;

/// Most buckets of one database: each release of each distribution, and each source of each language, has one.
const MAX_BUCKETS: usize = 10_000;

/// Most products of Red Hat: it has some thousands.
const MAX_PRODUCTS: usize = 100_000;
/// Stands before what is stated in the form of Red Hat.
pub(crate) const RED_HAT: u8 = 4;

/// Takes OSV documents in any order, and keeps what the database will hold of them in files of a folder. Several may work side by side.
#[derive(Debug)]
pub struct Mapper {
    pub(crate) advisories: Sorter,
    pub(crate) vulnerabilities: Sorter,
    pub(crate) omissions: Sorter,
    pub(crate) tally: Tally,
    key: Vec<u8>,
    value: Vec<u8>,
}

/// What a mapper has counted.
#[derive(Debug, Default)]
pub(crate) struct Tally {
    pub(crate) sources: BTreeMap<String, Source>,
    /// Products of Red Hat.
    pub(crate) products: BTreeSet<String>,
    pub(crate) written: BTreeMap<String, u64>,
    pub(crate) omitted: BTreeMap<(String, &'static str), u64>,
}

impl Mapper {
    /// A mapper that holds about `memory_bytes`; its files lie in `folder`, without a name, until it is dropped.
    pub fn new(folder: &Path, memory_bytes: usize) -> Self {
        let sorter = |part| Sorter::new(folder, memory_bytes / 8 * part);
        Self {
            advisories: sorter(2),
            vulnerabilities: sorter(5),
            omissions: sorter(1),
            tally: Tally::default(),
            key: Vec::new(),
            value: Vec::new(),
        }
    }

    /// Takes one OSV document, as the ledger keeps it.
    ///
    /// # Errors
    /// `Document`, `TooManyBuckets`, `TooManyProducts`, `Io`
    pub fn take(&mut self, body: &[u8]) -> Result<(), TrivyError> {
        let document: Osv<'_> = serde_json::from_slice(body).map_err(|error| TrivyError::Document(error.to_string()))?;
        map(&document, self)
    }

    fn keyed(&mut self, parts: &[&[u8]]) {
        self.key.clear();
        for part in parts {
            self.key.extend_from_slice(part);
            self.key.push(0);
        }
        self.key.pop();
    }
}

impl Sink for Mapper {
    type Error = TrivyError;

    fn advisory(&mut self, at: Place<'_>, stated: &Stated) -> Result<(), TrivyError> {
        if !self.tally.sources.contains_key(at.bucket) {
            if self.tally.sources.len() == MAX_BUCKETS {
                return Err(TrivyError::TooManyBuckets(MAX_BUCKETS));
            }
            self.tally.sources.insert(at.bucket.to_owned(), at.source.clone());
        }
        self.keyed(&[at.bucket.as_bytes(), at.package.as_bytes(), at.id.as_bytes()]);
        self.value.clear();
        match stated {
            Stated::Advisory(advisory) => {
                self.value.push(code_of(at.order));
                write_json(advisory, &mut self.value)?;
            }
            Stated::RedHat(advisory) => {
                for product in advisory.products() {
                    if self.tally.products.contains(product) {
                        continue;
                    }
                    if self.tally.products.len() == MAX_PRODUCTS {
                        return Err(TrivyError::TooManyProducts(MAX_PRODUCTS));
                    }
                    self.tally.products.insert(product.clone());
                }
                self.value.push(RED_HAT);
                write_json(advisory, &mut self.value)?;
            }
        }
        Ok(self.advisories.push(&self.key, &self.value)?)
    }

    fn vulnerability(&mut self, id: &str, (source, document): (&Source, &str), told: &Vulnerability) -> Result<(), TrivyError> {
        self.keyed(&[id.as_bytes(), &[source.rank()], source.id.as_bytes(), document.as_bytes()]);
        self.value.clear();
        write_json(told, &mut self.value)?;
        Ok(self.vulnerabilities.push(&self.key, &self.value)?)
    }

    fn written(&mut self, database: &str) {
        add(&mut self.tally.written, database);
    }

    fn omitted(&mut self, left_out: LeftOut<'_>) -> Result<(), TrivyError> {
        let LeftOut { document, index, database, ecosystem, package, reason } = left_out;
        *self.tally.omitted.entry((database.to_owned(), reason.code())).or_default() += 1;
        self.keyed(&[document.as_bytes(), &(index as u64).to_be_bytes()]);
        self.value.clear();
        // Members in the order of RFC 8785.
        let line = serde_json::json!({ "database": database, "ecosystem": ecosystem, "id": document, "package": package, "reason": reason.code() });
        write_json(&line, &mut self.value)?;
        Ok(self.omissions.push(&self.key, &self.value)?)
    }
}

fn add(counts: &mut BTreeMap<String, u64>, name: &str) {
    match counts.get_mut(name) {
        Some(count) => *count += 1,
        None => drop(counts.insert(name.to_owned(), 1)),
    }
}

/// Compact JSON. Only memory is written to.
pub(crate) fn write_json(value: &impl serde::Serialize, out: &mut Vec<u8>) -> Result<(), TrivyError> {
    serde_json::to_writer(out, value).map_err(|error| TrivyError::Io(error.into()))
}

fn code_of(order: Option<Order>) -> u8 {
    match order {
        None => 0,
        Some(Order::Deb) => 1,
        Some(Order::Rpm) => 2,
        Some(Order::Apk) => 3,
    }
}

/// The order that `code_of` wrote.
pub(crate) fn order_of(code: u8) -> Option<Order> {
    match code {
        1 => Some(Order::Deb),
        2 => Some(Order::Rpm),
        3 => Some(Order::Apk),
        _ => None,
    }
}
