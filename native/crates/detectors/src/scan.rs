use std::ops::{Range, RangeInclusive};

use crate::bounds::{is_url_safe, is_word, run_end};
use crate::find::Finding;

/// A text under search, and what the checks have learned of it. Each check looks ahead through [`Next`], so that a text full of literals
/// is gone through as often as a text with one.
pub(crate) struct Scan<'a> {
    pub(crate) bytes: &'a [u8],
    pub(crate) found: &'a mut Vec<Finding>,
    pub(crate) ahead: Ahead,
    /// Where the last user and password of a URL ended.
    pub(crate) url_end: usize,
}

impl<'a> Scan<'a> {
    pub(crate) fn new(bytes: &'a [u8], found: &'a mut Vec<Finding>) -> Self {
        Self { bytes, found, ahead: Ahead::default(), url_end: 0 }
    }

    pub(crate) fn report(&mut self, detector: &'static str, span: Range<usize>) {
        self.found.push(Finding { detector, span });
    }

    pub(crate) fn url_safe_end(&mut self, at: usize) -> usize {
        self.ahead.url_safe_end.after(at, || run_end(self.bytes, at, is_url_safe))
    }

    pub(crate) fn word_end(&mut self, at: usize) -> usize {
        self.ahead.word_end.after(at, || run_end(self.bytes, at, is_word))
    }

    pub(crate) fn alphanumeric_end(&mut self, at: usize) -> usize {
        self.ahead.alphanumeric_end.after(at, || run_end(self.bytes, at, |byte| byte.is_ascii_alphanumeric()))
    }

    pub(crate) fn slack_end(&mut self, at: usize) -> usize {
        self.ahead.slack_end.after(at, || run_end(self.bytes, at, |byte| byte.is_ascii_alphanumeric() || byte == b'-'))
    }

    /// Where the letters and hyphens of a Slack token end: at a digit, or with the token.
    pub(crate) fn slack_digit(&mut self, at: usize) -> usize {
        self.ahead.slack_digit.after(at, || run_end(self.bytes, at, |byte| byte.is_ascii_alphabetic() || byte == b'-'))
    }
}

/// Where things come next that many literals may ask for.
#[derive(Default)]
pub(crate) struct Ahead {
    url_safe_end: Next,
    word_end: Next,
    alphanumeric_end: Next,
    slack_end: Next,
    slack_digit: Next,
    pub(crate) jwt_payload_end: Next,
    pub(crate) jwt_signature_end: Next,
    pub(crate) key_text_end: Next,
    pub(crate) key_end_line: Next,
    pub(crate) key_line: Next,
    /// Where AWS secrets were looked for.
    pub(crate) aws_secrets: Range<usize>,
}

/// Where something comes next, as the last search for it told: who asks from a place in between has the same answer.
pub(crate) struct Next(RangeInclusive<usize>);

impl Default for Next {
    fn default() -> Self {
        Self(RangeInclusive::new(1, 0))
    }
}

impl Next {
    /// The first place at or after `at` that `search` finds.
    pub(crate) fn after(&mut self, at: usize, search: impl FnOnce() -> usize) -> usize {
        if !self.0.contains(&at) {
            self.0 = at..=search();
        }
        *self.0.end()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn next_searches_once_for_each_place_that_it_finds() {
        let (text, mut next, mut looked_at) = (b"aaaaaaaa.aaaa..a", Next::default(), 0);
        for at in 0..text.len() {
            let found = next.after(at, || {
                let end = text[at..].iter().position(|byte| *byte == b'.').map_or(text.len(), |length| at + length);
                looked_at += end - at;
                end
            });
            assert!(found == text.len() || text[found] == b'.', "{at}: {found}");
            assert!(text[at..found].iter().all(|byte| *byte != b'.'), "{at}: {found}");
        }
        assert_eq!(looked_at, 8 + 4 + 1);
    }
}
