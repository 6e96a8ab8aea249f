use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use stella_pgcopy::{Server, Session};

use crate::documents::{Document, DocumentReader};
use crate::error::WriteError;
use crate::records::{RangeReader, Ranges, Record, Source};

/// Ranges of records in PostgreSQL: one SELECT each, with the columns key (text), body (text), digest (bytea), in order of key; where documents
/// are read too, then digest and content of the document (bytea), the latter null where the row before has the same document.
pub struct PostgresRanges {
    /// Where the ledger is.
    pub server: Server,
    /// Bound to the session for row level security.
    pub tenant_id: String,
    /// A SELECT per range.
    pub queries: Vec<String>,
    /// Whether the rows have documents.
    pub with_documents: bool,
    /// Ends all reading when raised.
    pub stop: Arc<AtomicBool>,
}

impl Ranges for PostgresRanges {
    type Reader = PostgresReader;

    fn count(&self) -> usize {
        self.queries.len()
    }

    fn open(&self) -> Result<PostgresReader, WriteError> {
        Ok(PostgresReader {
            session: open(&self.server, &self.tenant_id, &self.stop)?,
            queries: self.queries.clone(),
            with_documents: self.with_documents,
        })
    }
}

/// One session that reads ranges.
pub struct PostgresReader {
    session: Session,
    queries: Vec<String>,
    with_documents: bool,
}

impl RangeReader for PostgresReader {
    fn read(&mut self, range: usize, each: impl FnMut(Record<'_>) -> Result<(), WriteError>) -> Result<(), WriteError> {
        let query = self.queries[range].clone();
        let session = &mut self.session;
        let copied = if self.with_documents { copy_with_documents(session, &query, each) } else { copy_records(session, &query, each) };
        if copied.is_err() {
            self.session.request_cancel();
        }
        copied
    }
}

fn copy_records(session: &mut Session, query: &str, mut each: impl FnMut(Record<'_>) -> Result<(), WriteError>) -> Result<(), WriteError> {
    let mut copy = session.copy_out(query)?;
    while let Some(row) = copy.next_row::<3>()? {
        let [Some(key), Some(body), Some(digest)] = row else { return Err(null_column()) };
        each(Record { key, body, digest, source: None })?;
    }
    Ok(())
}

fn copy_with_documents(
    session: &mut Session,
    query: &str,
    mut each: impl FnMut(Record<'_>) -> Result<(), WriteError>,
) -> Result<(), WriteError> {
    let mut copy = session.copy_out(query)?;
    while let Some(row) = copy.next_row::<5>()? {
        let [Some(key), Some(body), Some(digest), Some(of_source), content] = row else { return Err(null_column()) };
        each(Record { key, body, digest, source: Some(Source { digest: of_source, content }) })?;
    }
    Ok(())
}

/// Documents in PostgreSQL: one SELECT with the columns key, folder, file name (text), content, digest (bytea), in order of key.
pub struct PostgresDocuments {
    /// Where the ledger is.
    pub server: Server,
    /// Bound to the session for row level security.
    pub tenant_id: String,
    /// The SELECT.
    pub query: String,
    /// Ends all reading when raised.
    pub stop: Arc<AtomicBool>,
}

impl DocumentReader for PostgresDocuments {
    fn read(&mut self, each: impl FnMut(Document<'_>) -> Result<(), WriteError>) -> Result<(), WriteError> {
        let mut session = open(&self.server, &self.tenant_id, &self.stop)?;
        let copied = copy_documents(&mut session, &self.query, each);
        if copied.is_err() {
            session.request_cancel();
        }
        copied
    }
}

fn copy_documents(
    session: &mut Session,
    query: &str,
    mut each: impl FnMut(Document<'_>) -> Result<(), WriteError>,
) -> Result<(), WriteError> {
    let mut copy = session.copy_out(query)?;
    while let Some(row) = copy.next_row::<5>()? {
        let [Some(key), Some(folder), Some(file_name), Some(content), Some(digest)] = row else { return Err(null_column()) };
        each(Document { key, folder, file_name, content, digest })?;
    }
    Ok(())
}

fn open(server: &Server, tenant_id: &str, stop: &Arc<AtomicBool>) -> Result<Session, WriteError> {
    let mut session = Session::open(server, stop)?;
    // One short plan a range: compiling it costs more than it gains.
    session.execute("set jit = off")?;
    session.set_tenant(tenant_id)?;
    Ok(session)
}

fn null_column() -> WriteError {
    WriteError::new("native/postgres", "a column of the query is null")
}
