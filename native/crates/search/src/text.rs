use std::borrow::Cow;

use serde::Deserialize;
use stella_osv::Package;

/// Longest text of one record that is searched, in bytes: what stands behind is not found.
const MAX_TEXT_BYTES: usize = 16 << 10;

type Text<'a> = Cow<'a, str>;

#[derive(Deserialize)]
struct Advisory<'a> {
    #[serde(borrow, default)]
    aliases: Vec<Text<'a>>,
    #[serde(borrow)]
    summary: Option<Text<'a>>,
    #[serde(borrow, default)]
    affected: Vec<Affected<'a>>,
}

#[derive(Deserialize)]
struct Affected<'a> {
    #[serde(borrow)]
    package: Option<Package<'a>>,
}

/// The words of an advisory: its id, aliases, summary, and the names of its packages, each once.
pub(crate) fn words_of(key: &str, line: &[u8]) -> String {
    let mut words = key.to_owned();
    let Ok(Advisory { aliases, summary, affected }) = serde_json::from_slice::<Advisory<'_>>(line) else { return words };
    let names = affected.iter().filter_map(|affected| affected.package.as_ref()).map(|package| &package.name);
    let mut last: Option<&str> = None;
    for text in aliases.iter().chain(&summary).chain(names) {
        if words.len() + text.len() > MAX_TEXT_BYTES {
            break;
        }
        if last != Some(text.as_ref()) {
            words.push('\n');
            words.push_str(text);
        }
        last = Some(text);
    }
    words
}
