use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use crate::error::{PgError, Result};
use crate::socket::{READ_BYTES, Socket};

/// Longest message taken: above any record or document that the ledger keeps, below what would exhaust a worker.
const MESSAGE_LIMIT_BYTES: usize = 256 * 1024 * 1024;
const HEADER_BYTES: usize = 5;

/// One server message: its type byte and where its body lies in the buffer.
pub(crate) struct Message {
    pub(crate) kind: u8,
    pub(crate) body: Range<usize>,
}

/// The socket with its read buffer. Messages are parsed where they were read.
pub(crate) struct MessageReader {
    pub(crate) socket: Socket,
    stop: Arc<AtomicBool>,
    buffer: Vec<u8>,
    start: usize,
    end: usize,
}

impl MessageReader {
    pub(crate) fn new(socket: Socket, stop: Arc<AtomicBool>) -> Self {
        Self { socket, stop, buffer: vec![0; READ_BYTES], start: 0, end: 0 }
    }

    pub(crate) fn bytes(&self, range: Range<usize>) -> &[u8] {
        &self.buffer[range]
    }

    /// The next message. Its range holds until the next call.
    pub(crate) fn next(&mut self) -> Result<Message> {
        self.hold(HEADER_BYTES)?;
        let kind = self.buffer[self.start];
        let length = read_u32(&self.buffer[self.start + 1..]) as usize;
        if !(4..=MESSAGE_LIMIT_BYTES).contains(&length) {
            return Err(PgError::protocol(format!("a message of {length} bytes")));
        }
        self.hold(length + 1)?;
        let body = self.start + HEADER_BYTES..self.start + 1 + length;
        self.start = body.end;
        Ok(Message { kind, body })
    }

    /// Makes sure that `wanted` unread bytes lie together in the buffer.
    #[inline]
    fn hold(&mut self, wanted: usize) -> Result<()> {
        if self.end - self.start >= wanted { Ok(()) } else { self.fill(wanted) }
    }

    fn fill(&mut self, wanted: usize) -> Result<()> {
        self.buffer.copy_within(self.start..self.end, 0);
        self.end -= self.start;
        self.start = 0;
        if wanted > self.buffer.len() {
            self.buffer.resize(wanted, 0);
        } else if self.buffer.len() > READ_BYTES && self.end <= READ_BYTES && wanted <= READ_BYTES {
            self.buffer.truncate(READ_BYTES);
            self.buffer.shrink_to_fit();
        }
        while self.end < wanted {
            self.end += self.socket.read_some(&mut self.buffer[self.end..], &self.stop)?;
        }
        Ok(())
    }
}

/// Big-endian number at the front; the caller has made sure of four bytes.
pub(crate) fn read_u32(bytes: &[u8]) -> u32 {
    let mut word = [0; 4];
    word.copy_from_slice(&bytes[..4]);
    u32::from_be_bytes(word)
}
