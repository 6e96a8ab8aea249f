use std::ops::Range;

use aho_corasick::{AhoCorasick, Input, Span, packed};

use crate::scan::Scan;
use crate::{aws, jwt, private_key, tokens, url};

/// A credential: which detector knew it, and where it lies.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// Stable name of the detector, as it stands in `[redacted:<name>]`.
    pub detector: &'static str,
    /// The bytes to take out.
    pub span: Range<usize>,
}

/// Looks around a literal that was found at an index, and reports what it is part of.
type Check = fn(scan: &mut Scan<'_>, at: usize);

/// Literal and exact check. Each literal is the rarest part of what it stands for, and has four bytes at least: a search for
/// shorter ones takes twice the time.
const TABLE: &[(&str, Check)] = &[
    ("TE KEY", private_key::check),
    ("AKIA", aws::check_key_id),
    ("ASIA", aws::check_key_id),
    ("cess_key", aws::check_secret),
    ("CESS_KEY", aws::check_secret),
    ("cessKey", tokens::access_key),
    ("ghp_", tokens::github),
    ("gho_", tokens::github),
    ("ghu_", tokens::github),
    ("ghs_", tokens::github),
    ("ghr_", tokens::github),
    ("b_pat_", tokens::github_fine_grained),
    ("glpat-", tokens::gitlab),
    ("xoxa", tokens::slack),
    ("xoxb", tokens::slack),
    ("xoxe", tokens::slack),
    ("xoxo", tokens::slack),
    ("xoxp", tokens::slack),
    ("xoxr", tokens::slack),
    ("xoxs", tokens::slack),
    ("slack.com/", tokens::slack_webhook),
    ("AIza", tokens::google_api_key),
    ("npm_", tokens::npm),
    ("pypi-Ag", tokens::pypi),
    ("k_live_", tokens::stripe),
    ("ntKey=", tokens::azure_key),
    // base64 of `{"` and the first letter of a header member: alg, typ, kid, cty or crit, enc, jku, x5u, b64, zip; then `{ "` and a line end.
    ("eyJh", jwt::check),
    ("eyJ0", jwt::check),
    ("eyJr", jwt::check),
    ("eyJj", jwt::check),
    ("eyJl", jwt::check),
    ("eyJq", jwt::check),
    ("eyJ4", jwt::check),
    ("eyJi", jwt::check),
    ("eyJ6", jwt::check),
    ("eyAi", jwt::check),
    ("ewog", jwt::check),
];

const LONGEST_LITERAL: usize = "slack.com/".len();
/// How much is searched between two questions whether to go on.
const PIECE_BYTES: usize = 1 << 20;

/// A search was stopped before its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stopped;

/// All detectors, ready to search. One is shared by all threads.
#[derive(Debug)]
pub struct Detectors {
    search: Search,
}

#[derive(Debug)]
enum Search {
    /// Teddy, where the processor has the instructions for it.
    Packed(Box<packed::Searcher>),
    Automaton(AhoCorasick),
}

impl Detectors {
    /// Builds the search once.
    ///
    /// # Panics
    /// Never: the literals are constants.
    #[must_use]
    #[allow(clippy::missing_panics_doc, clippy::new_without_default)]
    pub fn new() -> Self {
        let literals = TABLE.iter().map(|(literal, _)| literal);
        let search = match packed::Searcher::new(literals.clone()) {
            Some(searcher) => Search::Packed(Box::new(searcher)),
            None => Search::Automaton(AhoCorasick::new(literals).expect("a few short constants make an automaton")),
        };
        Self { search }
    }

    /// Appends what is found in `bytes` to `found`: in order, and no two overlapping.
    #[inline]
    pub fn find(&self, bytes: &[u8], found: &mut Vec<Finding>) {
        // It never stops, so there is always a result.
        let _ = self.find_unless(bytes, found, || false);
    }

    /// As [`Detectors::find`], but asks before each MiB whether it was stopped.
    ///
    /// # Errors
    /// `Stopped` when it was; nothing is appended then.
    #[inline]
    pub fn find_unless(&self, bytes: &[u8], found: &mut Vec<Finding>, stopped: impl Fn() -> bool) -> Result<(), Stopped> {
        let start = found.len();
        let mut scan = Scan::new(bytes, found);
        let mut from = 0;
        while from < bytes.len() {
            if stopped() {
                found.truncate(start);
                return Err(Stopped);
            }
            let piece = from..bytes.len().min(from + PIECE_BYTES);
            from = self.find_in_piece(piece, &mut scan);
        }
        if found.len() > start {
            settle(found, start);
        }
        Ok(())
    }

    /// Runs the checks of what begins in a piece, and returns where the next one begins. Checks look beyond the piece as they need.
    #[inline]
    fn find_in_piece(&self, piece: Range<usize>, scan: &mut Scan<'_>) -> usize {
        let reach = scan.bytes.len().min(piece.end + LONGEST_LITERAL - 1);
        let mut from = piece.start;
        while let Some((literal, hit)) = self.next_literal(&scan.bytes[..reach], from) {
            if hit.start >= piece.end {
                break;
            }
            from = hit.end;
            TABLE[literal].1(scan, hit.start);
        }
        let end = from.max(piece.end);
        url::find(scan, piece.start..end);
        end
    }

    #[inline]
    fn next_literal(&self, bytes: &[u8], from: usize) -> Option<(usize, Range<usize>)> {
        let hit = match &self.search {
            Search::Packed(searcher) => searcher.find_in(bytes, Span::from(from..bytes.len())),
            Search::Automaton(automaton) => automaton.find(Input::new(bytes).range(from..)),
        }?;
        Some((hit.pattern().as_usize(), hit.range()))
    }
}

/// Sorts the findings from `start` on, and joins those that overlap under the name of the first.
fn settle(found: &mut Vec<Finding>, start: usize) {
    let mut fresh = found.split_off(start);
    fresh.sort_by(|a, b| a.span.start.cmp(&b.span.start).then(b.span.end.cmp(&a.span.end)));
    for finding in fresh {
        match found[start..].last_mut() {
            Some(last) if finding.span.start < last.span.end => last.span.end = last.span.end.max(finding.span.end),
            _ => found.push(finding),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::*;

    #[test]
    fn no_literal_is_longer_than_the_longest() {
        assert_eq!(TABLE.iter().map(|(literal, _)| literal.len()).max(), Some(LONGEST_LITERAL));
    }

    #[test]
    fn find_sees_what_lies_across_two_pieces() {
        let token = "hooks.slack.com/services/T00000000/B00000000/Ab3dEfGh1jKlMn0pQrSt u:pw://u:hunter2@host xoxb-123456789012";
        let mut alone = Vec::new();
        Detectors::new().find(token.as_bytes(), &mut alone);
        assert_eq!(alone.len(), 3);
        for before in (PIECE_BYTES - token.len()..=PIECE_BYTES).step_by(3) {
            let (text, mut findings) = ([" ".repeat(before).as_str(), token].concat(), Vec::new());
            Detectors::new().find(text.as_bytes(), &mut findings);
            let moved = alone.iter().map(|Finding { detector, span }| Finding { detector, span: span.start + before..span.end + before });
            assert_eq!(findings, moved.collect::<Vec<_>>(), "{before}");
        }
    }

    #[test]
    fn find_unless_asks_before_each_piece() {
        let text = ["xoxb-123456789012", &"-".repeat(3 * PIECE_BYTES)].concat();
        for pieces in 0..4 {
            let (asked, mut found) = (Cell::new(0), Vec::new());
            let outcome = Detectors::new().find_unless(text.as_bytes(), &mut found, || asked.replace(asked.get() + 1) == pieces);
            assert_eq!((outcome, found.len(), asked.get()), (Err(Stopped), 0, pieces + 1));
        }
        let mut found = Vec::new();
        assert_eq!((Detectors::new().find_unless(text.as_bytes(), &mut found, || false), found.len()), (Ok(()), 1));
    }
}
