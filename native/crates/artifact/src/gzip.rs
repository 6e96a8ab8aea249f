use std::collections::BTreeMap;
use std::io::{self, Read, Write};
use std::sync::mpsc::{Receiver, channel, sync_channel};
use std::sync::{Mutex, PoisonError};
use std::thread;

use flate2::{Compress, Compression, Crc, FlushCompress};

/// Plain bytes that are compressed by themselves, so that several threads work side by side and their number decides no byte.
const CHUNK_BYTES: usize = 1 << 20;
/// Before the content: magic, deflate, no flags, no time, no extra flags, unknown system (RFC 1952, section 2.3).
const HEADER: [u8; 10] = [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255];
/// A last block, stored and empty (RFC 1951, section 3.2.4): what was flushed before ends at a whole byte.
const END: [u8; 5] = [1, 0, 0, 0xff, 0xff];

/// Compresses `input` into one gzip member, each chunk of it independent of the others.
///
/// # Errors
/// Of reading and writing.
pub(crate) fn gzip(input: &mut dyn Read, out: &mut impl Write, level: u32, threads: usize) -> io::Result<()> {
    out.write_all(&HEADER)?;
    let (jobs, waiting) = sync_channel::<(u64, Vec<u8>)>(threads);
    let (results, done) = channel();
    let waiting = Mutex::new(waiting);
    let mut crc = Crc::new();
    thread::scope(|scope| {
        for _ in 0..threads {
            let (waiting, results) = (&waiting, results.clone());
            scope.spawn(move || {
                while let Some((turn, plain)) = next(waiting) {
                    if results.send((turn, compressed(&plain, level))).is_err() {
                        return;
                    }
                }
            });
        }
        drop(results);
        let written = write_in_order(input, out, &mut crc, threads, |job| jobs.send(job).map_err(|_| stopped()), &done);
        drop(jobs);
        written
    })?;
    out.write_all(&END)?;
    out.write_all(&crc.sum().to_le_bytes())?;
    out.write_all(&crc.amount().to_le_bytes())
}

/// A chunk of the content: its deflate blocks, and the checksum of what they hold.
struct Chunk {
    deflated: Vec<u8>,
    crc: Crc,
}

fn next(waiting: &Mutex<Receiver<(u64, Vec<u8>)>>) -> Option<(u64, Vec<u8>)> {
    waiting.lock().unwrap_or_else(PoisonError::into_inner).recv().ok()
}

fn compressed(plain: &[u8], level: u32) -> io::Result<Chunk> {
    let mut crc = Crc::new();
    crc.update(plain);
    let mut deflate = Compress::new(Compression::new(level), false);
    let mut deflated = Vec::with_capacity(plain.len() / 2 + 1024);
    loop {
        let taken = usize::try_from(deflate.total_in()).unwrap_or(plain.len());
        deflate.compress_vec(&plain[taken..], &mut deflated, FlushCompress::Sync)?;
        // Room that was left says that all is flushed.
        if deflate.total_in() == plain.len() as u64 && deflated.len() < deflated.capacity() {
            return Ok(Chunk { deflated, crc });
        }
        deflated.reserve(plain.len() / 4 + 1024);
    }
}

fn write_in_order(
    input: &mut dyn Read,
    out: &mut impl Write,
    crc: &mut Crc,
    threads: usize,
    mut send: impl FnMut((u64, Vec<u8>)) -> io::Result<()>,
    done: &Receiver<(u64, io::Result<Chunk>)>,
) -> io::Result<()> {
    let (mut read, mut turn, mut is_read) = (0, 0, false);
    let mut early = BTreeMap::new();
    loop {
        while !is_read && read - turn < 2 * threads as u64 {
            let mut plain = Vec::with_capacity(CHUNK_BYTES);
            input.take(CHUNK_BYTES as u64).read_to_end(&mut plain)?;
            is_read = plain.is_empty();
            if !is_read {
                send((read, plain))?;
                read += 1;
            }
        }
        if turn == read {
            return Ok(());
        }
        let (at, chunk) = done.recv().map_err(|_| stopped())?;
        early.insert(at, chunk?);
        while let Some(chunk) = early.remove(&turn) {
            out.write_all(&chunk.deflated)?;
            crc.combine(&chunk.crc);
            turn += 1;
        }
    }
}

fn stopped() -> io::Error {
    io::Error::other("a thread that compresses has stopped")
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn content_of_any_length_is_read_again_and_threads_change_no_byte() {
        let noise = |at: usize| (at.wrapping_mul(2_654_435_761) >> 7) as u8;
        for bytes in [0, 1, CHUNK_BYTES - 1, CHUNK_BYTES, CHUNK_BYTES + 1, 7 * CHUNK_BYTES / 2] {
            let plain: Vec<u8> = (0..bytes).map(|at| if at % 3 == 0 { noise(at) } else { b'a' }).collect();
            let by = |threads| {
                let mut out = Vec::new();
                gzip(&mut &plain[..], &mut out, 6, threads).unwrap();
                out
            };
            let mut again = Vec::new();
            flate2::read::GzDecoder::new(&by(1)[..]).read_to_end(&mut again).unwrap();
            assert!(again == plain, "{bytes} bytes come back");
            assert!(by(1) == by(3), "{bytes} bytes by three threads");
        }
    }

    #[test]
    fn a_failure_of_reading_or_writing_ends_it() {
        struct Broken;
        impl Read for Broken {
            fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
                Err(io::Error::other("broken"))
            }
        }
        impl Write for Broken {
            fn write(&mut self, _: &[u8]) -> io::Result<usize> {
                Err(io::Error::other("broken"))
            }
            fn flush(&mut self) -> io::Result<()> {
                Ok(())
            }
        }
        let plain = vec![7; 5 * CHUNK_BYTES];
        assert_eq!(gzip(&mut (&plain[..]).chain(Broken), &mut Vec::new(), 1, 2).unwrap_err().to_string(), "broken");
        assert_eq!(gzip(&mut &plain[..], &mut Broken, 1, 2).unwrap_err().to_string(), "broken");
    }
}
