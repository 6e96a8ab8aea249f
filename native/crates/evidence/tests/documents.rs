//! Documents in, records out: every format, and every refusal with its place.

use stella_canonical::JsonLimits;
use stella_evidence::{Evidence, EvidenceLimits, Form, Kind, read_document, unreadable};

const LIMITS: EvidenceLimits =
    EvidenceLimits { json: JsonLimits { max_depth: 32, max_values: 10_000 }, max_records_bytes: 4_096, max_body_bytes: 4_096 };

fn read(document: &str) -> Evidence {
    read_document(document.as_bytes(), Form::File, &LIMITS).unwrap_or_else(|refusal| panic!("{document}: {refusal:?}"))
}

fn refused(document: impl AsRef<[u8]>) -> String {
    let refusal = read_document(document.as_ref(), Form::File, &LIMITS).expect_err("must be refused");
    format!("{}: {}", refusal.place, refusal.reason)
}

fn selectors(evidence: &Evidence, record: usize) -> Vec<String> {
    evidence.records[record].selectors.iter().map(|(name, value)| format!("{name}={value}")).collect()
}

fn with(document: &str, from: &str, to: &str) -> String {
    assert!(document.contains(from), "{from}");
    document.replacen(from, to, 1)
}

const OSV: &str = r#"{"schema_version": "1.7.0", "id": "TEST-1", "modified": "2024-01-02T03:04:05.600+01:00", "x": {"b": 1, "a": 2},
  "affected": [
    {"package": {"ecosystem": "Debian:12", "name": "curl"}, "ranges": [{"type": "ECOSYSTEM", "events": [{"introduced": "0"}]}], "versions": null},
    {"package": {"ecosystem": "PyPI", "name": "Django", "purl": "pkg:pypi/Django_X@1.0?a=b"}, "versions": ["1.0"]},
    {"package": {"ecosystem": "Android", "name": "kernel"}}]}"#;

