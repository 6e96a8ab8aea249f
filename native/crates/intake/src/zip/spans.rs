use std::collections::BTreeMap;

/// Bytes between two entries that cannot hold a third, since its header would not fit: a data descriptor has 24 at most.
const GAP_BYTES: u64 = 30;

/// Which parts of an archive entries have taken. Parts that follow each other are kept as one, so that an honest archive needs one.
#[derive(Debug, Default)]
pub(super) struct Spans {
    /// End by start.
    taken: BTreeMap<u64, u64>,
}

impl Spans {
    /// Takes the bytes from `start` up to `end`; false where some of them were taken before.
    pub(super) fn take(&mut self, start: u64, end: u64) -> bool {
        let before = self.taken.range(..end).next_back().map(|(start, end)| (*start, *end));
        if before.is_some_and(|(_, taken_to)| taken_to > start) {
            return false;
        }
        let after = self.taken.range(end..).next().map(|(start, end)| (*start, *end));
        let mut span = (start, end);
        if let Some((from, _)) = before.filter(|(_, to)| start - to < GAP_BYTES) {
            self.taken.remove(&from);
            span.0 = from;
        }
        if let Some((from, to)) = after.filter(|(from, _)| from - end < GAP_BYTES) {
            self.taken.remove(&from);
            span.1 = to;
        }
        self.taken.insert(span.0, span.1);
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn take_refuses_what_was_taken_and_joins_what_follows() {
        let mut spans = Spans::default();
        for (start, end) in [(0, 100), (124, 200), (300, 400), (200, 300)] {
            assert!(spans.take(start, end), "{start}");
        }
        assert_eq!(spans.taken, BTreeMap::from([(0, 400)]));
        for (start, end) in [(0, 1), (399, 500), (50, 60), (0, 1000)] {
            assert!(!spans.take(start, end), "{start}");
        }
        assert!(spans.take(1000, 1100) && spans.take(500, 600) && !spans.take(450, 501));
        assert_eq!(spans.taken.len(), 3);
    }
}
