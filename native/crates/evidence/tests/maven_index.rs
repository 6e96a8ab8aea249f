//! Rows of an index of a Maven repository.

use stella_canonical::JsonLimits;
use stella_evidence::{EvidenceLimits, Form, Kind, read_document};

const LIMITS: EvidenceLimits =
    EvidenceLimits { json: JsonLimits { max_depth: 8, max_values: 100 }, max_records_bytes: 65_536, max_body_bytes: 32_768 };
const SHA1: &str = "00112233445566778899AABBCCDDEEFF00112233";

fn outcome(row: &[u8]) -> Result<(String, String), String> {
    let evidence = read_document(row, Form::MavenRow, &LIMITS).map_err(|refusal| format!("{}: {}", refusal.place, refusal.reason))?;
    let [record] = &evidence.records[..] else { panic!("one record a row") };
    assert_eq!((record.kind, &record.record_key), (Kind::Jar, &evidence.document_key));
    Ok((record.record_key.clone(), record.body.clone()))
}

#[test]
fn a_row_is_a_record_whose_key_says_all_of_it() {
    let sha1 = SHA1.to_lowercase();
    for (row, key, body) in [
        (
            format!("org.example\tcore\t1.0\t-\t{SHA1}"),
            format!("org.example:core:1.0::{sha1}"),
            format!(r#"{{"artifact_id":"core","group_id":"org.example","sha1":"{sha1}","version":"1.0"}}"#),
        ),
        (
            format!("org.example\tcore\t1.0\tsources\t{SHA1}"),
            format!("org.example:core:1.0:sources:{sha1}"),
            format!(r#"{{"artifact_id":"core","classifier":"sources","group_id":"org.example","sha1":"{sha1}","version":"1.0"}}"#),
        ),
        (
            "org.example\tcore\t1.0\t\tN/A".into(),
            "org.example:core:1.0".into(),
            r#"{"artifact_id":"core","group_id":"org.example","version":"1.0"}"#.into(),
        ),
    ] {
        assert_eq!(outcome(row.as_bytes()), Ok((key, body)), "{row}");
    }
}

#[test]
fn rows_that_differ_have_keys_that_differ() {
    let keys: Vec<String> = [("-", SHA1), ("-", "N/A"), (SHA1, "N/A"), (SHA1, SHA1)]
        .map(|(classifier, sha1)| outcome(format!("g\ta\t1\t{classifier}\t{sha1}").as_bytes()).expect("a row").0)
        .into();
    assert_eq!(keys.iter().collect::<std::collections::BTreeSet<_>>().len(), keys.len(), "{keys:?}");
}

#[test]
fn a_row_is_found_by_package_and_ecosystem() {
    let evidence = read_document(format!("org.Example\tcore\t1.0\t-\t{SHA1}").as_bytes(), Form::MavenRow, &LIMITS).expect("a row");
    let found: Vec<_> = evidence.records[0].selectors.iter().map(|(name, value)| format!("{name}={value}")).collect();
    assert_eq!(found, ["ecosystem=maven", "package=pkg:maven/org.Example/core", "package_version=pkg:maven/org.Example/core@1.0"]);
}

#[test]
fn a_faulty_row_is_refused_with_its_place() {
    let long = "x".repeat(500);
    for (row, refusal) in [
        (
            "a\tb\t1\t-".into(),
            "1:1: a row has 5 columns with tabs between them (group, artifact, version, classifier, sha1), and this has 4".into(),
        ),
        (format!("a\t\t1\t-\t{SHA1}"), "1:3: artifact is empty".into()),
        (format!("a\tb\u{7}\t1\t-\t{SHA1}"), "1:4: artifact with white space, a control character or a colon".into()),
        ("a\tb\t1\t-\tdeadbeef".into(), "1:9: sha1 is neither 40 hexadecimal digits nor N/A".into()),
        (format!("a\t{long}\t1\t-\t{SHA1}"), format!("1:1: coordinates of {} bytes; at most 512 are allowed", 500 + 40 + 6)),
        ("groupId\tartifactId\tversion\tclassifier\tsha1".into(), "1:39: sha1 is neither 40 hexadecimal digits nor N/A".into()),
    ] {
        assert_eq!(outcome(row.as_bytes()), Err(refusal), "{row}");
    }
    for row in ["a:b\tc\t1\t-\tN/A", " a\tb\t1\t-\tN/A", "a\tb\t1\tx:y\tN/A"] {
        let refusal = outcome(row.as_bytes()).expect_err(row);
        assert!(refusal.ends_with("with white space, a control character or a colon"), "{row}: {refusal}");
    }
    assert_eq!(outcome(b"a\tb\xff\t1\t-\tN/A"), Err("1:4: text that is not UTF-8".into()));
}
