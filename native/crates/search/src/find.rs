use std::path::Path;

use rusqlite::{Connection, OpenFlags};

use crate::error::SearchError;

/// Words of one question.
const MAX_WORDS: usize = 16;

/// Looks for words.
pub struct Search {
    connection: Connection,
}

impl Search {
    /// Opens the file that [`build_search`](crate::build_search()) made.
    ///
    /// # Errors
    /// Of SQLite.
    pub fn open(file: &Path) -> Result<Self, SearchError> {
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        Ok(Self { connection: Connection::open_with_flags(file, flags)? })
    }

    /// Keys of the advisories that hold all words of a text, the last of which may be but the begin of one: the best matches first, those of one
    /// rank by key; from the `skip`th on, `limit` at most. Nothing in the text is syntax.
    ///
    /// # Errors
    /// Of SQLite.
    pub fn find(&self, text: &str, (skip, limit): (usize, usize)) -> Result<Vec<String>, SearchError> {
        let words: Vec<_> = text.split_whitespace().filter(|word| word.chars().any(char::is_alphanumeric)).take(MAX_WORDS).collect();
        if words.is_empty() {
            return Ok(Vec::new());
        }
        let phrases: Vec<_> = words.iter().map(|word| format!("\"{}\"", word.replace('"', "\"\""))).collect();
        let question = format!("{}*", phrases.join(" "));
        let mut statement = self.connection.prepare(
            "select records.key from words join records on records.id = words.rowid
             where words match ?1 order by bm25(words), records.id limit ?2 offset ?3",
        )?;
        let keys = statement.query_map((question, limit as i64, skip as i64), |row| row.get(0))?;
        Ok(keys.collect::<Result<_, _>>()?)
    }
}
