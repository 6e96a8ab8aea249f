use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use rusqlite::{Connection, params};
use stella_artifact::{ExportOptions, OmittedLines, go_on};
use stella_sort::{Sorted, Sorter, merge};

use crate::error::JavaDbError;
use crate::mapper::{Mapper, Omissions, parts};
use crate::omission::Omission;

/// How a file is written that is never used unless it was written whole: without a journal, without waiting for the disk. A small cache makes
/// SQLite sort in runs that stay near the core; a second thread merges them.
const WRITING: &str = "PRAGMA page_size=4096; PRAGMA journal_mode=OFF; PRAGMA synchronous=OFF; PRAGMA locking_mode=EXCLUSIVE;
PRAGMA secure_delete=ON; PRAGMA cache_size=-8192; PRAGMA threads=2";
/// Steps of SQLite's machine after which it is looked whether the work was stopped: some milliseconds.
const STEPS_BETWEEN_LOOKS: i32 = 100_000;
/// The tables and indexes of trivy-java-db `pkg/db/db.go`, word for word as SQLite keeps them: part of the format.
const TABLES: &str = "CREATE TABLE artifacts(id INTEGER PRIMARY KEY, group_id TEXT, artifact_id TEXT);
CREATE TABLE indices(artifact_id INTEGER, version TEXT, sha1 BLOB, archive_type TEXT, foreign key (artifact_id) references artifacts(id));";
const INDEXES: &str = "CREATE UNIQUE INDEX artifacts_idx ON artifacts(artifact_id, group_id);
CREATE INDEX indices_artifact_idx ON indices(artifact_id);
CREATE UNIQUE INDEX indices_sha1_idx ON indices(sha1);";

/// What a database holds, and what was left out.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Contents {
    /// Pairs of group and artifact.
    pub artifacts: u64,
    /// SHA-1 digests.
    pub jars: u64,
    /// Statements that have a place; several may state one JAR.
    pub written: u64,
    /// Statements that have none, by reason.
    pub omitted: BTreeMap<&'static str, u64>,
}

/// Writes what the mappers took as a Java DB of schema 1 at `path`, where nothing is, and gives a line for each statement that has no place
/// there to `omitted`, in the order of their records. Of several coordinates of one SHA-1 those of an index come first, then those without
/// a classifier, then the first in the order of bytes. The bytes depend on the records alone, and on the version of SQLite.
///
/// # Errors
/// `Empty` unless `allow_empty` · `Sqlite`, `Io`, one of them where it is stopped
pub(crate) fn write_database(
    mappers: Vec<Mapper>,
    path: &Path,
    options: &ExportOptions,
    omitted: &mut OmittedLines,
) -> Result<Contents, JavaDbError> {
    let ExportOptions { scratch, allow_empty, stop, .. } = options;
    let memory_bytes = mappers.iter().map(|mapper| mapper.memory_bytes).sum::<usize>();
    let (mut jars, mut lines, mut contents) = (Vec::new(), Vec::new(), Contents::default());
    for mapper in mappers {
        jars.push(mapper.jars);
        contents.written += mapper.written;
        mapper.omissions.add_to(&mut lines, &mut contents);
    }
    let mut doubled = Omissions::new(scratch, memory_bytes / 8);
    let mut rows = Sorter::new(scratch, memory_bytes / 8 * 7);
    contents.jars = settle(merge(jars)?, &mut rows, &mut doubled, stop)?;
    contents.written -= doubled.counts.values().sum::<u64>();
    doubled.add_to(&mut lines, &mut contents);
    if contents.jars == 0 && !*allow_empty {
        return Err(JavaDbError::Empty { omitted: contents.omitted.values().sum() });
    }
    let mut lines = merge(lines)?;
    while let Some((_, line)) = lines.next()? {
        omitted.push(line)?;
    }
    drop(lines);
    contents.artifacts = write_file(merge(vec![rows])?, path, scratch, stop)?;
    Ok(contents)
}

impl Omissions {
    fn add_to(self, lines: &mut Vec<Sorter>, contents: &mut Contents) {
        lines.push(self.lines);
        self.counts.into_iter().for_each(|(reason, count)| *contents.omitted.entry(reason).or_default() += count);
    }
}

/// Gives each SHA-1 to its first coordinates, as a row by coordinates; how many there are.
fn settle(mut jars: Sorted, rows: &mut Sorter, doubled: &mut Omissions, stop: &AtomicBool) -> Result<u64, JavaDbError> {
    let (mut count, mut row, mut sha1_at) = (0, Vec::new(), 0);
    while let Some((key, value)) = jars.next()? {
        go_on(stop)?;
        let (sha1, coordinates) = parts(key);
        if count > 0 && row[sha1_at..] == *sha1 {
            if row[..sha1_at - 1] != *coordinates {
                let mut told = value.splitn(2, |byte| *byte == 0).map(String::from_utf8_lossy);
                let (record, purl) = (told.next().unwrap_or_default(), told.next().unwrap_or_default());
                doubled.push(&record, &purl, Omission::SameSha1)?;
            }
            continue;
        }
        row.clear();
        row.extend_from_slice(coordinates);
        row.push(0);
        sha1_at = row.len();
        row.extend_from_slice(sha1);
        rows.push(&row, &[])?;
        count += 1;
    }
    Ok(count)
}

/// Fills the tables in the order of coordinates, then makes the indexes, then copies all of it into the file without a gap.
fn write_file(mut rows: Sorted, path: &Path, scratch: &Path, stop: &Arc<AtomicBool>) -> Result<u64, JavaDbError> {
    let loose = scratch.join("loose.db");
    let mut db = Connection::open(&loose)?;
    stop_with(&mut db, stop)?;
    db.execute_batch(WRITING)?;
    db.execute_batch(TABLES)?;
    db.execute_batch("BEGIN")?;
    let mut artifacts = 0_i64;
    {
        let mut artifact = db.prepare("INSERT INTO artifacts VALUES (?1, ?2, ?3)")?;
        let mut jar = db.prepare("INSERT INTO indices VALUES (?1, ?2, ?3, 'jar')")?;
        let mut open = Vec::new();
        while let Some((row, _)) = rows.next()? {
            go_on(stop)?;
            let (coordinates, sha1) = row.split_at(row.len() - crate::jar::SHA1_BYTES);
            let mut parts = coordinates.split(|byte| *byte == 0);
            let mut part =
                || std::str::from_utf8(parts.next().unwrap_or_default()).map_err(|error| JavaDbError::Unsound(error.to_string()));
            let (group_id, artifact_id, version) = (part()?, part()?, part()?);
            let name = &coordinates[..group_id.len() + 1 + artifact_id.len()];
            if artifacts == 0 || open != name {
                artifacts += 1;
                artifact.execute(params![artifacts, group_id, artifact_id])?;
                open.clear();
                open.extend_from_slice(name);
            }
            jar.execute(params![artifacts, version, sha1])?;
        }
    }
    db.execute_batch("COMMIT")?;
    db.execute_batch(INDEXES)?;
    db.execute("VACUUM INTO ?1", [path.to_string_lossy()])?;
    db.close().map_err(|(_, error)| error)?;
    std::fs::remove_file(loose)?;
    Ok(artifacts as u64)
}

/// Lets whatever SQLite does fail soon after the flag is raised.
pub(crate) fn stop_with(db: &mut Connection, stop: &Arc<AtomicBool>) -> rusqlite::Result<()> {
    let stop = Arc::clone(stop);
    db.progress_handler(STEPS_BETWEEN_LOOKS, Some(move || stop.load(Ordering::Relaxed)))
}
