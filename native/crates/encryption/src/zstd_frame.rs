//! The one zstd frame (RFC 8878) that a member is before it is encrypted: with content size and checksum, without a dictionary.

use std::io::{self, Write};

use stella_bundle::ZSTD_MAGIC;
use zstd::stream::raw::{DParameter, Decoder, InBuffer, Operation, OutBuffer};
use zstd::stream::write::Encoder;

/// Largest window that is read: 8 MiB, which RFC 8878 (3.1.1.1.2) asks every decoder for, and which no level up to 19 goes beyond.
const WINDOW_LOG: u32 = 23;
const PLAIN_BYTES: usize = 256 * 1024;

/// Compresses so many bytes into one frame, as they are written.
///
/// # Errors
/// What zstd answers, for instance when it gets no memory.
pub(crate) fn encoder<W: Write>(inner: W, level: i32, plain_bytes: u64) -> io::Result<Encoder<'static, W>> {
    let mut encoder = Encoder::new(inner, level)?;
    encoder.include_checksum(true)?;
    encoder.set_pledged_src_size(Some(plain_bytes))?;
    Ok(encoder)
}

/// Why bytes are not one frame and nothing else, or why what it holds was not taken.
pub(crate) enum FrameError<E> {
    /// What is wrong with the bytes.
    Damaged(String),
    Taking(E),
}

/// Decompresses one frame, piece by piece. Memory: its window, and a block.
pub(crate) struct FrameReader {
    decoder: Decoder<'static>,
    /// As many of its bytes as have come, up to the length of [`ZSTD_MAGIC`].
    magic: Vec<u8>,
    plain: Vec<u8>,
    has_ended: bool,
}

impl FrameReader {
    /// # Errors
    /// What zstd answers, for instance when it gets no memory.
    pub(crate) fn new() -> io::Result<Self> {
        let mut decoder = Decoder::new()?;
        decoder.set_parameter(DParameter::WindowLogMax(WINDOW_LOG))?;
        Ok(Self { decoder, magic: Vec::new(), plain: vec![0; PLAIN_BYTES], has_ended: false })
    }

    /// Gives what the next bytes hold to `take`, in pieces that are as long whatever the frame is.
    ///
    /// # Errors
    /// [`FrameError`]; whoever got one has to stop.
    pub(crate) fn feed<E>(&mut self, packed: &[u8], take: &mut dyn FnMut(&[u8]) -> Result<(), E>) -> Result<(), FrameError<E>> {
        self.require_data_frame(packed)?;
        let mut input = InBuffer::around(packed);
        let mut room_left = true;
        while input.pos() < packed.len() || !room_left {
            if self.has_ended {
                return if input.pos() < packed.len() { Err(damaged("something follows its zstd frame")) } else { Ok(()) };
            }
            let mut output = OutBuffer::around(&mut self.plain[..]);
            let hint =
                self.decoder.run(&mut input, &mut output).map_err(|error| damaged(&format!("its zstd frame cannot be read: {error}")))?;
            let filled = output.pos();
            room_left = filled < PLAIN_BYTES;
            self.has_ended = hint == 0;
            take(&self.plain[..filled]).map_err(FrameError::Taking)?;
        }
        Ok(())
    }

    /// A decoder skips other frames without a word (RFC 8878, 3.1.2).
    fn require_data_frame<E>(&mut self, packed: &[u8]) -> Result<(), FrameError<E>> {
        let missing = ZSTD_MAGIC.len() - self.magic.len();
        self.magic.extend_from_slice(&packed[..packed.len().min(missing)]);
        if ZSTD_MAGIC.starts_with(&self.magic) { Ok(()) } else { Err(damaged("what it holds is no zstd frame")) }
    }

    /// To be called after the last byte.
    ///
    /// # Errors
    /// [`FrameError::Damaged`] where the frame goes on.
    pub(crate) fn finish<E>(self) -> Result<(), FrameError<E>> {
        if self.has_ended { Ok(()) } else { Err(damaged("its zstd frame is cut short")) }
    }
}

fn damaged<E>(reason: &str) -> FrameError<E> {
    FrameError::Damaged(reason.to_owned())
}
