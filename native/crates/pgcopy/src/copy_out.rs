use std::ops::Range;

use postgres_protocol::message::frontend;

use crate::error::{PgError, Result};
use crate::handshake::send;
use crate::message::read_u32;
use crate::session::Session;

const SIGNATURE: &[u8] = b"PGCOPY\n\xff\r\n\0";
const CRITICAL_FLAGS: u32 = 0xffff_0000;

/// A running copy. Rows are read one by one, their fields being slices of the read buffer.
///
/// The copy is whole only when [`CopyOut::next_row`] has answered `None`: it checks the server's own count of rows.
pub struct CopyOut<'a> {
    session: &'a mut Session,
    /// What is left of the last CopyData message.
    rest: Range<usize>,
    headed: bool,
    trailed: bool,
    rows: u64,
}

impl<'a> CopyOut<'a> {
    pub(crate) fn begin(session: &'a mut Session, query: &str) -> Result<Self> {
        send(&mut session.reader, |out| frontend::query(&format!("COPY ({query}) TO STDOUT (FORMAT BINARY)"), out))?;
        loop {
            let message = session.reader.next()?;
            match message.kind {
                b'H' => break,
                b'E' => return Err(refusal(session, message.body)),
                b'N' | b'S' => {}
                other => return Err(PgError::protocol(format!("message {:?} instead of a copy", char::from(other)))),
            }
        }
        Ok(Self { session, rest: 0..0, headed: false, trailed: false, rows: 0 })
    }

    /// Rows read so far.
    #[must_use]
    pub fn rows(&self) -> u64 {
        self.rows
    }

    /// Asks the server to drop the copy; see [`Session::request_cancel`].
    pub fn request_cancel(&self) {
        self.session.request_cancel();
    }

    /// The next row as `N` fields (`None` inside is SQL null), or `None` after the last.
    ///
    /// # Errors
    /// `Protocol` when a row has not `N` fields or rows are missing at the end; `Server`, `Unavailable`, `Cancelled`.
    #[inline]
    pub fn next_row<const N: usize>(&mut self) -> Result<Option<[Option<&[u8]>; N]>> {
        while self.rest.is_empty() {
            if !self.next_message()? {
                return Ok(None);
            }
        }
        let mut at = self.rest.start;
        let mut places: [Option<Range<usize>>; N] = [const { None }; N];
        let row = self.session.reader.bytes(0..self.rest.end);
        let count = row.get(at..at + 2).map(|bytes| u16::from_be_bytes([bytes[0], bytes[1]])).ok_or_else(short)?;
        if usize::from(count) != N {
            return Err(PgError::protocol(format!("a row of {count} fields where {N} were asked for")));
        }
        at += 2;
        for place in &mut places {
            let length = read_u32(row.get(at..at + 4).ok_or_else(short)?);
            at += 4;
            if length != u32::MAX {
                let field = at..at + length as usize;
                at = field.end;
                if at > row.len() {
                    return Err(short());
                }
                *place = Some(field);
            }
        }
        self.rest.start = at;
        self.rows += 1;
        let reader = &self.session.reader;
        Ok(Some(places.map(|place| place.map(|range| reader.bytes(range)))))
    }

    /// Reads on to the next tuple. False when the copy ended, and ended whole.
    fn next_message(&mut self) -> Result<bool> {
        let message = self.session.reader.next()?;
        match message.kind {
            b'd' if self.trailed => Err(PgError::protocol("data after the end of the copy")),
            b'd' => {
                self.rest = message.body;
                self.open_message()?;
                Ok(true)
            }
            b'c' => self.finish().map(|()| false),
            b'E' => Err(refusal(self.session, message.body)),
            b'N' | b'S' => Ok(true),
            other => Err(PgError::protocol(format!("message {:?} within a copy", char::from(other)))),
        }
    }

    /// Takes the file header off the first message, and the trailer (a field count of -1) off the last.
    fn open_message(&mut self) -> Result<()> {
        let bytes = self.session.reader.bytes(self.rest.clone());
        if !self.headed {
            let header = SIGNATURE.len() + 8;
            if !bytes.starts_with(SIGNATURE) || bytes.len() < header {
                return Err(PgError::protocol("no signature of the binary copy format"));
            }
            let (flags, extension) = (read_u32(&bytes[SIGNATURE.len()..]), read_u32(&bytes[SIGNATURE.len() + 4..]) as usize);
            if flags & CRITICAL_FLAGS != 0 || extension > bytes.len() - header {
                return Err(PgError::protocol(format!("a binary copy with flags {flags:#x}")));
            }
            self.rest.start += header + extension;
            self.headed = true;
        }
        if self.session.reader.bytes(self.rest.clone()) == [0xff, 0xff] {
            self.rest.start = self.rest.end;
            self.trailed = true;
        }
        Ok(())
    }

    /// CommandComplete must name as many rows as were read, then ReadyForQuery.
    fn finish(&mut self) -> Result<()> {
        if !self.trailed {
            return Err(PgError::protocol("the copy ended without its trailer"));
        }
        let mut failed = None;
        let mut counted = None;
        loop {
            let message = self.session.reader.next()?;
            let body = self.session.reader.bytes(message.body);
            match message.kind {
                b'C' => counted = command_count(body),
                b'E' => failed = Some(PgError::from_response(body)),
                b'Z' => break,
                b'N' | b'S' => {}
                other => return Err(PgError::protocol(format!("message {:?} after a copy", char::from(other)))),
            }
        }
        match (failed, counted) {
            (Some(error), _) => Err(error),
            (None, Some(rows)) if rows == self.rows => Ok(()),
            (None, counted) => Err(PgError::protocol(format!("{} rows came of {counted:?} copied", self.rows))),
        }
    }
}

fn short() -> PgError {
    PgError::protocol("a row is cut short")
}

fn refusal(session: &Session, body: Range<usize>) -> PgError {
    PgError::from_response(session.reader.bytes(body))
}

/// The number in the tag `COPY 123`.
fn command_count(tag: &[u8]) -> Option<u64> {
    std::str::from_utf8(tag).ok()?.trim_end_matches('\0').strip_prefix("COPY ")?.parse().ok()
}
