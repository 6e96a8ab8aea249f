//! Writes a bundle: one thread reads and checks members, two compress, the caller's hashes and writes. Memory: a few frames.

use std::cell::Cell;
use std::fs::{self, File};
use std::io::{BufWriter, Write};
use std::panic::resume_unwind;
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;
use std::sync::mpsc::{Receiver, SendError, SyncSender, sync_channel};
use std::thread;

use sha2::{Digest, Sha256};

use crate::assemble::assemble;
use crate::error::{BundleError, poll};
use crate::layout::Frame;
use crate::zstd_frame::{self, MAX_FRAME_BYTES, MIN_FRAME_BYTES};
use crate::{digest_index, member_path, seek_table, tar_entry};

/// Threads that compress. They take frames in turns, so that they do not change the bytes.
const COMPRESSORS: usize = 2;
/// Frames that wait before and behind each of them.
const QUEUED_FRAMES: usize = 1;
const WRITE_BYTES: usize = 1024 * 1024;
/// Level for members that are compressed or encrypted already: only their headers and padding get smaller.
const STORED_LEVEL: i32 = -5;

/// A run of bytes of a file.
#[derive(Debug, Clone)]
pub struct Part {
    /// The file.
    pub file: PathBuf,
    /// Where the run begins.
    pub offset: u64,
    /// Its length; `None`: up to the end of the file, so that a file that grew is found out.
    pub size_bytes: Option<u64>,
}

/// A file to put into a bundle: its parts in order, which together must have this size and digest.
#[derive(Debug, Clone)]
pub struct Member {
    /// Relative path with `/` between segments.
    pub path: String,
    /// Size of all parts together.
    pub size_bytes: u64,
    /// SHA-256 of all parts together, 64 lower-case hexadecimal characters.
    pub sha256: String,
    /// Where the bytes are.
    pub parts: Vec<Part>,
}

/// What besides the members decides the bytes of a bundle.
#[derive(Debug, Clone, Copy)]
pub struct PackOptions {
    /// Time of every member: seconds since 1970, below 2^33.
    pub mtime: u64,
    /// zstd level, 1 to 19; members named `.zst` or `.age` are stored with the fastest.
    pub level: i32,
    /// Plain size at which a member is cut into frames: 8 KiB to 16 MiB, a multiple of 512.
    pub frame_bytes: u32,
}

/// What identifies a bundle.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Packed {
    /// Length of the bundle.
    pub size_bytes: u64,
    /// SHA-256 of the bundle, 64 lower-case hexadecimal characters.
    pub sha256: String,
}

/// Packs members, given in any order, into the file `out`, replacing it. The file is on disk (fsync) when this returns, and removed when
/// it fails.
///
/// # Errors
/// As [`pack_into`]; [`BundleError::Full`] and [`BundleError::Io`] for `out` as well.
pub fn pack(members: Vec<Member>, out: &Path, options: PackOptions, cancel: &AtomicBool) -> Result<Packed, BundleError> {
    let file = File::create(out).map_err(BundleError::writing(out))?;
    let packed = pack_into(members, BufWriter::with_capacity(WRITE_BYTES, &file), out, options, cancel)
        .and_then(|packed| file.sync_all().map(|()| packed).map_err(BundleError::writing(out)));
    if packed.is_err() && file.metadata().is_ok_and(|meta| meta.is_file()) {
        // The first error is the one to tell.
        let _left = fs::remove_file(out);
    }
    packed
}

/// Packs members, given in any order, into any sink; `name` stands for it in errors.
///
/// # Errors
/// [`BundleError::Path`] for a path that is unsafe or there twice; [`BundleError::Option`]; [`BundleError::Short`],
/// [`BundleError::Long`], [`BundleError::Altered`] where a source is not as stated; [`BundleError::Full`], [`BundleError::Io`],
/// [`BundleError::Cancelled`]
pub fn pack_into(
    mut members: Vec<Member>,
    sink: impl Write,
    name: &Path,
    options: PackOptions,
    cancel: &AtomicBool,
) -> Result<Packed, BundleError> {
    check_options(&options)?;
    members.sort_by(|a, b| a.path.cmp(&b.path));
    let paths: Vec<_> = members.iter().map(|member| &member.path).collect();
    member_path::check_list(&paths).map_err(|(at, reason)| BundleError::Path { path: paths[at].clone(), reason })?;

    let mut output = Output { sink, name, whole: Sha256::new(), size_bytes: 0 };
    thread::scope(|scope| {
        let (mut senders, mut packed_frames, mut packing) = (Vec::new(), Vec::new(), Vec::new());
        for _ in 0..COMPRESSORS {
            let (plain_sender, plain_pieces) = sync_channel(QUEUED_FRAMES);
            let (packed_sender, packed) = sync_channel(QUEUED_FRAMES);
            senders.push(plain_sender);
            packed_frames.push(packed);
            packing.push(scope.spawn(move || compress(&plain_pieces, options.level, &packed_sender)));
        }
        let (members, pieces) = (&members, Turns { senders, next: Cell::new(0) });
        let reading = scope.spawn(move || assemble(members, options, cancel, &pieces));
        let written = output.frames(packed_frames, cancel);
        // A thread that fails ends the one behind it early, and a full disk ends all before it: the cause is asked for first.
        let read = reading.join().unwrap_or_else(|panic| resume_unwind(panic));
        let compressed = packing.into_iter().map(|packing| packing.join().unwrap_or_else(|panic| resume_unwind(panic)));
        let compressed = compressed.fold(Ok(()), Result::and);
        let (frames, digests) = written?;
        compressed.and(read)?;
        output.finish(frames, &digests, members, options)
    })
}

