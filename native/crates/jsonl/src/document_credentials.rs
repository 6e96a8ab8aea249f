use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};

use stella_detectors::{Detectors, resolve_markup, unescape};

use crate::error::WriteError;
use crate::inspect::{Withheld, without_credentials};

/// Finds credentials in documents as they were received.
pub struct DocumentDetectors {
    detectors: Detectors,
}

impl Default for DocumentDetectors {
    fn default() -> Self {
        Self { detectors: Detectors::new() }
    }
}

impl DocumentDetectors {
    /// What is to be told of a document that must be left out whole: for each detector, in order of name, as many entries as it found credentials
    /// in the one reading of the document where it found most. Nothing for a document without any.
    ///
    /// Documents are searched as received, and where they have escapes also as every reader of the JSON or XML sees them: `https:\/\/…`,
    /// `\u0067hp_…` and `g<!-- -->hp_…` are credentials too.
    ///
    /// # Errors
    /// `native/cancelled`
    pub fn find(&self, key: &[u8], content: &[u8], cancel: &AtomicBool) -> Result<Vec<Withheld>, WriteError> {
        let mut detected = self.detect(content, cancel)?;
        let beginning = content.strip_prefix(b"\xef\xbb\xbf").unwrap_or(content).trim_ascii_start();
        let is_xml = beginning.starts_with(b"<");
        for text in if is_xml { resolve_markup(content) } else { unescape(content).into_iter().collect() } {
            for (detector, count) in self.detect(&text, cancel)? {
                let most = detected.entry(detector).or_default();
                *most = count.max(*most);
            }
        }
        let entries = detected.into_iter().flat_map(|(detector, count)| {
            let record_key = without_credentials(&self.detectors, &String::from_utf8_lossy(key));
            std::iter::repeat_n(Withheld { record_key, detector, pointer: None, action: "withhold" }, count)
        });
        Ok(entries.collect())
    }

    /// How many credentials each detector knows in a text.
    fn detect(&self, text: &[u8], cancel: &AtomicBool) -> Result<BTreeMap<&'static str, usize>, WriteError> {
        let (mut findings, mut detected) = (Vec::new(), BTreeMap::new());
        self.detectors.find_unless(text, &mut findings, || cancel.load(Ordering::Relaxed))?;
        for finding in findings {
            *detected.entry(finding.detector).or_default() += 1;
        }
        Ok(detected)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_document_is_left_in_the_middle_when_the_writing_is_cancelled() {
        let (detectors, cancel) = (DocumentDetectors::default(), AtomicBool::new(false));
        let content = b"npm_a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1";
        assert_eq!(detectors.find(b"k", content, &cancel).expect("a search").len(), 1);
        cancel.store(true, Ordering::Relaxed);
        assert_eq!(detectors.find(b"k", content, &cancel).expect_err("cancelled").code, "native/cancelled");
    }
}
