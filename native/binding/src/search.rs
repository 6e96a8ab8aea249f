use std::path::Path;
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Mutex, PoisonError};

use napi::bindgen_prelude::AsyncTask;
use napi::{Env, Error, Result, Task};
use napi_derive::napi;
use stella_search::{Search, SearchError, build_search as build};

use crate::cancel::CancelFlag;
use crate::fault::{Fault, NativeError, thrown};

pub struct BuildSearch {
    folder: String,
    file: String,
    cancel: Arc<AtomicBool>,
    fault: Fault,
}

#[napi]
impl Task for BuildSearch {
    type Output = f64;
    type JsValue = f64;

    fn compute(&mut self) -> Result<f64> {
        let Self { folder, file, cancel, fault } = self;
        fault.guard(|| Ok(build(Path::new(folder), Path::new(file), cancel)? as f64))
    }

    fn resolve(&mut self, _env: Env, advisories: f64) -> Result<f64> {
        Ok(advisories)
    }

    fn reject(&mut self, env: Env, error: Error) -> Result<f64> {
        Err(self.fault.reject(env, error))
    }
}

/// Gathers the words of all advisories of the folder that a mirror was unpacked into.
///
/// @param folder - absolute path of the folder
/// @param file - absolute path of the SQLite file, which is not there yet
/// @param cancel - raise it to stop
/// @returns how many advisories there are
/// @throws `bundle/invalid`, `native/io`, `native/cancelled`
///
/// Memory: a cache of 16 MiB. Source: sqlite.org/fts5.html.
#[napi]
pub fn build_search(folder: String, file: String, cancel: &CancelFlag) -> AsyncTask<BuildSearch> {
    AsyncTask::new(BuildSearch { folder, file, cancel: cancel.shared(), fault: Fault::default() })
}

/// Words of advisories.
#[napi]
pub struct AdvisorySearch {
    search: Mutex<Search>,
}

#[napi]
impl AdvisorySearch {
    /// Opens the file that `buildSearch` made, whose path is absolute. @throws `native/io`
    #[napi(factory, catch_unwind)]
    pub fn open(env: Env, file: String) -> Result<Self> {
        let search = Search::open(Path::new(&file)).map_err(|error| thrown(env, error.into()))?;
        Ok(Self { search: Mutex::new(search) })
    }

    /// Keys of the advisories that hold all words of a text, the best matches first, from the `skip`th on, `limit` at most. @throws `native/io`
    #[napi(catch_unwind)]
    pub fn find(&self, env: Env, text: String, skip: u32, limit: u32) -> Result<Vec<String>> {
        let search = self.search.lock().unwrap_or_else(PoisonError::into_inner);
        search.find(&text, (skip as usize, limit as usize)).map_err(|error| thrown(env, error.into()))
    }
}

impl From<SearchError> for NativeError {
    fn from(error: SearchError) -> Self {
        match error {
            SearchError::Mirror(error) => error.into(),
            SearchError::Cancelled => Self::new("native/cancelled", error.to_string()),
            _ => Self::new("native/io", error.to_string()),
        }
    }
}
