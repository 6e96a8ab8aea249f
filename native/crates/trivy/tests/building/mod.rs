//! Databases of documents, in a folder of their own.

use std::fs::File;
use std::path::Path;

use stella_trivy::{Contents, Mapper, TrivyError, check_database, write_database};

/// What came of some documents.
#[derive(Debug)]
pub struct Built {
    pub contents: Contents,
    pub omitted: Vec<String>,
    pub bytes: Vec<u8>,
}

/// Builds and checks a database of documents, which mappers of so much memory take in turn.
pub fn build<'d>(documents: impl IntoIterator<Item = &'d [u8]>, mappers: usize, memory_bytes: usize) -> Result<Built, TrivyError> {
    let folder = tempfile::tempdir()?;
    let mut mappers: Vec<Mapper> = (0..mappers).map(|_| Mapper::new(folder.path(), memory_bytes)).collect();
    for (index, document) in documents.into_iter().enumerate() {
        let turn = index % mappers.len();
        mappers[turn].take(document)?;
    }
    write_in(folder.path(), mappers)
}

fn write_in(folder: &Path, mappers: Vec<Mapper>) -> Result<Built, TrivyError> {
    let path = folder.join("trivy.db");
    let mut omitted = Vec::new();
    let (_, contents) = write_database(mappers, File::create(&path)?, false, |line| {
        omitted.push(String::from_utf8_lossy(line).into_owned());
        Ok(())
    })?;
    check_database(File::open(&path)?, &contents)?;
    Ok(Built { contents, omitted, bytes: std::fs::read(path)? })
}
