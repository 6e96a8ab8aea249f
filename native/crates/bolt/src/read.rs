use std::io::{Read, Seek, SeekFrom};

use crate::error::{BoltError, shown};
use crate::layout::{
    BRANCH, BUCKET_BYTES, FIRST_TREE_PAGE, FREELIST, FREELIST_PAGE, HEADER_BYTES, IS_BUCKET, LEAF, LEAF_ELEMENT_BYTES, MAGIC, META,
    META_BYTES, VERSION, fnv1a,
};

/// Bucket within bucket, the file's own among them: deeper than any that is written here.
const MAX_DEPTH: usize = 8;
/// Levels of one tree: a branch has two elements at least, and pages are fewer than 2^48.
const MAX_LEVELS: usize = 48;

/// What a walk comes to, in the order of the file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Entry<'a> {
    /// A bucket begins.
    Begin(&'a [u8]),
    /// A key of the bucket that is open, and its value.
    Value(&'a [u8], &'a [u8]),
    /// The bucket that began last ends.
    End,
}

/// Reads a whole file, inline buckets among it, and hands on its keys in order. Checks what `bbolt check` checks, and that keys of inline
/// buckets are in order, which `bbolt check` does not: meta pages and their checksums, that each page is used once and none is left,
/// that each has its own number and one kind, that keys grow, and that no branch leads to a key before its own or behind the next one's.
///
/// Memory: a page for each level, and a bit a page.
///
/// # Errors
/// `Damaged` with the page · `Io` · what `visit` fails with
pub fn walk<E: From<BoltError>>(file: impl Read + Seek, visit: impl FnMut(Entry<'_>) -> Result<(), E>) -> Result<(), E> {
    let mut walk = Walk { file, visit, page_bytes: 0, pages: 0, used: Vec::new() };
    let root = walk.open()?;
    walk.tree(root, &Bounds::default(), 0, 0)?;
    walk.require_all_used()?;
    Ok(())
}

struct Walk<F, V> {
    file: F,
    visit: V,
    page_bytes: usize,
    pages: u64,
    /// A bit a page.
    used: Vec<u64>,
}

/// Keys that a tree may hold: from the first, before the second.
#[derive(Default)]
struct Bounds {
    from: Vec<u8>,
    before: Option<Vec<u8>>,
}

/// Element of a page: flags of a leaf's, the page below of a branch's.
struct Element<'a> {
    mark: u64,
    key: &'a [u8],
    value: &'a [u8],
}

fn damaged(page: u64, reason: impl Into<String>) -> BoltError {
    BoltError::Damaged { page, reason: reason.into() }
}

impl<F: Read + Seek, V> Walk<F, V> {
    /// Reads the meta pages; answers the page of the root.
    fn open(&mut self) -> Result<u64, BoltError> {
        let length = self.file.seek(SeekFrom::End(0)).map_err(BoltError::Io)?;
        let mut begin = [0; HEADER_BYTES + META_BYTES];
        self.file.seek(SeekFrom::Start(0)).map_err(BoltError::Io)?;
        self.file.read_exact(&mut begin).map_err(|_| damaged(0, "too short for a meta page"))?;
        self.page_bytes = u32_at(&begin, HEADER_BYTES + 8) as usize;
        if !self.page_bytes.is_power_of_two() || !(1024..=65_536).contains(&self.page_bytes) {
            return Err(damaged(0, format!("a page size of {} bytes", self.page_bytes)));
        }
        self.pages = length / self.page_bytes as u64;
        self.used = vec![0; usize::try_from(self.pages / 64 + 1).unwrap_or(0)];
        let mut root = 0;
        for id in 0..2 {
            let page = self.page(id)?;
            let body = &page[HEADER_BYTES..HEADER_BYTES + META_BYTES];
            let sound = u16_at(&page, 8) == META
                && u32_at(body, 0) == MAGIC
                && u32_at(body, 4) == VERSION
                && u64_at(body, 56) == fnv1a(&body[..56])
                && u64_at(body, 48) == id;
            if !sound {
                return Err(damaged(id, "no meta page of bbolt's format 2"));
            }
            if u64_at(body, 32) != FREELIST_PAGE || u64_at(body, 40) * self.page_bytes as u64 != length {
                return Err(damaged(id, "tells of another number of pages than the file has, or of free ones"));
            }
            root = u64_at(body, 16);
        }
        let free = self.page(FREELIST_PAGE)?;
        if u16_at(&free, 8) != FREELIST || u16_at(&free, 10) != 0 {
            return Err(damaged(FREELIST_PAGE, "no empty list of free pages"));
        }
        Ok(root)
    }

    /// Reads a page with those behind it that belong to it, and marks them as used.
    fn page(&mut self, id: u64) -> Result<Vec<u8>, BoltError> {
        if id >= self.pages {
            return Err(damaged(id, "is not in the file"));
        }
        let mut page = vec![0; self.page_bytes];
        self.file.seek(SeekFrom::Start(id * self.page_bytes as u64)).map_err(BoltError::Io)?;
        self.file.read_exact(&mut page).map_err(BoltError::Io)?;
        if u64_at(&page, 0) != id {
            return Err(damaged(id, "has another number"));
        }
        let more = u64::from(u32_at(&page, 12));
        if more >= self.pages - id {
            return Err(damaged(id, "goes on behind the end of the file"));
        }
        page.resize((more as usize + 1) * self.page_bytes, 0);
        self.file.read_exact(&mut page[self.page_bytes..]).map_err(BoltError::Io)?;
        for used in id..=id + more {
            let (word, bit) = ((used / 64) as usize, 1 << (used % 64));
            if self.used[word] & bit != 0 {
                return Err(damaged(used, "is used twice"));
            }
            self.used[word] |= bit;
        }
        Ok(page)
    }

