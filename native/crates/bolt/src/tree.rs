use crate::error::BoltError;
use crate::layout::{BUCKET_BYTES, HEADER_BYTES, INLINE_PART, LEAF_ELEMENT_BYTES, LEAF_PAGES, MAX_ELEMENTS, MIN_BRANCH_ELEMENTS};
use crate::page::Page;

/// Takes finished pages and says under which number each lies.
pub(crate) trait PageSink {
    /// Bytes of a page.
    fn page_bytes(&self) -> usize;
    /// Writes a page, with what does not fit into pages of its own behind it.
    fn write_page(&mut self, page: &Page, is_leaf: bool) -> Result<u64, BoltError>;
}

/// The tree of one bucket, built from the left and from below: of each level only the last page is in memory.
#[derive(Debug, Default)]
pub(crate) struct Tree {
    /// The leaf that is being filled, then the branch over it, and so on.
    levels: Vec<Page>,
    last_key: Vec<u8>,
    has_keys: bool,
}

impl Tree {
    /// The key that was pushed last, if there is one.
    pub(crate) fn last_key(&self) -> Option<&[u8]> {
        self.has_keys.then_some(&self.last_key)
    }

    pub(crate) fn push(&mut self, key: &[u8], value: &[u8], flags: u32, sink: &mut impl PageSink) -> Result<(), BoltError> {
        self.last_key.clear();
        self.last_key.extend_from_slice(key);
        self.has_keys = true;
        self.add(0, key, value, u64::from(flags), sink)
    }

    /// Ends the tree of a bucket; answers the bucket as the value of its key.
    pub(crate) fn into_bucket(self, sink: &mut impl PageSink) -> Result<Vec<u8>, BoltError> {
        let leaf_alone = self.levels.len() < 2;
        let empty = Page::default();
        let leaf = self.levels.first().unwrap_or(&empty);
        let mut bucket = vec![0; BUCKET_BYTES];
        if leaf_alone && leaf.bytes() <= sink.page_bytes() / INLINE_PART && !leaf.has_buckets() {
            leaf.write(true, 0, 0, &mut bucket);
            return Ok(bucket);
        }
        let root = self.finish(sink)?;
        bucket[..8].copy_from_slice(&root.to_le_bytes());
        Ok(bucket)
    }

    /// Writes what is still in memory; answers the page of the root.
    pub(crate) fn finish(mut self, sink: &mut impl PageSink) -> Result<u64, BoltError> {
        if self.levels.is_empty() {
            self.levels.push(Page::default());
        }
        let mut level = 0;
        loop {
            let id = sink.write_page(&self.levels[level], level == 0)?;
            if level + 1 == self.levels.len() {
                return Ok(id);
            }
            let key = self.levels[level].first_key().unwrap_or_default().to_vec();
            self.add(level + 1, &key, &[], id, sink)?;
            level += 1;
        }
    }

    fn add(&mut self, level: usize, key: &[u8], value: &[u8], mark: u64, sink: &mut impl PageSink) -> Result<(), BoltError> {
        if level == self.levels.len() {
            self.levels.push(Page::default());
        }
        let page = &self.levels[level];
        let grown = page.bytes() + LEAF_ELEMENT_BYTES + key.len() + value.len();
        let (fewest, pages) = if level == 0 { (1, LEAF_PAGES) } else { (MIN_BRANCH_ELEMENTS, 1) };
        if page.len() == MAX_ELEMENTS || (grown > pages * sink.page_bytes() && page.len() >= fewest) {
            self.flush(level, sink)?;
        }
        self.levels[level].push(key, value, mark);
        Ok(())
    }

    fn flush(&mut self, level: usize, sink: &mut impl PageSink) -> Result<(), BoltError> {
        let id = sink.write_page(&self.levels[level], level == 0)?;
        let key = self.levels[level].first_key().unwrap_or_default().to_vec();
        self.levels[level].clear();
        self.add(level + 1, &key, &[], id, sink)
    }
}

const _: () = assert!(HEADER_BYTES + LEAF_ELEMENT_BYTES < 1024 / INLINE_PART);
