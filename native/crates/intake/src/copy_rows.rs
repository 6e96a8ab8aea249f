use stella_evidence::{Evidence, Record, SelectorDigest};

/// Columns of a row, in order: seq, kind, record_key, document_key, document_version, document_modified_at, modified_at, body, body_sha256,
/// content_sha256, artifact_sha256, raw, media_type, source, subject_folder, selectors.
pub const COLUMNS: u16 = 16;

/// Signature, no flags, no header extension (PostgreSQL documentation, COPY, "Binary Format").
pub(crate) const HEADER: [u8; 19] = *b"PGCOPY\n\xff\r\n\0\0\0\0\0\0\0\0\0";
/// A field count of −1.
pub(crate) const TRAILER: [u8; 2] = [0xff, 0xff];

/// Microseconds from 1970-01-01 to 2000-01-01, where PostgreSQL counts from.
const POSTGRES_EPOCH_MICROS: i64 = 946_684_800_000_000;
/// Type oid of `uuid`.
const UUID_OID: u32 = 2950;

/// A field longer than PostgreSQL takes; documents have a limit far below it.
#[derive(Debug)]
pub(crate) struct FieldTooLong;

/// Appends the rows of one document. Its bytes go into the first row alone.
pub(crate) fn append(out: &mut Vec<u8>, seq: i64, source: &str, raw: &[u8], evidence: &Evidence) -> Result<(), FieldTooLong> {
    for (at, record) in evidence.records.iter().enumerate() {
        append_row(out, seq, source, (at == 0).then_some(raw), evidence, record)?;
    }
    Ok(())
}

fn append_row(
    out: &mut Vec<u8>,
    seq: i64,
    source: &str,
    raw: Option<&[u8]>,
    evidence: &Evidence,
    record: &Record,
) -> Result<(), FieldTooLong> {
    out.extend_from_slice(&COLUMNS.to_be_bytes());
    field(out, &seq.to_be_bytes())?;
    field(out, record.kind.name().as_bytes())?;
    field(out, record.record_key.as_bytes())?;
    field(out, evidence.document_key.as_bytes())?;
    field(out, &evidence.document_version.to_be_bytes())?;
    nullable(out, evidence.modified_at.map(timestamptz).as_ref().map(<[u8; 8]>::as_slice))?;
    nullable(out, record.modified_at.map(timestamptz).as_ref().map(<[u8; 8]>::as_slice))?;
    field(out, record.body.as_bytes())?;
    field(out, &record.body_sha256)?;
    field(out, &evidence.content_sha256)?;
    field(out, &evidence.artifact_sha256)?;
    nullable(out, raw)?;
    field(out, evidence.media_type.as_bytes())?;
    field(out, source.as_bytes())?;
    nullable(out, record.subject_folder.as_deref().map(str::as_bytes))?;
    selectors(out, record)
}

fn timestamptz(unix_micros: i64) -> [u8; 8] {
    (unix_micros - POSTGRES_EPOCH_MICROS).to_be_bytes()
}

fn nullable(out: &mut Vec<u8>, bytes: Option<&[u8]>) -> Result<(), FieldTooLong> {
    match bytes {
        Some(bytes) => field(out, bytes),
        None => {
            out.extend_from_slice(&(-1i32).to_be_bytes());
            Ok(())
        }
    }
}

fn field(out: &mut Vec<u8>, bytes: &[u8]) -> Result<(), FieldTooLong> {
    let length = i32::try_from(bytes.len()).map_err(|_| FieldTooLong)?;
    out.extend_from_slice(&length.to_be_bytes());
    out.extend_from_slice(bytes);
    Ok(())
}

/// A one-dimensional `uuid[]` without nulls (`array_recv`), or the array of no dimension where there is no selector.
fn selectors(out: &mut Vec<u8>, record: &Record) -> Result<(), FieldTooLong> {
    let length_at = out.len();
    out.extend_from_slice(&[0; 4]);
    let dimensions = u32::from(!record.selectors.is_empty());
    for word in [dimensions, 0, UUID_OID] {
        out.extend_from_slice(&word.to_be_bytes());
    }
    if dimensions > 0 {
        let count = u32::try_from(record.selectors.len()).map_err(|_| FieldTooLong)?;
        out.extend_from_slice(&count.to_be_bytes());
        out.extend_from_slice(&1u32.to_be_bytes());
    }
    for digest in record.selectors.digests() {
        out.extend_from_slice(&(size_of::<SelectorDigest>() as u32).to_be_bytes());
        out.extend_from_slice(&digest);
    }
    let length = i32::try_from(out.len() - length_at - 4).map_err(|_| FieldTooLong)?;
    out[length_at..length_at + 4].copy_from_slice(&length.to_be_bytes());
    Ok(())
}
