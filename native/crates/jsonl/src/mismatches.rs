use std::fmt::Write;

use crate::error::WriteError;

/// Records that one failure names.
const MAX_NAMED: usize = 10;
/// A member whose name is longer is cut where it is not the first.
const MAX_FIELD_CHARS: usize = 200;

/// Records of one range that are not what the mapping allows: whoever corrects them learns of several at once.
#[derive(Default)]
pub(crate) struct Mismatches {
    first: Option<WriteError>,
    named: usize,
}

impl Mismatches {
    /// Keeps a mismatch, so that the range is read on.
    ///
    /// # Errors
    /// Any other failure, and the mismatches once there are as many as one failure names.
    #[cold]
    pub(crate) fn keep(&mut self, error: WriteError) -> Result<(), WriteError> {
        if error.code != "record/schema-mismatch" {
            return Err(error);
        }
        self.named += 1;
        match &mut self.first {
            None => self.first = Some(error),
            Some(first) => {
                let (record, field) = (error.record_key.unwrap_or_default(), error.field.unwrap_or_default());
                let field: String = field.chars().take(MAX_FIELD_CHARS).collect();
                let _ = write!(first.message, "; also record {record}, field {field}: {}", error.message); // A String takes all.
            }
        }
        if self.named < MAX_NAMED { Ok(()) } else { self.none() }
    }

    /// # Errors
    /// The mismatches that were kept, as one.
    pub(crate) fn none(&mut self) -> Result<(), WriteError> {
        self.first.take().map_or(Ok(()), |mut error| {
            if self.named == MAX_NAMED {
                error.message.push_str("; and maybe more");
            }
            Err(error)
        })
    }
}
