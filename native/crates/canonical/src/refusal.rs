use std::fmt;

/// Where in a document something is wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Place {
    /// Line and column, both from 1; the column counts bytes in JSON and characters in YAML.
    Text {
        /// Line, from 1.
        line: u64,
        /// Column, from 1.
        column: u64,
    },
    /// A JSON pointer (RFC 6901); the empty pointer is the whole document.
    Pointer(String),
    /// Byte offset in an archive.
    Byte(u64),
}

impl fmt::Display for Place {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Text { line, column } => write!(out, "{line}:{column}"),
            Self::Pointer(pointer) => out.write_str(pointer),
            Self::Byte(offset) => write!(out, "byte {offset}"),
        }
    }
}

/// Why a document is not taken, and where: both are for people.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// Where the fault is.
    pub place: Place,
    /// What is wrong, in plain words.
    pub reason: String,
}

impl Refusal {
    /// A refusal at a place.
    #[must_use]
    pub fn new(place: Place, reason: impl Into<String>) -> Self {
        Self { place, reason: reason.into() }
    }

    /// A refusal of the whole document, placed at its first character.
    #[must_use]
    pub fn whole(reason: impl Into<String>) -> Self {
        Self::new(Place::Text { line: 1, column: 1 }, reason)
    }

    /// A refusal at a byte of a text: its line and column are counted.
    #[must_use]
    pub fn at_byte(text: &[u8], offset: usize, reason: impl Into<String>) -> Self {
        let before = &text[..offset.min(text.len())];
        let line = before.iter().filter(|byte| **byte == b'\n').count() as u64 + 1;
        let start = before.iter().rposition(|byte| *byte == b'\n').map_or(0, |newline| newline + 1);
        Self::new(Place::Text { line, column: (before.len() - start) as u64 + 1 }, reason)
    }

    /// The same refusal in a text that begins at `first_line` of a file.
    #[must_use]
    pub fn from_line(mut self, first_line: u64) -> Self {
        if let Place::Text { line, .. } = &mut self.place {
            *line += first_line - 1;
        }
        self
    }
}
