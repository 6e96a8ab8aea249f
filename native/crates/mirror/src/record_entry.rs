use std::borrow::Cow;

use serde::Deserialize;

use crate::frames::At;

/// An entry of the list `records` of an index: key, where the record lies, and its document; none where that was withheld.
#[derive(Deserialize)]
pub(crate) struct RecordEntry<'e>(
    #[serde(borrow)] pub(crate) Cow<'e, str>,
    pub(crate) At,
    #[serde(borrow)] pub(crate) Option<DocumentOf<'e>>,
);

/// What an index says of the document of a record: its SHA-256 in hexadecimal, then group, frame, offset and length.
#[derive(Deserialize)]
pub(crate) struct DocumentOf<'e>(#[serde(borrow)] Cow<'e, str>, u32, u32, u32, u32);

impl DocumentOf<'_> {
    /// Its SHA-256, in hexadecimal.
    pub(crate) fn digest(&self) -> &str {
        &self.0
    }

    /// Where it lies.
    pub(crate) fn at(&self) -> At {
        [self.1, self.2, self.3, self.4]
    }
}