#[test]
fn osv_is_one_advisory_in_canonical_form() {
    let evidence = read(OSV);
    let record = &evidence.records[0];
    assert_eq!((evidence.records[0].kind, evidence.document_key.as_str(), evidence.document_version), (Kind::Advisory, "TEST-1", 0));
    assert_eq!(evidence.modified_at, Some(1_704_161_045_600_000));
    assert_eq!((record.record_key.as_str(), record.modified_at), ("TEST-1", evidence.modified_at));
    assert!(record.body.starts_with(r#"{"affected":[{"package":{"ecosystem":"Debian:12","name":"curl"},"#));
    assert!(record.body.ends_with(r#""id":"TEST-1","modified":"2024-01-02T02:04:05.6Z","schema_version":"1.7.0","x":{"a":2,"b":1}}"#));
    assert_eq!(evidence.content_sha256, record.body_sha256);
    assert_eq!(
        selectors(&evidence, 0),
        [
            "ecosystem=android",
            "ecosystem=debian",
            "ecosystem=debian:12",
            "ecosystem=pypi",
            "package_any=pkg:deb/debian/curl",
            "package_any=pkg:pypi/django-x"
        ]
    );
}

#[test]
fn osv_in_yaml_gives_the_same_record() {
    let json = read(
        r#"{"id":"Y-1","modified":"2021-01-01T00:00:00Z","affected":[{"package":{"ecosystem":"PyPI","name":"a"},"versions":["1.10"]}]}"#,
    );
    let yaml = read("id: Y-1\nmodified: 2021-01-01T00:00:00Z\naffected:\n- package: {ecosystem: PyPI, name: a}\n  versions: [1.10]\n");
    assert_eq!(yaml.records[0].body, json.records[0].body);
    assert_eq!((yaml.media_type, json.media_type), ("application/yaml", "application/json"));
    assert_ne!(yaml.artifact_sha256, json.artifact_sha256);
}

#[test]
fn osv_is_refused_with_a_pointer() {
    for (from, to, told) in [
        (r#""id": "TEST-1", "#, "", "/id: required, but absent"),
        (r#""TEST-1""#, r#""""#, "/id: must be a string that is not empty"),
        (r#""TEST-1""#, "7", "/id: must be a string, not a number"),
        (r#""TEST-1""#, r#""a\u0007""#, "/id: an identifier with a control character"),
        (r#""TEST-1""#, &format!("{:?}", "x".repeat(513)), "/id: an identifier of 513 bytes; at most 512 are allowed"),
        (r#""2024-01-02T03:04:05.600+01:00""#, r#""yesterday""#, "/modified: not an RFC 3339 date-time such as 2021-01-01T00:00:00Z"),
        (r#""ecosystem": "Debian:12", "#, "", "/affected/0/package/ecosystem: required, but absent"),
        (r#"{"introduced": "0"}"#, r#"{"introduced": 0}"#, "/affected/0/ranges/0/events/0/introduced: must be a string, not a number"),
        (
            r#""1.7.0""#,
            r#""2.0.0""#,
            "/schema_version: unsupported format: OSV 2.0.0; this version reads OSV, CSAF 2.0, OpenVEX, CycloneDX and SPDX 2.3",
        ),
        (r#"[{"introduced": "0"}]"#, "[]", "/affected/0/ranges/0/events: a range needs an event"),
        (
            r#"{"introduced": "0"}"#,
            r#"{"introduced": "0"}, {"introduced": "1", "fixed": "2"}"#,
            "/affected/0/ranges/0/events/1: an event is one of introduced, fixed, last_affected, limit",
        ),
        (r#"{"introduced": "0"}"#, "{}", "/affected/0/ranges/0/events/0: an event is one of introduced, fixed, last_affected, limit"),
        (r#"["1.0"]"#, r#"["1.0", {}]"#, "/affected/1/versions/1: must be a string, not an object"),
        (r#""x": {"b": 1"#, r#""withdrawn": [], "x": {"b": 1"#, "/withdrawn: must be a date-time string, not an array"),
    ] {
        assert_eq!(refused(with(OSV, from, to)), told, "{to}");
    }
}

const VEX: &str = r#"{"@context": "https://openvex.dev/ns/v0.2.0", "@id": "https://example.org/vex-1", "author": "A", "version": 3,
  "timestamp": "2024-01-01T00:00:00Z", "last_updated": "2024-02-01T00:00:00+00:00", "statements": [
    {"vulnerability": {"name": "CVE-1"}, "status": "fixed", "products": [
      {"@id": "pkg:oci/app@sha256%3A0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef?repository_url=Registry.Example/app&tag=V1",
       "subcomponents": [{"@id": "pkg:npm/left-pad@1.0"}]}]},
    {"@id": "https://example.org/s2", "vulnerability": {"name": "CVE-2"}, "status": "not_affected", "justification": "component_not_present",
     "timestamp": "2023-12-31T23:00:00-01:00", "products": [{"identifiers": {"cpe23": "cpe:2.3:a:ACME:app:1"}}]}]}"#;

#[test]
fn openvex_is_one_record_a_statement() {
    let evidence = read(VEX);
    assert_eq!(
        (evidence.records[0].kind, evidence.document_key.as_str(), evidence.document_version),
        (Kind::Vex, "https://example.org/vex-1", 3)
    );
    assert_eq!(evidence.modified_at, Some(1_706_745_600_000_000));
    let fixed = evidence.records.iter().position(|record| record.body.contains("CVE-1")).expect("CVE-1");
    let other = 1 - fixed;
    let named = format!("https://example.org/vex-1#{}", &stella_digest::hex(&evidence.records[other].body_sha256)[..32]);
    assert_eq!(evidence.records[other].record_key, named);
    assert_eq!(evidence.records[fixed].modified_at, evidence.modified_at);
    assert_eq!(evidence.records[other].modified_at, Some(1_704_067_200_000_000));
    assert!(evidence.records[fixed].body.starts_with(
        r#"{"document":{"@id":"https://example.org/vex-1","author":"A","last_updated":"2024-02-01T00:00:00Z","timestamp":"2024-01-01T00:00:00Z","version":3},"#
    ));
    assert!(
        evidence.records[fixed].body.contains(r#""status":"fixed","timestamp":"2024-01-01T00:00:00Z","vulnerability":{"name":"CVE-1"}}"#)
    );
    let digest = "sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";
    let found = selectors(&evidence, fixed);
    for selector in [
        "ecosystem=npm".to_owned(),
        "package=pkg:oci/app".into(),
        format!("package_version=pkg:oci/app@{digest}"),
        "package_version=pkg:npm/left-pad@1.0".into(),
        format!("image_digest={digest}"),
        format!("product=pkg:oci/app@{digest}"),
        "repository=registry.example/app".into(),
        "tag=v1".into(),
    ] {
        assert!(found.contains(&selector), "{selector} in {found:?}");
    }
    assert_eq!(selectors(&evidence, other), ["product=cpe:2.3:a:acme:app:1"]);
}

#[test]
fn openvex_statements_collapse_when_equal_and_are_told_apart_by_content() {
    let statement = r#"{"vulnerability":{"name":"CVE-1"},"products":[{"@id":"pkg:npm/a"},{"@id":"pkg:npm/b"}],"status":"fixed"}"#;
    let reordered = r#"{"status":"under_investigation","timestamp":"2023-01-01T00:00:00Z","products":[{"@id":"pkg:npm/b"},{"@id":"pkg:npm/a"}],"vulnerability":{"name":"CVE-1"}}"#;
    let keys = |statements: [&str; 3]| {
        let document = format!(
            r#"{{"@context":"https://openvex.dev/ns/v0.2.0","@id":"d","author":"A","version":1,"timestamp":"2024-01-01T00:00:00Z","statements":[{}]}}"#,
            statements.join(",")
        );
        let records = read(&document).records;
        records.into_iter().map(|record| (record.record_key, record.body.contains("fixed"))).collect::<Vec<_>>()
    };
    let first = keys([statement, reordered, statement]);
    assert_eq!(first.len(), 2);
    assert_ne!(first[0].0, first[1].0);
    assert_eq!(keys([reordered, statement, statement]), first, "the order of statements does not matter");
}

#[test]
fn old_openvex_is_lifted_to_0_2_0() {
    let old = r#"{"@context":"https://openvex.dev/ns","@id":"d","author":"A","timestamp":"2023-01-01T00:00:00Z","version":"2","statements":[
      {"vulnerability":"CVE-1","vuln_description":"text","products":["pkg:npm/a@1"],"subcomponents":["pkg:npm/b@2"],"status":"not_affected"}]}"#;
    let evidence = read(old);
    assert_eq!(evidence.document_version, 2);
    assert!(evidence.records[0].body.contains(
        r#""products":[{"@id":"pkg:npm/a@1","subcomponents":[{"@id":"pkg:npm/b@2"}]}],"status":"not_affected","timestamp":"2023-01-01T00:00:00Z","vulnerability":{"description":"text","name":"CVE-1"}}"#
    ));
    let timeless = with(
        &with(old, r#""timestamp":"2023-01-01T00:00:00Z","version":"2","#, ""),
        r#""status""#,
        r#""timestamp":"2022-01-01T00:00:00Z","status""#,
    );
    assert_eq!(read(&timeless).modified_at, Some(1_640_995_200_000_000));
    assert_eq!(refused(with(old, r#""timestamp":"2023-01-01T00:00:00Z","#, "")), "/timestamp: required, but absent");
}

#[test]
fn openvex_is_refused_with_a_pointer() {
    for (from, to, told) in [
        (
            "v0.2.0",
            "v1.0.0",
            "/@context: unsupported format: OpenVEX 1.0.0; this version reads OSV, CSAF 2.0, OpenVEX, CycloneDX and SPDX 2.3",
        ),
        (r#""author": "A", "#, "", "/author: required, but absent"),
        (r#""version": 3"#, r#""version": "3""#, "/version: must be an integer from 1, not a string"),
        (r#""version": 3"#, r#""version": 0"#, "/version: must be an integer from 1, not a number"),
        (r#""timestamp": "2024-01-01T00:00:00Z", "#, "", "/timestamp: required, but absent"),
        (r#""fixed""#, r#""done""#, "/statements/0/status: must be one of not_affected, affected, fixed, under_investigation"),
        (r#""fixed""#, r#""affected""#, "/statements/0: status affected needs an action_statement"),
        (
            r#""justification": "component_not_present","#,
            "",
            "/statements/1: status not_affected needs a justification or an impact_statement",
        ),
        (r#"{"name": "CVE-1"}"#, r#""CVE-1""#, "/statements/0/vulnerability: must be an object, not a string"),
        (r#"{"name": "CVE-1"}"#, r#"{"name": ""}"#, "/statements/0/vulnerability/name: must be a string that is not empty"),
        (
            r#"{"identifiers": {"cpe23": "cpe:2.3:a:ACME:app:1"}}"#,
            r#"{"hashes": {}}"#,
            "/statements/1/products/0: needs an @id or identifiers",
        ),
        (
            r#""status": "fixed""#,
            r#""status": "fixed", "document": 1"#,
            "/statements/0/document: a member that OpenVEX does not have, and whose name the ledger uses",
        ),
        (r#""author": "A""#, &format!("\"author\": {:?}", "A".repeat(3000)), "1:1: its statements make more than 4096 bytes"),
    ] {
        assert_eq!(refused(with(VEX, from, to)), told, "{to}");
    }
    let empty = r#"{"@context":"https://openvex.dev/ns/v0.2.0","@id":"d","author":"A","version":1,"timestamp":"2024-01-01T00:00:00Z","statements":[]}"#;
    assert_eq!(refused(empty), "/statements: a document needs a statement");
}

const BOM: &str = r#"{"bomFormat": "CycloneDX", "specVersion": "1.5", "serialNumber": "urn:uuid:3e671687-395b-41f5-a30f-a58921a69b79", "version": 2,
  "metadata": {"timestamp": "2024-01-01T00:00:00Z", "component": {"type": "container", "name": "Acme App", "version": "1.0", "bom-ref": "Root",
    "purl": "pkg:oci/app@sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef", "cpe": "cpe:2.3:a:acme:app:1"}},
  "components": [
    {"type": "library", "name": "z", "version": "2", "purl": "pkg:npm/z@2", "licenses": [{"license": {"id": "MIT"}}, {"expression": "A OR B"}],
     "components": [{"type": "file", "name": "inner", "hashes": [{"alg": "BLAKE3", "content": "ab"}]}]},
    {"type": "library", "name": "a", "bom-ref": "a-ref", "purl": "pkg:deb/debian/a@1?arch=amd64"}],
  "dependencies": [{"ref": "a-ref", "dependsOn": ["inner", "Root", "Root"]}]}"#;

#[test]
fn cyclonedx_is_one_graph() {
    let evidence = read(BOM);
    let record = &evidence.records[0];
    assert_eq!(
        (evidence.records[0].kind, evidence.document_key.as_str(), evidence.document_version),
        (Kind::Sbom, "urn:uuid:3e671687-395b-41f5-a30f-a58921a69b79", 2)
    );
    assert_eq!((evidence.modified_at, evidence.content_sha256), (Some(1_704_067_200_000_000), evidence.artifact_sha256));
    assert_eq!(record.subject_folder.as_deref(), Some("acme_app_1.0"));
    assert_eq!(
        record.body,
        concat!(
            r#"{"components":[{"name":"a","purl":"pkg:deb/debian/a@1?arch=amd64","ref":"a-ref","type":"library"},"#,
            r#"{"hashes":[{"alg":"BLAKE3","content":"ab"}],"name":"inner","ref":"inner","type":"file"},"#,
            r#"{"licenses":["A OR B","MIT"],"name":"z","purl":"pkg:npm/z@2","ref":"pkg:npm/z@2","type":"library","version":"2"}],"#,
            r#""dependencies":[{"depends_on":["Root","inner"],"ref":"a-ref"}],"format":"CycloneDX","serial_number":"urn:uuid:3e671687-395b-41f5-a30f-a58921a69b79","spec_version":"1.5","#,
            r#""subject":{"cpe":"cpe:2.3:a:acme:app:1","image_digests":["sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"],"name":"Acme App","purl":"pkg:oci/app@sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef","ref":"Root","type":"container","version":"1.0"}}"#
        )
    );
    let found = selectors(&evidence, 0);
    for selector in [
        "ecosystem=debian",
        "ecosystem=npm",
        "package=pkg:deb/debian/a",
        "package_version=pkg:deb/debian/a@1",
        "product=acme app",
        "product=acme app@1.0",
        "product=root",
        "product=cpe:2.3:a:acme:app:1",
        "image_digest=sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef",
    ] {
        assert!(found.iter().any(|has| has == selector), "{selector} in {found:?}");
    }
}

#[test]
fn cyclonedx_without_a_serial_number_is_named_by_its_subject_or_its_digest() {
    let unnumbered = with(BOM, r#""serialNumber": "urn:uuid:3e671687-395b-41f5-a30f-a58921a69b79", "#, "");
    assert!(read(&unnumbered).document_key.starts_with("pkg:oci/app@sha256:"));
    let named = with(&unnumbered, r#""purl": "pkg:oci"#, r#""x": "pkg:oci"#);
    assert_eq!(read(&named).document_key, "Acme App@1.0");
    let bare = read(r#"{"bomFormat":"CycloneDX","specVersion":"1.2","components":[{"type":"library","name":"a"}]}"#);
    assert!(bare.document_key.starts_with("sha256:") && bare.document_key.len() == 71);
    assert_eq!((bare.document_version, bare.records[0].subject_folder.as_deref()), (1, Some("sbom")));
}

#[test]
fn cyclonedx_is_refused_with_its_reason() {
    for (from, to, told) in [
        (
            r#""1.5""#,
            r#""1.7""#,
            "/specVersion: unsupported format: CycloneDX 1.7; this version reads OSV, CSAF 2.0, OpenVEX, CycloneDX and SPDX 2.3",
        ),
        (r#""specVersion": "1.5", "#, "", "/specVersion: required, but absent"),
        (r#""name": "inner", "#, "", "/components/0/components/0/name: required, but absent"),
        (r#""urn:uuid:3e671687-395b-41f5-a30f-a58921a69b79""#, r#""""#, "/serialNumber: must be a string that is not empty"),
        (r#""urn:uuid:3e671687-395b-41f5-a30f-a58921a69b79""#, r#""urn:uuid:1""#, "/serialNumber: must be urn:uuid: and a UUID"),
        (
            r#""alg": "BLAKE3", "content": "ab""#,
            r#""alg": "SHA-1", "content": "ab""#,
            "/components/0/components/0/hashes/0/content: a hash of SHA-1 has 40 hexadecimal digits",
        ),
        (r#""2024-01-01T00:00:00Z""#, r#""2024-02-30T00:00:00Z""#, "/metadata/timestamp: a date or time that does not exist"),
        (r#""ref": "a-ref""#, r#""ref": 1"#, "/dependencies/0/ref: must be a string, not a number"),
    ] {
        assert_eq!(refused(with(BOM, from, to)), told, "{to}");
    }
    assert_eq!(
        refused(
            r#"{"bomFormat":"CycloneDX","specVersion":"1.4","metadata":{"component":{"type":"application","name":"a"}},"vulnerabilities":[{}]}"#
        ),
        "/vulnerabilities: no vulnerability with an id and an analysis, so nothing is stated"
    );
    assert_eq!(
        refused(r#"{"bomFormat":"CycloneDX","specVersion":"1.4"}"#),
        "1:1: a bill of materials needs components, a metadata.component, or vulnerabilities"
    );
}

#[test]
fn a_record_that_grows_over_the_limit_is_refused() {
    let document = |numbers: usize| {
        let numbers = vec!["-1e20"; numbers].join(",");
        format!(r#"{{"id":"A","modified":"2024-01-01T00:00:00Z","x":[{numbers}]}}"#)
    };
    let most = (4_096 - 53) / 23;
    assert!(read(&document(most)).records[0].body.len() <= 4_096);
    assert_eq!(refused(document(most + 1)), "1:1: a record of 4098 bytes in canonical form; at most 4096 are allowed");
    // U+FB2C becomes three characters in NFC.
    let bom = format!(
        r#"{{"bomFormat":"CycloneDX","specVersion":"1.6","components":[{{"type":"library","name":"{}"}}]}}"#,
        "\u{fb2c}".repeat(700)
    );
    assert!(bom.len() < 4_096 && refused(bom).contains("in canonical form; at most 4096"));
}

#[test]
fn bodies_keep_no_escape_that_could_hide_a_credential() {
    let evidence = read(
        r#"{"id":"A","modified":"2024-01-01T00:00:00Z","a":"https:\/\/u:p\u0040host\/","b":"\u0067hp_\u007f","\u006e":"\"\\\u000a\u0000"}"#,
    );
    let body = "{\"a\":\"https://u:p@host/\",\"b\":\"ghp_\u{7f}\",\"id\":\"A\",\"modified\":\"2024-01-01T00:00:00Z\",\"n\":\"\\\"\\\\\\n\\u0000\"}";
    assert_eq!(evidence.records[0].body, body);
}

#[test]
fn other_formats_are_refused_by_name() {
    for (document, name) in [
        (&br#"{"metadata_version":"2.0","publisher":{}}"#[..], "CSAF provider metadata, which names where documents are"),
        (br#"{"feed":{}}"#, "ROLIE feed or service, which names where documents are"),
        (br#"{"service":{}}"#, "ROLIE feed or service, which names where documents are"),
        (br#"{"catalogVersion":"1","vulnerabilities":[]}"#, "catalogue of known exploited vulnerabilities"),
        (br#"{"$schema":"https://json-schema.org/draft-07/schema","definitions":{}}"#, "JSON Schema"),
        (br#"{"@context":"https://spdx.org/rdf/3.0.1/spdx-context.jsonld"}"#, "SPDX 3 JSON-LD"),
        (b"SPDXVersion: SPDX-2.2\n", "SPDX tag-value"),
        (br#"{"dataType":"CVE_RECORD"}"#, "CVE record"),
        (br#"{"version":"2.1.0","runs":[]}"#, "SARIF 2.1.0"),
        (br#"{"a":1}"#, "a document of an unknown kind"),
        (b"[1]", "an array alone"),
        (b"<!DOCTYPE html><p>", "HTML"),
        (b"<html>", "XML or HTML"),
        (b"PK\x03\x04....", "zip archive"),
        (b"\x28\xb5\x2f\xfd....", "zstd-compressed data"),
        (b"\x1f\x8b....", "gzip-compressed data"),
        (b"\xff\xfe{\0", "UTF-16 text"),
        (b"ab\0cd", "binary data"),
        (b"9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08  a.json", "file of checksums"),
        (b"# Read me\n\nwords\n", "text that is neither JSON nor YAML"),
        (b"\"@context\": https://openvex.dev/ns/v0.2.0\nid: x\n", "OpenVEX in YAML"),
        (b"bomFormat: CycloneDX\nid: x\n", "CycloneDX in YAML"),
    ] {
        assert_eq!(
            refused(document),
            format!("1:1: unsupported format: {name}; this version reads OSV, CSAF 2.0, OpenVEX, CycloneDX and SPDX 2.3"),
            "{}",
            String::from_utf8_lossy(document)
        );
    }
    assert!(unreadable(b"  \n{\"id\": 1}").is_none() && unreadable(b"id: x").is_none() && unreadable(b"").is_none());
}
