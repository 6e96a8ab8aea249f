use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use rusqlite::{Connection, OpenFlags};

use crate::database::{Contents, stop_with};
use crate::error::JavaDbError;

/// Reads a database again: SQLite's own check of every page and index, the number of rows against what was fed, and that each JAR has its
/// artifact. Each row is looked up in each index, all over the file: `memory_bytes` of it are kept. Mapping the file would take a sixth less
/// time, and memory that grows with it.
///
/// # Errors
/// `Unsound` · `Sqlite`, also where it is stopped
pub(crate) fn check_database(path: &Path, expected: &Contents, (memory_bytes, stop): (usize, &Arc<AtomicBool>)) -> Result<(), JavaDbError> {
    let mut db = Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX)?;
    stop_with(&mut db, stop)?;
    db.pragma_update(None, "cache_size", -((memory_bytes >> 10) as i64))?;
    let found: String = db.query_row("PRAGMA integrity_check(1)", [], |row| row.get(0))?;
    if found != "ok" {
        return Err(JavaDbError::Unsound(found));
    }
    let counts: (i64, i64, i64) = db.query_row(
        "SELECT (SELECT count(*) FROM artifacts), (SELECT count(*) FROM indices),
           (SELECT count(*) FROM indices WHERE artifact_id NOT IN (SELECT id FROM artifacts))",
        [],
        |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)),
    )?;
    if counts != (expected.artifacts as i64, expected.jars as i64, 0) {
        return Err(JavaDbError::Unsound("it holds another number of artifacts or JARs than was fed".into()));
    }
    Ok(())
}
