use std::io;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread;

use crate::merge::Merge;

/// A block is handed on when it holds this many bytes.
const BLOCK_BYTES: usize = 256 << 10;
/// Blocks that wait for their reader.
const MAX_BLOCKS: usize = 4;

/// Pairs in their order. A thread of its own merges them ahead of the reader.
pub struct Sorted {
    blocks: Receiver<Message>,
    block: Block,
    /// The pair of the block that comes next.
    at: usize,
    is_ended: bool,
}

/// Pairs one behind the other, and where the key and the value of each end.
#[derive(Default)]
struct Block {
    bytes: Vec<u8>,
    ends: Vec<(usize, usize)>,
}

impl Block {
    fn with_room() -> Self {
        Self { bytes: Vec::with_capacity(BLOCK_BYTES * 5 / 4), ends: Vec::new() }
    }
}

enum Message {
    Block(Block),
    End(io::Result<()>),
}

impl Sorted {
    pub(crate) fn new(merge: Merge) -> Self {
        let (out, blocks) = sync_channel(MAX_BLOCKS);
        thread::spawn(move || {
            let end = read_ahead(merge, &out);
            // Nobody is left to tell where the reader has gone.
            let _ = out.send(Message::End(end));
        });
        Self { blocks, block: Block::default(), at: 0, is_ended: false }
    }

    /// The next key and its value; `None` after the last.
    ///
    /// # Errors
    /// Of reading a run.
    #[allow(clippy::should_implement_trait)]
    pub fn next(&mut self) -> io::Result<Option<(&[u8], &[u8])>> {
        while self.at == self.block.ends.len() && !self.is_ended {
            match self.blocks.recv() {
                Ok(Message::Block(block)) => (self.block, self.at) = (block, 0),
                Ok(Message::End(end)) => {
                    self.is_ended = true;
                    end?;
                }
                Err(_) => return Err(io::Error::other("the thread that merges has stopped")),
            }
        }
        let Some((key_end, end)) = self.block.ends.get(self.at).copied() else { return Ok(None) };
        let begin = self.at.checked_sub(1).map_or(0, |before| self.block.ends[before].1);
        self.at += 1;
        Ok(Some((&self.block.bytes[begin..key_end], &self.block.bytes[key_end..end])))
    }
}

fn read_ahead(mut merge: Merge, out: &SyncSender<Message>) -> io::Result<()> {
    let mut block = Block::with_room();
    while let Some((key, value)) = merge.next()? {
        block.bytes.extend_from_slice(key);
        let key_end = block.bytes.len();
        block.bytes.extend_from_slice(value);
        block.ends.push((key_end, block.bytes.len()));
        if block.bytes.len() >= BLOCK_BYTES && out.send(Message::Block(std::mem::replace(&mut block, Block::with_room()))).is_err() {
            return Ok(());
        }
    }
    let _ = out.send(Message::Block(block));
    Ok(())
}
