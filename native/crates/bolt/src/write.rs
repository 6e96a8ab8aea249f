use std::io::{Seek, SeekFrom, Write};

use crate::error::{BoltError, shown};
use crate::layout::{
    FIRST_TREE_PAGE, FREELIST, FREELIST_PAGE, IS_BUCKET, MAGIC, MAX_KEY_BYTES, MAX_VALUE_BYTES, META, META_BYTES, VERSION, fnv1a,
};
use crate::page::{Page, write_header};
use crate::tree::{PageSink, Tree};

const PAGE_SIZES: std::ops::RangeInclusive<usize> = 1024..=65_536;

/// What was written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Written {
    /// Pages of the file, the first three among them.
    pub pages: u64,
    /// Keys with values, in all buckets.
    pub values: u64,
    /// Buckets, but for the file itself.
    pub buckets: u64,
}

/// Writes a file of bbolt from keys in the order of their bytes. Every page is written once; the first three last, so that what was not
/// finished is no database. Memory holds a page for each level of each open bucket, whatever the number of keys.
#[derive(Debug)]
pub struct BoltWriter<W: Write + Seek> {
    pages: Pages<W>,
    /// Buckets that have begun and not ended, the file itself first, and the key of each but the first.
    open: Vec<(Vec<u8>, Tree)>,
    values: u64,
    buckets: u64,
}

impl<W: Write + Seek> BoltWriter<W> {
    /// Begins a file in `out`, which is empty.
    ///
    /// # Errors
    /// `PageSize` · `Io`
    pub fn new(mut out: W, page_bytes: usize) -> Result<Self, BoltError> {
        if !page_bytes.is_power_of_two() || !PAGE_SIZES.contains(&page_bytes) {
            return Err(BoltError::PageSize(page_bytes));
        }
        out.seek(SeekFrom::Start(FIRST_TREE_PAGE * page_bytes as u64))?;
        let pages = Pages { out, page_bytes, next: FIRST_TREE_PAGE, buffer: Vec::new() };
        Ok(Self { pages, open: vec![(Vec::new(), Tree::default())], values: 0, buckets: 0 })
    }

    /// Begins a bucket within the one that is open.
    ///
    /// # Errors
    /// `EmptyKey`, `LongKey`, `OutOfOrder`
    pub fn begin_bucket(&mut self, key: &[u8]) -> Result<(), BoltError> {
        self.require_next(key)?;
        self.open.push((key.to_vec(), Tree::default()));
        self.buckets += 1;
        Ok(())
    }

    /// Ends the bucket that began last.
    ///
    /// # Errors
    /// `Unpaired` · `Io`
    pub fn end_bucket(&mut self) -> Result<(), BoltError> {
        if self.open.len() < 2 {
            return Err(BoltError::Unpaired);
        }
        let Some((key, tree)) = self.open.pop() else { return Err(BoltError::Unpaired) };
        let bucket = tree.into_bucket(&mut self.pages)?;
        let Some((_, parent)) = self.open.last_mut() else { return Err(BoltError::Unpaired) };
        parent.push(&key, &bucket, IS_BUCKET, &mut self.pages)
    }

    /// Writes a key and its value into the bucket that is open.
    ///
    /// # Errors
    /// `EmptyKey`, `LongKey`, `LongValue`, `OutOfOrder` · `Unpaired` outside of a bucket, where bbolt knows buckets alone · `Io`
    pub fn put(&mut self, key: &[u8], value: &[u8]) -> Result<(), BoltError> {
        self.require_next(key)?;
        if value.len() > MAX_VALUE_BYTES {
            return Err(BoltError::LongValue { bytes: value.len(), key: shown(key) });
        }
        if self.open.len() < 2 {
            return Err(BoltError::Unpaired);
        }
        let Some((_, tree)) = self.open.last_mut() else { return Err(BoltError::Unpaired) };
        self.values += 1;
        tree.push(key, value, 0, &mut self.pages)
    }

    /// Ends the file and gives it back. It is not synced.
    ///
    /// # Errors
    /// `Unpaired` while a bucket is open · `Io`
    pub fn finish(mut self) -> Result<(W, Written), BoltError> {
        let (Some((_, tree)), true) = (self.open.pop(), self.open.is_empty()) else { return Err(BoltError::Unpaired) };
        let root = tree.finish(&mut self.pages)?;
        let Pages { mut out, page_bytes, next, .. } = self.pages;
        let mut first = Vec::with_capacity(FIRST_TREE_PAGE as usize * page_bytes);
        for transaction in 0..2 {
            write_meta(transaction, page_bytes, root, next, &mut first);
            first.resize((transaction as usize + 1) * page_bytes, 0);
        }
        write_header(FREELIST_PAGE, FREELIST, 0, 0, &mut first);
        first.resize(FIRST_TREE_PAGE as usize * page_bytes, 0);
        out.seek(SeekFrom::Start(0))?;
        out.write_all(&first)?;
        out.flush()?;
        Ok((out, Written { pages: next, values: self.values, buckets: self.buckets }))
    }

    fn require_next(&self, key: &[u8]) -> Result<(), BoltError> {
        if key.is_empty() {
            return Err(BoltError::EmptyKey);
        }
        if key.len() > MAX_KEY_BYTES {
            return Err(BoltError::LongKey { bytes: key.len(), shown: shown(key) });
        }
        let last = self.open.last().and_then(|(_, tree)| tree.last_key());
        match last {
            Some(last) if last >= key => Err(BoltError::OutOfOrder { key: shown(key), before: shown(last) }),
            _ => Ok(()),
        }
    }
}

/// Appends a meta page: the tree as that transaction left it.
fn write_meta(transaction: u64, page_bytes: usize, root: u64, next: u64, out: &mut Vec<u8>) {
    write_header(transaction, META, 0, 0, out);
    let begin = out.len();
    for word in [MAGIC, VERSION, page_bytes as u32, 0] {
        out.extend_from_slice(&word.to_le_bytes());
    }
    for long in [root, 0, FREELIST_PAGE, next, transaction] {
        out.extend_from_slice(&long.to_le_bytes());
    }
    let checksum = fnv1a(&out[begin..]);
    out.extend_from_slice(&checksum.to_le_bytes());
    debug_assert_eq!(out.len() - begin, META_BYTES);
}

/// The pages of a file, one after the other.
#[derive(Debug)]
struct Pages<W> {
    out: W,
    page_bytes: usize,
    /// The number of the next page.
    next: u64,
    buffer: Vec<u8>,
}

impl<W: Write> PageSink for Pages<W> {
    fn page_bytes(&self) -> usize {
        self.page_bytes
    }

    fn write_page(&mut self, page: &Page, is_leaf: bool) -> Result<u64, BoltError> {
        let id = self.next;
        let pages = page.bytes().div_ceil(self.page_bytes);
        self.buffer.clear();
        page.write(is_leaf, id, pages as u32 - 1, &mut self.buffer);
        self.buffer.resize(pages * self.page_bytes, 0);
        self.out.write_all(&self.buffer)?;
        self.next += pages as u64;
        Ok(id)
    }
}
