use std::path::Path;
use std::sync::{Mutex, PoisonError};

use napi::bindgen_prelude::Buffer;
use napi::{Env, Result};
use napi_derive::napi;
use stella_evidence::purls::{Asked, asked};
use stella_mirror::{Found, FoundPage, Kind, Lookup, MirrorError, Page};

use crate::asked_package::verdict;
use crate::fault::{NativeError, thrown};
use crate::write_json_lines::invalid;

/// Records that were found in a mirror.
#[napi(object)]
pub struct FoundItems {
    /// JSON of each, with commas between them: key, document, what was found out about it, and the record as it lies.
    pub items: String,
    pub count: u32,
    /// Whether none comes after them.
    pub is_last: bool,
}

/// Which of the records that were found: from the `skip`th on, `limit` at most, and one or more of `maxBytes` together.
#[napi(object)]
pub struct LookupPage {
    pub skip: u32,
    pub limit: u32,
    pub max_bytes: u32,
}

/// Records and documents of the folder that a mirror was unpacked into. Each call reads a few small pieces of files, and answers at once.
#[napi]
pub struct MirrorLookup {
    lookup: Mutex<Lookup>,
}

#[napi]
impl MirrorLookup {
    /// Opens the indexes of a folder, whose path is absolute. @throws `bundle/invalid`, `native/io`
    #[napi(factory, catch_unwind)]
    pub fn open(env: Env, folder: String) -> Result<Self> {
        let lookup = Lookup::open(Path::new(&folder)).map_err(|error| thrown(env, error.into()))?;
        Ok(Self { lookup: Mutex::new(lookup) })
    }

    /// The record of a key, of kind `advisory`, `vex` or `sbom`, as an item; null where there is none. @throws `bundle/invalid`, `native/io`
    #[napi(catch_unwind)]
    pub fn by_key(&self, env: Env, kind: String, key: String) -> Result<Option<String>> {
        self.with(env, &kind, |lookup, kind| {
            let found = lookup.by_key(kind, &key)?;
            Ok(found.map(|one| items([&one], None)))
        })
    }

    /// The records that a list of an index names so; of `products` the second name may be left out. @throws `bundle/invalid`, `native/io`
    #[napi(catch_unwind)]
    pub fn by_names(&self, env: Env, kind: String, list: String, names: Vec<String>, page: LookupPage) -> Result<FoundItems> {
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        self.with(env, &kind, |lookup, kind| Ok(found(&lookup.by_names(kind, &list, &names, page.into())?, None)))
    }

    /// The advisories that speak of the package of a purl, each with its verdict where that has a version; null where the text is no purl.
    /// @throws `bundle/invalid`, `native/io`
    #[napi(catch_unwind)]
    pub fn by_package(&self, env: Env, purl: String, page: LookupPage) -> Result<Option<FoundItems>> {
        let Some(asked) = asked(&purl) else { return Ok(None) };
        self.with(env, "advisory", |lookup, kind| {
            Ok(Some(found(&lookup.by_names(kind, "packages", &[&asked.package], page.into())?, Some(&asked))))
        })
    }

    /// Whether a list of an index has any name that begins so. @throws `bundle/invalid`, `native/io`
    #[napi(catch_unwind)]
    pub fn has_names(&self, env: Env, kind: String, list: String, begin: String) -> Result<bool> {
        self.with(env, &kind, |lookup, kind| lookup.has_names(kind, &list, &begin))
    }

    /// The document of a SHA-256 in lower-case hexadecimal; null where there is none. @throws `bundle/invalid`, `native/io`
    #[napi(catch_unwind)]
    pub fn document(&self, env: Env, digest: String) -> Result<Option<Buffer>> {
        self.with(env, "advisory", |lookup, _| Ok(lookup.document(&digest)?.map(Buffer::from)))
    }

    fn with<T>(&self, env: Env, kind: &str, work: impl FnOnce(&mut Lookup, Kind) -> std::result::Result<T, MirrorError>) -> Result<T> {
        let kind = Kind::of_name(kind).ok_or_else(|| thrown(env, invalid(format!("a mirror holds no {kind}"))))?;
        let mut lookup = self.lookup.lock().unwrap_or_else(PoisonError::into_inner);
        work(&mut lookup, kind).map_err(|error| thrown(env, NativeError::from(error)))
    }
}

impl From<LookupPage> for Page {
    fn from(LookupPage { skip, limit, max_bytes }: LookupPage) -> Self {
        Self { skip: skip as usize, limit: limit as usize, max_bytes: max_bytes as usize }
    }
}

fn found(FoundPage { records, is_last }: &FoundPage, asked: Option<&Asked>) -> FoundItems {
    FoundItems { items: items(records, asked), count: records.len() as u32, is_last: *is_last }
}

fn items<'f>(records: impl IntoIterator<Item = &'f Found>, asked: Option<&Asked>) -> String {
    let mut out = String::new();
    for one in records {
        if !out.is_empty() {
            out.push(',');
        }
        match asked.and_then(|asked| verdict(asked, &one.record)) {
            Some((verdict, reason)) => one.write_json(&[("verdict", verdict), ("reason", &reason)], &mut out),
            None => one.write_json(&[], &mut out),
        }
    }
    out
}
