use std::path::Path;
use std::sync::{Mutex, PoisonError};

use napi::bindgen_prelude::Buffer;
use napi::{Env, Result};
use napi_derive::napi;
use stella_mirror::{Found, Kind, Lookup, MirrorError};

use crate::fault::{NativeError, thrown};
use crate::write_json_lines::invalid;

/// A record that was found in a mirror.
#[napi(object, use_nullable = true)]
pub struct FoundRecord {
    pub key: String,
    /// Its JSON.
    pub record: String,
    /// SHA-256 of its document, lower-case hexadecimal; null where that was withheld.
    pub document: Option<String>,
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

    /// The record of a key, of kind `advisory`, `vex` or `sbom`; null where there is none. @throws `bundle/invalid`, `native/io`
    #[napi(catch_unwind)]
    pub fn by_key(&self, env: Env, kind: String, key: String) -> Result<Option<FoundRecord>> {
        self.with(env, &kind, |lookup, kind| Ok(lookup.by_key(kind, &key)?.map(FoundRecord::from)))
    }

    /// The records that a list of an index names so, from the `skip`th on, `limit` at most; of `products` the second name may be left out.
    /// @throws `bundle/invalid`, `native/io`
    #[napi(catch_unwind)]
    pub fn by_names(&self, env: Env, kind: String, list: String, names: Vec<String>, skip: u32, limit: u32) -> Result<Vec<FoundRecord>> {
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        let page = (skip as usize, limit as usize);
        self.with(env, &kind, |lookup, kind| Ok(lookup.by_names(kind, &list, &names, page)?.into_iter().map(FoundRecord::from).collect()))
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

impl From<Found> for FoundRecord {
    fn from(Found { key, record, document }: Found) -> Self {
        Self { key, record, document }
    }
}
