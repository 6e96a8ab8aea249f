use std::ops::Range;

use aho_corasick::{AhoCorasick, packed};

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
        let start = found.len();
        let mut scan = Scan::new(bytes, found);
        match &self.search {
            Search::Packed(searcher) => searcher.find_iter(bytes).for_each(|hit| check(&mut scan, hit.pattern().as_usize(), hit.start())),
            Search::Automaton(automaton) => {
                automaton.find_iter(bytes).for_each(|hit| check(&mut scan, hit.pattern().as_usize(), hit.start()))
            }
        }
        url::find(&mut scan);
        if found.len() > start {
            settle(found, start);
        }
    }
}

fn check(scan: &mut Scan<'_>, literal: usize, at: usize) {
    TABLE[literal].1(scan, at);
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
