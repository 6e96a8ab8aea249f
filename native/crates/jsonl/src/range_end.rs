use crate::error::WriteError;
use crate::inspect::{Withheld, check_withheld, out_of_order};

/// What is known of a range once all of it was read.
pub(crate) struct RangeEnd {
    /// First and last key of the range, unless it was empty.
    pub(crate) keys: Option<(Vec<u8>, Vec<u8>)>,
    pub(crate) withheld: Vec<Withheld>,
}

/// Joins the ends of ranges, in their order: they must follow each other as records do, and not too much may be withheld of all.
pub(crate) struct RangeEnds {
    last_key: Option<Vec<u8>>,
    withheld: Vec<Withheld>,
    max_withheld: usize,
}

impl RangeEnds {
    pub(crate) fn new(max_withheld: usize) -> Self {
        Self { last_key: None, withheld: Vec::new(), max_withheld }
    }

    /// Takes the end of the next range.
    pub(crate) fn join(&mut self, end: RangeEnd) -> Result<(), WriteError> {
        if let Some((first, last)) = end.keys {
            if let Some(before) = self.last_key.as_ref().filter(|before| first <= **before) {
                return Err(out_of_order(&first, before));
            }
            self.last_key = Some(last);
        }
        self.withheld.extend(end.withheld);
        check_withheld(self.withheld.len(), self.max_withheld)
    }

    /// Everything that was withheld, in order of record.
    pub(crate) fn withheld(self) -> Vec<Withheld> {
        self.withheld
    }
}