/// Whether bundles, and what is encrypted for them, are compressed at this level.
///
/// # Errors
/// [`BundleError::Option`] unless it is 1 to 19: higher ones need a window that few decoders give.
pub fn check_level(level: i32) -> Result<(), BundleError> {
    if (1..=19).contains(&level) { Ok(()) } else { Err(BundleError::Option("the compression level of a bundle must be 1 to 19".into())) }
}

fn check_options(options: &PackOptions) -> Result<(), BundleError> {
    check_level(options.level)?;
    let refused = if options.mtime >= tar_entry::OCTAL_LIMIT {
        "the time of a bundle must be below 2^33 seconds"
    } else if !(MIN_FRAME_BYTES..=MAX_FRAME_BYTES).contains(&options.frame_bytes)
        || !(options.frame_bytes as usize).is_multiple_of(tar_entry::BLOCK)
    {
        "the frame size of a bundle must be a multiple of 512 from 8 KiB to 16 MiB"
    } else {
        return Ok(());
    };
    Err(BundleError::Option(refused.into()))
}

/// What one frame is to hold.
pub struct PlainPiece {
    pub plain: Vec<u8>,
    pub is_compressed: bool,
}

/// Hands frames to threads in turns.
pub struct Turns {
    senders: Vec<SyncSender<PlainPiece>>,
    next: Cell<usize>,
}

impl Turns {
    pub fn send(&self, piece: PlainPiece) -> Result<(), SendError<PlainPiece>> {
        let turn = self.next.get();
        self.next.set((turn + 1) % self.senders.len());
        self.senders[turn].send(piece)
    }
}

struct PackedFrame {
    packed: Vec<u8>,
    plain_bytes: u32,
    digest: [u8; 32],
}

fn compress(pieces: &Receiver<PlainPiece>, level: i32, frames: &SyncSender<PackedFrame>) -> Result<(), BundleError> {
    let failed = |source| BundleError::Io { action: "compress", path: "a bundle".into(), source };
    let mut thorough = zstd_frame::compressor(level).map_err(failed)?;
    let mut fast = zstd_frame::compressor(STORED_LEVEL).map_err(failed)?;
    for PlainPiece { plain, is_compressed } in pieces {
        let packed = if is_compressed { fast.compress(&plain) } else { thorough.compress(&plain) }.map_err(failed)?;
        let frame = PackedFrame { digest: Sha256::digest(&packed).into(), plain_bytes: plain.len() as u32, packed };
        if frames.send(frame).is_err() {
            break;
        }
    }
    Ok(())
}

struct Output<'a, W> {
    sink: W,
    name: &'a Path,
    whole: Sha256,
    size_bytes: u64,
}

type FramesAndDigests = (Vec<Frame>, Vec<[u8; 32]>);

impl<W: Write> Output<'_, W> {
    /// Writes frames as they come in turns: where one is missing, there are no more.
    fn frames(&mut self, packed_frames: Vec<Receiver<PackedFrame>>, cancel: &AtomicBool) -> Result<FramesAndDigests, BundleError> {
        let (mut frames, mut digests) = (Vec::new(), Vec::new());
        for packed in packed_frames.iter().cycle() {
            let Ok(frame) = packed.recv() else { break };
            poll(cancel)?;
            frames.push(Frame { offset: self.size_bytes, packed_bytes: frame.packed.len() as u32, plain_bytes: frame.plain_bytes });
            digests.push(frame.digest);
            self.write(&frame.packed)?;
        }
        Ok((frames, digests))
    }

    fn finish(
        &mut self,
        mut frames: Vec<Frame>,
        digests: &[[u8; 32]],
        members: &[Member],
        options: PackOptions,
    ) -> Result<Packed, BundleError> {
        let listed: Vec<_> = members.iter().map(|member| (member.path.as_str(), member.size_bytes)).collect();
        let index = digest_index::encode(options.frame_bytes, options.mtime, digests, &listed);
        if index.len() as u64 > digest_index::MAX_BYTES || frames.len() as u64 >= seek_table::MAX_FRAMES {
            return Err(BundleError::Option("a bundle cannot hold so many members: shard the export".into()));
        }
        frames.push(Frame { offset: self.size_bytes, packed_bytes: index.len() as u32, plain_bytes: 0 });
        self.write(&index)?;
        self.write(&seek_table::encode(&frames))?;
        self.sink.flush().map_err(BundleError::writing(self.name))?;
        Ok(Packed { size_bytes: self.size_bytes, sha256: stella_digest::hex(&self.whole.clone().finalize()) })
    }

    fn write(&mut self, bytes: &[u8]) -> Result<(), BundleError> {
        self.whole.update(bytes);
        self.size_bytes += bytes.len() as u64;
        self.sink.write_all(bytes).map_err(BundleError::writing(self.name))
    }
}
