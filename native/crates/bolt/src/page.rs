use crate::layout::{BRANCH, BRANCH_ELEMENT_BYTES, HEADER_BYTES, LEAF, LEAF_ELEMENT_BYTES};

/// The elements of a page that is being filled. Keys and values lie in the order of the elements, in `data`.
#[derive(Debug, Default)]
pub(crate) struct Page {
    elements: Vec<Element>,
    data: Vec<u8>,
}

#[derive(Debug)]
struct Element {
    key_bytes: usize,
    value_bytes: usize,
    /// Of a leaf: its flags. Of a branch: the page below.
    mark: u64,
}

impl Page {
    pub(crate) fn push(&mut self, key: &[u8], value: &[u8], mark: u64) {
        self.elements.push(Element { key_bytes: key.len(), value_bytes: value.len(), mark });
        self.data.extend_from_slice(key);
        self.data.extend_from_slice(value);
    }

    pub(crate) fn len(&self) -> usize {
        self.elements.len()
    }

    /// Bytes of the page with its header. Elements of leaves and branches have the same length.
    pub(crate) fn bytes(&self) -> usize {
        HEADER_BYTES + self.elements.len() * LEAF_ELEMENT_BYTES + self.data.len()
    }

    pub(crate) fn first_key(&self) -> Option<&[u8]> {
        self.elements.first().map(|first| &self.data[..first.key_bytes])
    }

    /// Whether one of its elements is a bucket.
    pub(crate) fn has_buckets(&self) -> bool {
        self.elements.iter().any(|element| element.mark != 0)
    }

    pub(crate) fn clear(&mut self) {
        self.elements.clear();
        self.data.clear();
    }

    /// Appends the page to `out`.
    pub(crate) fn write(&self, is_leaf: bool, id: u64, overflow: u32, out: &mut Vec<u8>) {
        let count = u16::try_from(self.elements.len()).unwrap_or(u16::MAX);
        write_header(id, if is_leaf { LEAF } else { BRANCH }, count, overflow, out);
        const { assert!(LEAF_ELEMENT_BYTES == BRANCH_ELEMENT_BYTES) };
        let mut at = self.elements.len() * LEAF_ELEMENT_BYTES;
        for element in &self.elements {
            // A position counts from the beginning of its element.
            let (pos, key_bytes) = (word(at), word(element.key_bytes));
            if is_leaf {
                let flags = u32::from(element.mark != 0);
                for field in [flags, pos, key_bytes, word(element.value_bytes)] {
                    out.extend_from_slice(&field.to_le_bytes());
                }
            } else {
                out.extend_from_slice(&pos.to_le_bytes());
                out.extend_from_slice(&key_bytes.to_le_bytes());
                out.extend_from_slice(&element.mark.to_le_bytes());
            }
            at += element.key_bytes + element.value_bytes;
            at -= LEAF_ELEMENT_BYTES;
        }
        out.extend_from_slice(&self.data);
    }
}

pub(crate) fn write_header(id: u64, flags: u16, count: u16, overflow: u32, out: &mut Vec<u8>) {
    out.extend_from_slice(&id.to_le_bytes());
    out.extend_from_slice(&flags.to_le_bytes());
    out.extend_from_slice(&count.to_le_bytes());
    out.extend_from_slice(&overflow.to_le_bytes());
}

/// What a page holds is shorter than a key and a value may be at most, and that fits.
fn word(number: usize) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}
