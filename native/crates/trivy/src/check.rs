use std::collections::{BTreeMap, BTreeSet};
use std::io::{Read, Seek};

use stella_bolt::{Entry, walk};

use crate::advisory::Advisory;
use crate::database::{Contents, DATA_SOURCES, DataSource, VULNERABILITIES};
use crate::error::TrivyError;
use crate::red_hat::{self, RedHat};
use crate::vulnerability::Vulnerability;

/// Reads a database from its first key to its last, inline buckets among them, and holds it against what was fed: the buckets that
/// Trivy cannot do without, the number of advisories of each bucket and of vulnerabilities, a data source for every bucket, no bucket
/// without a key, and that each value is of the type that Trivy reads there, integers as integers.
///
/// # Errors
/// `Unsound` with the bucket and key · `Bolt` where the file itself is damaged
pub fn check_database(file: impl Read + Seek, expected: &Contents) -> Result<(), TrivyError> {
    let mut found = Found::default();
    walk(file, |entry| found.take(entry))?;
    let missing = [DATA_SOURCES, VULNERABILITIES].into_iter().find(|name| !found.roots.contains(*name));
    if let Some(missing) = missing {
        return Err(unsound(format!("it has no bucket {missing}")));
    }
    let counts = (&found.advisories, found.vulnerabilities, found.products);
    if counts != (&expected.advisories, expected.vulnerabilities, expected.products) {
        return Err(unsound("it holds another number of advisories, vulnerabilities or products than was fed".into()));
    }
    if found.highest_product.is_some_and(|number| u64::from(number) >= found.products) {
        return Err(unsound("it numbers a product of Red Hat that it does not hold".into()));
    }
    match found.advisories.keys().find(|bucket| !found.sources.contains(*bucket)) {
        Some(bucket) => Err(unsound(format!("bucket {bucket} has no data source"))),
        None => Ok(()),
    }
}

/// What a walk has come to.
#[derive(Default)]
struct Found {
    /// The buckets that are open.
    path: Vec<String>,
    /// Keys of the bucket that is open, a bucket counting as one.
    keys: Vec<u64>,
    roots: BTreeSet<String>,
    sources: BTreeSet<String>,
    advisories: BTreeMap<String, u64>,
    vulnerabilities: u64,
    /// Products of Red Hat, and the highest number that anything has of one.
    products: u64,
    highest_product: Option<u32>,
}

impl Found {
    fn take(&mut self, entry: Entry<'_>) -> Result<(), TrivyError> {
        match entry {
            Entry::Begin(key) => {
                let name = String::from_utf8_lossy(key).into_owned();
                if self.path.is_empty() {
                    self.roots.insert(name.clone());
                }
                self.count();
                self.path.push(name);
                self.keys.push(0);
                Ok(())
            }
            Entry::End => {
                let (keys, path) = (self.keys.pop(), self.path.join(" / "));
                let is_special = [DATA_SOURCES, VULNERABILITIES].contains(&path.as_str());
                self.path.pop();
                if keys == Some(0) && !is_special { Err(unsound(format!("bucket {path} is empty"))) } else { Ok(()) }
            }
            Entry::Value(key, value) => {
                self.count();
                self.value(key, value)
            }
        }
    }

    fn count(&mut self) {
        if let Some(keys) = self.keys.last_mut() {
            *keys += 1;
        }
    }

    fn value(&mut self, key: &[u8], value: &[u8]) -> Result<(), TrivyError> {
        let refused = |error: serde_json::Error| {
            let key = String::from_utf8_lossy(key);
            unsound(format!("{} / {key} is not what Trivy reads there: {error}", self.path.join(" / ")))
        };
        let path: Vec<&str> = self.path.iter().map(String::as_str).collect();
        match path[..] {
            [DATA_SOURCES] => {
                serde_json::from_slice::<DataSource<'_>>(value).map_err(refused)?;
                self.sources.insert(String::from_utf8_lossy(key).into_owned());
            }
            [VULNERABILITIES] => {
                serde_json::from_slice::<Vulnerability>(value).map_err(refused)?;
                self.vulnerabilities += 1;
            }
            [red_hat::CPES, "cpe"] => {
                serde_json::from_slice::<String>(value).map_err(refused)?;
                self.products += 1;
            }
            [red_hat::CPES, "repository"] => {
                let numbers: Vec<u32> = serde_json::from_slice(value).map_err(refused)?;
                self.highest_product = self.highest_product.max(numbers.into_iter().max());
            }
            [red_hat::BUCKET, _package] => {
                let advisory: RedHat<u32> = serde_json::from_slice(value).map_err(refused)?;
                let numbers = advisory.entries.into_iter().flat_map(|entry| entry.affected);
                self.highest_product = self.highest_product.max(numbers.max());
                *self.advisories.entry(red_hat::BUCKET.to_owned()).or_default() += 1;
            }
            [bucket, _package] => {
                serde_json::from_slice::<Advisory>(value).map_err(refused)?;
                *self.advisories.entry(bucket.to_owned()).or_default() += 1;
            }
            _ => return Err(unsound(format!("{} holds a value where it holds buckets alone", self.path.join(" / ")))),
        }
        Ok(())
    }
}

fn unsound(reason: String) -> TrivyError {
    TrivyError::Unsound(reason)
}
