use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use rusqlite::Connection;
use stella_mirror::{Kind, RecordStream};

use crate::error::SearchError;
use crate::text::words_of;

/// Records between two looks at the cancel flag.
const POLL_RECORDS: usize = 1024;

/// Gathers the words of all advisories of the folder that a mirror was unpacked into, into a SQLite file that is not there yet. Memory: what SQLite
/// takes for its cache, however many advisories there are.
///
/// # Errors
/// Of the mirror, of the file; [`SearchError::Cancelled`]
pub fn build_search(folder: &Path, file: &Path, cancel: &Arc<AtomicBool>) -> Result<u64, SearchError> {
    let mut connection = Connection::open(file)?;
    // The file is made anew from the mirror where it is not whole: it needs no journal.
    connection.execute_batch(
        "pragma journal_mode = off; pragma synchronous = off; pragma cache_size = -16384;
         create table records (id integer primary key, key text not null);
         create virtual table words using fts5(text, content = '', tokenize = 'unicode61');",
    )?;
    let scratch = file.parent().unwrap_or(folder);
    let mut count = 0_i64;
    let transaction = connection.transaction()?;
    {
        let mut record = transaction.prepare("insert into records (id, key) values (?1, ?2)")?;
        let mut words = transaction.prepare("insert into words (rowid, text) values (?1, ?2)")?;
        if let Some(mut stream) = RecordStream::open(folder, Kind::Advisory, scratch, cancel)? {
            while let Some(found) = stream.record() {
                count += 1;
                if (count as usize).is_multiple_of(POLL_RECORDS) && cancel.load(Ordering::Relaxed) {
                    return Err(SearchError::Cancelled);
                }
                record.execute((count, found.key))?;
                words.execute((count, words_of(found.key, found.line)))?;
                stream.advance()?;
            }
        }
    }
    transaction.commit()?;
    connection.execute_batch("pragma synchronous = full; insert into words (words) values ('optimize');")?;
    Ok(count as u64)
}