    fn require_all_used(&self) -> Result<(), BoltError> {
        match (0..self.pages).find(|id| self.used[(id / 64) as usize] & (1 << (id % 64)) == 0) {
            Some(page) => Err(damaged(page, "is neither used nor free")),
            None => Ok(()),
        }
    }

    fn tree<E: From<BoltError>>(&mut self, id: u64, bounds: &Bounds, level: usize, depth: usize) -> Result<(), E>
    where
        V: FnMut(Entry<'_>) -> Result<(), E>,
    {
        if id < FIRST_TREE_PAGE || level > MAX_LEVELS {
            return Err(damaged(id, "is no page of a tree").into());
        }
        let page = self.page(id)?;
        match u16_at(&page, 8) {
            LEAF => self.leaf(id, &page, bounds, depth),
            BRANCH => {
                let elements = elements(id, &page, false)?;
                require_order(id, &elements, bounds)?;
                if elements.is_empty() {
                    return Err(damaged(id, "a branch that leads nowhere").into());
                }
                for (at, element) in elements.iter().enumerate() {
                    let next = elements.get(at + 1).map(|next| next.key.to_vec());
                    let below = Bounds { from: element.key.to_vec(), before: next.or_else(|| bounds.before.clone()) };
                    self.tree(element.mark, &below, level + 1, depth)?;
                }
                Ok(())
            }
            flags => Err(damaged(id, format!("is of no kind that a tree has: {flags:#x}")).into()),
        }
    }

    fn leaf<E: From<BoltError>>(&mut self, id: u64, page: &[u8], bounds: &Bounds, depth: usize) -> Result<(), E>
    where
        V: FnMut(Entry<'_>) -> Result<(), E>,
    {
        let elements = elements(id, page, true)?;
        require_order(id, &elements, bounds)?;
        for Element { mark, key, value } in elements {
            if mark == 0 {
                (self.visit)(Entry::Value(key, value))?;
                continue;
            }
            if mark != u64::from(IS_BUCKET) || value.len() < BUCKET_BYTES || depth == MAX_DEPTH {
                return Err(damaged(id, format!("{:?} is no bucket", shown(key))).into());
            }
            (self.visit)(Entry::Begin(key))?;
            match u64_at(value, 0) {
                0 => {
                    let inline = &value[BUCKET_BYTES..];
                    if inline.len() < HEADER_BYTES || u16_at(inline, 8) != LEAF {
                        return Err(damaged(id, format!("{:?} holds no leaf", shown(key))).into());
                    }
                    self.leaf(id, inline, &Bounds::default(), depth + 1)?;
                }
                root => self.tree(root, &Bounds::default(), 0, depth + 1)?,
            }
            (self.visit)(Entry::End)?;
        }
        Ok(())
    }
}

fn elements(id: u64, page: &[u8], is_leaf: bool) -> Result<Vec<Element<'_>>, BoltError> {
    let count = usize::from(u16_at(page, 10));
    let mut elements = Vec::with_capacity(count);
    for at in (0..count).map(|index| HEADER_BYTES + index * LEAF_ELEMENT_BYTES) {
        let outside = || damaged(id, "an element lies outside of its page");
        let element = page.get(at..at + LEAF_ELEMENT_BYTES).ok_or_else(outside)?;
        let (mark, sizes) = if is_leaf { (u64::from(u32_at(element, 0)), &element[4..]) } else { (u64_at(element, 8), element) };
        let (pos, key_bytes) = (u32_at(sizes, 0) as usize, u32_at(sizes, 4) as usize);
        let value_bytes = if is_leaf { u32_at(sizes, 8) as usize } else { 0 };
        let key = page.get(at + pos..at + pos + key_bytes).ok_or_else(outside)?;
        let value = page.get(at + pos + key_bytes..at + pos + key_bytes + value_bytes).ok_or_else(outside)?;
        elements.push(Element { mark, key, value });
    }
    Ok(elements)
}

fn require_order(id: u64, elements: &[Element<'_>], bounds: &Bounds) -> Result<(), BoltError> {
    let grow = elements.windows(2).all(|pair| pair[0].key < pair[1].key);
    let begins = elements.first().is_none_or(|first| !first.key.is_empty() && first.key >= &bounds.from[..]);
    let ends = elements.last().is_none_or(|last| bounds.before.as_ref().is_none_or(|before| last.key < &before[..]));
    if grow && begins && ends { Ok(()) } else { Err(damaged(id, "keys out of order, or under a branch that does not lead to them")) }
}

fn u16_at(bytes: &[u8], at: usize) -> u16 {
    u16::from_le_bytes([bytes[at], bytes[at + 1]])
}

fn u32_at(bytes: &[u8], at: usize) -> u32 {
    u32::from_le_bytes([bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]])
}

fn u64_at(bytes: &[u8], at: usize) -> u64 {
    u64::from(u32_at(bytes, at)) | u64::from(u32_at(bytes, at + 4)) << 32
}
