use std::ops::Range;

use sha2::{Digest, Sha256};

use crate::layout::Slot;
use crate::report::MemberDigest;
use crate::tar_entry;

/// Compares one member's tar entry, frame by frame, with the one that follows from its path, size and time; hashes the content.
pub struct EntryCheck {
    path: String,
    size_bytes: u64,
    header: Vec<u8>,
    entry_bytes: u64,
    position: u64,
    content: Sha256,
}

impl EntryCheck {
    pub fn new(slot: &Slot, mtime: Option<u64>) -> Self {
        let header = tar_entry::header(&slot.path, slot.size_bytes, mtime.unwrap_or_default());
        let entry_bytes = tar_entry::entry_bytes(&slot.path, slot.size_bytes).unwrap_or(u64::MAX);
        Self { path: slot.path.clone(), size_bytes: slot.size_bytes, header, entry_bytes, position: 0, content: Sha256::new() }
    }

    pub fn path(&self) -> &str {
        &self.path
    }

    /// Takes the next frame's plaintext. Returns where content lies in it, and what is wrong with the rest.
    pub fn feed(&mut self, plain: &[u8]) -> (Range<usize>, Option<&'static str>) {
        let header_bytes = self.header.len() as u64;
        let content_end = header_bytes + self.size_bytes.min(self.entry_bytes - header_bytes);
        let [header, content, padding] =
            [0..header_bytes, header_bytes..content_end, content_end..self.entry_bytes].map(|part| self.within(&part, plain));
        let expected = &self.header[self.position.min(header_bytes) as usize..][..header.len()];

        let flaw = if plain[header.clone()] != *expected {
            Some("its tar header is not the one that follows from path, size and time")
        } else if plain[padding.clone()].iter().any(|byte| *byte != 0) {
            Some("the padding behind its content is not zero")
        } else if padding.end < plain.len() {
            Some("bytes follow its content that belong to no member")
        } else {
            None
        };
        self.content.update(&plain[content.clone()]);
        self.position += plain.len() as u64;
        (content, flaw)
    }

    /// The member, once its entry is complete.
    pub fn finished(&self) -> Option<MemberDigest> {
        (self.position >= self.entry_bytes).then(|| MemberDigest {
            path: self.path.clone(),
            size_bytes: self.size_bytes,
            sha256: stella_digest::hex(&self.content.clone().finalize()),
            lines: None,
        })
    }

    /// Where a part of the entry lies in the plaintext that begins at `position`.
    fn within(&self, part: &Range<u64>, plain: &[u8]) -> Range<usize> {
        let place = |offset: u64| offset.saturating_sub(self.position).min(plain.len() as u64) as usize;
        place(part.start)..place(part.end)
    }
}
