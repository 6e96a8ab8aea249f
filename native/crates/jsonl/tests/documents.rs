//! What the writer makes of documents, and which it refuses or withholds.

use std::sync::atomic::Ordering;

use sha2::{Digest, Sha256};
use stella_jsonl::{Document, DocumentReader, DocumentRules, Monitor, WriteError, WrittenDocuments, write_documents};

#[derive(Clone)]
struct Row(&'static str, &'static str, &'static str, &'static str);

struct Ledger(Vec<Row>);

impl DocumentReader for Ledger {
    fn read(&mut self, mut each: impl FnMut(Document<'_>) -> Result<(), WriteError>) -> Result<(), WriteError> {
        self.0.iter().try_for_each(|Row(key, folder, file_name, content)| {
            let (key, folder, file_name, content) = (key.as_bytes(), folder.as_bytes(), file_name.as_bytes(), content.as_bytes());
            each(Document { key, folder, file_name, content, digest: &Sha256::digest(content) })
        })
    }
}

fn write(rows: &[Row]) -> Result<(WrittenDocuments, Vec<u8>), WriteError> {
    let dir = tempfile::tempdir().expect("a folder");
    let rules = DocumentRules { max_withheld: 2, path: dir.path().join("pack") };
    let written = write_documents(&mut Ledger(rows.to_vec()), &rules, &Monitor::default())?;
    Ok((written, std::fs::read(rules.path).expect("it was written")))
}

const TOKEN: &str = "{ \"note\": \"npm_a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1\" }";

#[test]
fn documents_lie_end_to_end_byte_for_byte() {
    let rows =
        [Row("a", "app_1.0", "sbom.cdx.json", "{ \"one\": 1 }\n"), Row("b", "empty", "sbom.cdx.json", ""), Row("c", "web~0a", "s", "{}")];
    let (written, pack) = write(&rows).expect("written");
    assert_eq!(pack, b"{ \"one\": 1 }\n{}");
    assert_eq!((written.size_bytes, written.sha256), (15, stella_digest::hex(&Sha256::digest(&pack))));
    let places: Vec<_> = written.members.iter().map(|member| (member.path.as_str(), member.offset, member.size_bytes)).collect();
    assert_eq!(places, [("sboms/app_1.0/sbom.cdx.json", 0, 13), ("sboms/empty/sbom.cdx.json", 13, 0), ("sboms/web~0a/s", 13, 2)]);
    for (member, Row(.., content)) in written.members.iter().zip(&rows) {
        assert_eq!(member.sha256, stella_digest::hex(&Sha256::digest(content)));
    }
}

#[test]
fn a_document_with_a_credential_is_withheld_whole() {
    let (written, pack) = write(&[Row("a", "a", "s", "{}"), Row("b", "b", "s", TOKEN), Row("c", "c", "s", "[]")]).expect("written");
    assert_eq!(pack, b"{}[]");
    assert_eq!(written.members.len(), 2);
    let [withheld] = &written.withheld[..] else { panic!("one is withheld: {:?}", written.withheld) };
    assert_eq!(
        (withheld.record_key.as_str(), withheld.detector, withheld.pointer.as_ref(), withheld.action),
        ("b", "npm-token", None, "withhold")
    );
    let many: Vec<_> = ["a", "b", "c"].map(|key| Row(key, key, "s", TOKEN)).into();
    assert_eq!(write(&many).expect_err("over the limit").code, "record/too-many-credentials");
}

#[test]
fn escapes_hide_no_credential() {
    let escaped = [
        r#"{"url":"https:\/\/user:pass@host.example\/x"}"#,
        r#"{"url":"\u0068ttps://user\u003apass\u0040host.example"}"#,
        r#"{"note":"\u0067hp_A1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1"}"#,
        r#"{"\u006e\u0070m_a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1":1}"#,
        "<bom><name>g&#104;p_A1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1</name></bom>",
        "<bom a='g&#x68;p_A1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1'/>",
        "\n<?xml version='1.0'?><bom><name>gh<!-- -->p_A1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1</name></bom>",
        "<bom><name><![CDATA[ghp_A1a1a1a1a1]]><?a b?>a1a1a1a1a1a1a1a1a1a1a1a1a1</name></bom>",
        "<bom><url>https://user:pass&#64;host.example/x</url></bom>",
        // What no reader of XML takes, but was ingested before it was refused.
        "<bom><a ref=\"<!--\" mime-type=\"text/&#103;hp_A1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1\"><version>--></version></a></bom>",
        "<bom><a ref='a<?b' mime-type='text/&#103;hp_A1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1'><version>1?></version></a></bom>",
        "<bom><a ref='<![CDATA[' mime-type='text/&#103;hp_A1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1'><version>]]></version></a></bom>",
        "<bom><a ref='<!--'><name>gh<!-- -->p_A1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1</name></a></bom>",
    ];
    for content in escaped {
        let (written, pack) = write(&[Row("a", "a", "s", content), Row("b", "b", "s", r#"{"url":"https:\/\/host\/x@y","e":"\u00e9"}"#)])
            .unwrap_or_else(|error| panic!("{content}: {error}"));
        assert_eq!((written.withheld.len(), written.withheld[0].record_key.as_str()), (1, "a"), "{content}");
        assert_eq!(pack, br#"{"url":"https:\/\/host\/x@y","e":"\u00e9"}"#, "a document without a credential keeps its bytes");
    }
}

#[test]
fn what_one_reading_alone_has_is_told_too() {
    let (github, npm) = ("ghp_A1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1", "npm_a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1");
    // A reader of the JSON sees one URL and no npm token, which begins in the middle of a word there; a search of the bytes sees the token.
    let url_and_npm = format!(r#"{{"a":"https:\/\/user:pass@host","b":"\u0061{npm}"}}"#);
    // A comment between the two makes one word of them.
    let github_and_npm = format!("<a>x<!---->{github}</a><b>n&#112;m_{}</b>", &npm[4..]);
    for (content, told) in [(url_and_npm, ["npm-token", "url-credentials"]), (github_and_npm, ["github-token", "npm-token"])] {
        let content: &'static str = content.leak();
        let (written, _) = write(&[Row("a", "a", "s", content)]).expect("written");
        assert_eq!(written.withheld.iter().map(|withheld| withheld.detector).collect::<Vec<_>>(), told, "{content}");
    }
    let twice: &'static str = format!("<a>{github}</a><b>g&#104;p_{}</b>", &github[4..]).leak();
    let (written, _) = write(&[Row("a", "a", "s", twice)]).expect("written");
    assert_eq!(written.withheld.len(), 2, "what both readings have counts once");
}

#[test]
fn what_is_told_of_a_document_holds_no_credential_of_its_key() {
    // The subject's name makes the key and, in lower case and without what is unsafe, the folder: nothing of either leaves.
    let content = r#"{"metadata":{"component":{"name":"https://bob:Hunter2@git.acme/app","version":"1"}}}"#;
    let key = "https://bob:Hunter2@git.acme/app@1#00112233445566778899aabbccddeeff";
    let row = Row(key, "https___bob_hunter2_git.acme_app_1", "s", content);
    let (written, pack) = write(std::slice::from_ref(&row)).expect("written");
    assert_eq!((pack.len(), written.members.len()), (0, 0));
    let told = "https://[redacted:url-credentials]@git.acme/app@1#00112233445566778899aabbccddeeff";
    assert_eq!(written.withheld.iter().map(|withheld| withheld.record_key.as_str()).collect::<Vec<_>>(), [told]);
    for error in [write(&[Row("z", "z", "s", "{}"), row]).expect_err("order"), write(&[Row(key, "a b", "s", "{}")]).expect_err("name")] {
        assert_eq!(error.record_key.as_deref(), Some(told));
        assert!(!format!("{error:?} {error}").to_lowercase().contains("hunter2"), "{error:?}");
    }
}

#[test]
fn names_that_are_no_names_are_refused() {
    for name in ["", ".", "..", "a/b", "a\\b", ".hidden", "a b", "é", "a\0"] {
        for row in [Row("a", name, "s", "{}"), Row("a", "s", name, "{}")] {
            assert_eq!(write(&[row]).expect_err(name).code, "record/schema-mismatch", "{name:?}");
        }
    }
    assert_eq!(write(&[Row("a", "x", "s", "{}"), Row("b", "x", "s", "{}")]).expect_err("twice").code, "record/schema-mismatch");
}

#[test]
fn order_digests_and_flags_hold_for_documents_too() {
    assert_eq!(write(&[Row("b", "x", "s", "{}"), Row("a", "y", "s", "{}")]).expect_err("order").code, "record/order");
    struct Altered;
    impl DocumentReader for Altered {
        fn read(&mut self, mut each: impl FnMut(Document<'_>) -> Result<(), WriteError>) -> Result<(), WriteError> {
            each(Document { key: b"k", folder: b"f", file_name: b"s", content: b"{}", digest: &Sha256::digest(b"[]") })
        }
    }
    let dir = tempfile::tempdir().expect("a folder");
    let rules = DocumentRules { max_withheld: 2, path: dir.path().join("pack") };
    assert_eq!(write_documents(&mut Altered, &rules, &Monitor::default()).expect_err("altered").code, "record/digest-mismatch");
    let monitor = Monitor::default();
    monitor.cancel.store(true, Ordering::Relaxed);
    assert_eq!(write_documents(&mut Altered, &rules, &monitor).expect_err("cancelled").code, "native/cancelled");
}

#[test]
#[cfg(target_os = "linux")] // Elsewhere there is no /dev/full.
fn a_full_disk_is_told_from_other_failures() {
    let full = DocumentRules { max_withheld: 2, path: "/dev/full".into() };
    let mut ledger = Ledger(vec![Row("a", "a", "s", "{}")]);
    assert_eq!(write_documents(&mut ledger, &full, &Monitor::default()).expect_err("full").code, "blob/full");
}
