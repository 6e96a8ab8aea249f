use std::io;
use std::path::{Path, PathBuf};

use crate::run::{Run, RunWriter};

/// Takes pairs in any order.
#[derive(Debug)]
pub struct Sorter {
    folder: PathBuf,
    memory_bytes: usize,
    /// Keys and values, one behind the other.
    arena: Vec<u8>,
    pairs: Vec<Pair>,
    runs: Vec<Run>,
}

/// Where a pair lies in the arena. The first bytes of its key are beside it: most comparisons need no others.
#[derive(Debug, Clone, Copy)]
struct Pair {
    prefix: u64,
    begin: u32,
    key_bytes: u32,
    value_bytes: u32,
}

impl Sorter {
    /// A sorter that holds about `memory_bytes` (at most 2 GiB), and whose runs lie in `folder`, without a name, until it is dropped.
    pub fn new(folder: &Path, memory_bytes: usize) -> Self {
        Self { folder: folder.to_owned(), memory_bytes: memory_bytes.min(1 << 31), arena: Vec::new(), pairs: Vec::new(), runs: Vec::new() }
    }

    /// Takes a pair. One that is larger than the memory is a run of its own.
    ///
    /// # Errors
    /// Of writing a run, or for a key or value of over 2 GiB.
    pub fn push(&mut self, key: &[u8], value: &[u8]) -> io::Result<()> {
        let held = self.arena.len() + self.pairs.len() * size_of::<Pair>();
        if !self.pairs.is_empty() && held + key.len() + value.len() + size_of::<Pair>() > self.memory_bytes {
            self.spill()?;
        }
        let too_large = |_| io::Error::new(io::ErrorKind::InvalidInput, "a pair of over 2 GiB");
        let pair = Pair {
            prefix: prefix(key),
            begin: u32::try_from(self.arena.len()).map_err(too_large)?,
            key_bytes: u32::try_from(key.len()).map_err(too_large)?,
            value_bytes: u32::try_from(value.len()).map_err(too_large)?,
        };
        self.arena.extend_from_slice(key);
        self.arena.extend_from_slice(value);
        self.pairs.push(pair);
        Ok(())
    }

    /// Ends pushing: all that was taken, as runs.
    pub(crate) fn into_runs(mut self) -> io::Result<Vec<Run>> {
        self.spill()?;
        Ok(self.runs)
    }

    fn spill(&mut self) -> io::Result<()> {
        if self.pairs.is_empty() {
            return Ok(());
        }
        let arena = &self.arena;
        let parts = |pair: &Pair| {
            let value = pair.begin as usize + pair.key_bytes as usize;
            (&arena[pair.begin as usize..value], &arena[value..value + pair.value_bytes as usize])
        };
        self.pairs.sort_unstable_by(|left, right| left.prefix.cmp(&right.prefix).then_with(|| parts(left).cmp(&parts(right))));
        let mut run = RunWriter::new(&self.folder)?;
        for pair in &self.pairs {
            let (key, value) = parts(pair);
            run.push(key, value)?;
        }
        self.runs.push(run.finish()?);
        self.arena.clear();
        self.pairs.clear();
        Ok(())
    }
}

/// The first eight bytes of a key as a number of the same order; shorter keys as if zeros followed.
fn prefix(key: &[u8]) -> u64 {
    let mut bytes = [0; 8];
    let length = key.len().min(8);
    bytes[..length].copy_from_slice(&key[..length]);
    u64::from_be_bytes(bytes)
}
