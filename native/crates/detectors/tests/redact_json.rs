//! Redaction leaves JSON that is JSON, whatever stands around a credential.

use proptest::prelude::*;
use stella_detectors::{Detectors, redact};

/// Pieces of text that end up next to each other in one string.
fn piece() -> impl Strategy<Value = String> {
    let token = "Ab3dEfGh1jKlMn0pQrStUvWxYz2468Ab3dEfGh1jKlMn0pQrStUvWxYz2468Ab3dEfGh1jK";
    prop_oneof![
        prop::sample::select(vec!["\n", "\r\n", "\t", "\"", "\\", "/", "\u{1}", " ", "é", "😀", "@", ":", "a", "="]).prop_map(String::from),
        prop::sample::select(vec![
            "ghp_",
            "npm_",
            "glpat-",
            "xoxb-",
            "sk_live_",
            "pypi-AgEI",
            "AccountKey=",
            "github_pat_",
            "pm_",
            "k_live_",
            "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0."
        ])
        .prop_map(move |prefix| format!("{prefix}{token}")),
        (30..44_usize).prop_map(move |length| token[..length].to_owned()),
        Just(format!("AIza{}", &token[..35])),
        Just("AKIAABCDEFGH23456777 wJalrXUtnFEMI/K7MDENG/bPxRfiCYzzzzzzzKEY".to_owned()),
        Just("https://user:p@ss@host/".to_owned()),
        Just(format!("-----BEGIN PRIVATE KEY-----\n{}\n-----END PRIVATE KEY-----", &token[..64])),
        Just(format!("-----BEGIN PRIVATE KEY-----\n{}\n", &token[..64])),
        "\\PC{0,8}",
    ]
}

proptest! {
    #[test]
    fn redacted_json_is_json(texts in prop::collection::vec(prop::collection::vec(piece(), 0..6), 1..4)) {
        let texts: Vec<String> = texts.into_iter().map(|pieces| pieces.concat()).collect();
        let record = serde_json::to_string(&texts).expect("strings are JSON");
        let mut findings = Vec::new();
        Detectors::new().find(record.as_bytes(), &mut findings);
        for pair in findings.windows(2) {
            prop_assert!(pair[0].span.end <= pair[1].span.start);
        }
        let redacted = redact(record.as_bytes(), &findings);
        let read: Result<Vec<String>, _> = serde_json::from_slice(&redacted);
        prop_assert!(read.is_ok_and(|read| read.len() == texts.len()), "{}", String::from_utf8_lossy(&redacted));
    }
}
