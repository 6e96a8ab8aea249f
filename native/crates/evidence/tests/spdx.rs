//! SPDX 2.2 and 2.3 JSON in, one graph out.

mod reading;

use reading::{body_with, not_held, read, refused, selectors_of, with};
use stella_evidence::Kind;

const DOCUMENT: &str = r#"{"spdxVersion": "SPDX-2.3", "SPDXID": "SPDXRef-DOCUMENT", "dataLicense": "CC0-1.0", "name": "shop image",
  "documentNamespace": "https://example.com/spdx/shop-1", "creationInfo": {"created": "2024-01-01T00:00:00Z", "creators": ["Tool: t"]},
  "documentDescribes": ["SPDXRef-image"],
  "packages": [
    {"SPDXID": "SPDXRef-image", "name": "shop", "versionInfo": "sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef",
     "primaryPackagePurpose": "CONTAINER", "downloadLocation": "NOASSERTION"},
    {"SPDXID": "SPDXRef-b", "name": "parse", "versionInfo": "3.0.0", "licenseConcluded": "NOASSERTION", "licenseDeclared": "MIT",
     "checksums": [{"algorithm": "SHA256", "checksumValue": "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"}, {"algorithm": "BLAKE3", "checksumValue": "cd"}],
     "externalRefs": [{"referenceCategory": "PACKAGE-MANAGER", "referenceType": "purl", "referenceLocator": "pkg:npm/parse@3.0.0"},
       {"referenceCategory": "SECURITY", "referenceType": "cpe23Type", "referenceLocator": "cpe:2.3:a:x:parse:3:*:*:*:*:*:*:*"},
       {"referenceCategory": "SECURITY", "referenceType": "advisory", "referenceLocator": "https://example.com/a"}]},
    {"SPDXID": "SPDXRef-a", "name": "core", "licenseConcluded": "Apache-2.0", "licenseDeclared": "Apache-2.0"}],
  "files": [],
  "relationships": [
    {"spdxElementId": "SPDXRef-image", "relationshipType": "CONTAINS", "relatedSpdxElement": "SPDXRef-b"},
    {"spdxElementId": "SPDXRef-a", "relationshipType": "RUNTIME_DEPENDENCY_OF", "relatedSpdxElement": "SPDXRef-b"},
    {"spdxElementId": "SPDXRef-b", "relationshipType": "DEPENDS_ON", "relatedSpdxElement": "NOASSERTION"},
    {"spdxElementId": "SPDXRef-a", "relationshipType": "GENERATED_FROM", "relatedSpdxElement": "SPDXRef-b"}]}"#;

#[test]
fn spdx_is_one_graph() {
    let evidence = read(DOCUMENT);
    let record = &evidence.records[0];
    assert_eq!((record.kind, evidence.document_key.as_str()), (Kind::Sbom, "https://example.com/spdx/shop-1"));
    assert_eq!((evidence.media_type, evidence.modified_at), ("application/spdx+json", Some(1_704_067_200_000_000)));
    assert_eq!(evidence.content_sha256, evidence.artifact_sha256);
    assert_eq!(record.subject_folder.as_deref(), Some("shop_sha256_0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"));
    assert_eq!(
        body_with(&evidence, "SPDXRef-image"),
        concat!(
            r#"{"components":[{"licenses":["Apache-2.0"],"name":"core","ref":"SPDXRef-a"},"#,
            r#"{"cpe":"cpe:2.3:a:x:parse:3:*:*:*:*:*:*:*","hashes":[{"alg":"BLAKE3","content":"cd"},{"alg":"SHA-256","content":"0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"}],"#,
            r#""licenses":["MIT"],"name":"parse","purl":"pkg:npm/parse@3.0.0","ref":"SPDXRef-b","version":"3.0.0"}],"#,
            r#""dependencies":[{"depends_on":["SPDXRef-a"],"ref":"SPDXRef-b"},{"contains":["SPDXRef-b"],"depends_on":[],"ref":"SPDXRef-image"}],"#,
            r#""format":"SPDX","serial_number":"https://example.com/spdx/shop-1","spec_version":"2.3","subject":{"#,
            r#""image_digests":["sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"],"name":"shop","ref":"SPDXRef-image","#,
            r#""type":"container","version":"sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"}}"#
        )
    );
    let found = selectors_of(&evidence, "SPDXRef-b");
    for selector in [
        "package_version=pkg:npm/parse@3.0.0",
        "ecosystem=npm",
        "product=shop",
        "image_digest=sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef",
    ] {
        assert!(found.iter().any(|has| has == selector), "{selector} in {found:?}");
    }
    assert_eq!(
        not_held(&evidence),
        ["/creationInfo/creators", "/files", "/packages/*/downloadLocation", "/packages/*/externalRefs", "/relationships/*"]
    );
}

#[test]
fn spdx_describes_by_list_or_by_relationship_one_package_or_several() {
    let related = with(DOCUMENT, r#""documentDescribes": ["SPDXRef-image"],"#, "");
    let describes = r#""relationships": [{"spdxElementId": "SPDXRef-DOCUMENT", "relationshipType": "DESCRIBES", "relatedSpdxElement": "SPDXRef-image"},"#;
    let by_relationship = with(&related, r#""relationships": ["#, describes);
    assert_eq!(read(&by_relationship).records[0].body, read(DOCUMENT).records[0].body);
    let several = read(&with(DOCUMENT, r#"["SPDXRef-image"]"#, r#"["SPDXRef-image", "SPDXRef-b"]"#));
    assert_eq!(several.records[0].subject_folder.as_deref(), Some("shop_image"));
    assert!(!several.records[0].body.contains(r#""subject":"#));
    assert!(selectors_of(&several, "SPDXRef-b").contains(&"product=pkg:npm/parse@3.0.0".to_owned()));
    assert!(read(&with(DOCUMENT, "SPDX-2.3", "SPDX-2.2")).records[0].body.contains(r#""spec_version":"2.2""#));
}

#[test]
fn a_purl_that_is_none_is_not_held() {
    let advisory = r#",
       {"referenceCategory": "SECURITY", "referenceType": "advisory", "referenceLocator": "https://example.com/a"}"#;
    let document = with(DOCUMENT, advisory, "");
    assert!(!not_held(&read(&document)).contains(&"/packages/*/externalRefs"));
    let evidence = read(&with(&document, "pkg:npm/parse@3.0.0", "npm:parse"));
    assert!(!evidence.records[0].body.contains("npm:parse"));
    assert!(not_held(&evidence).contains(&"/packages/*/externalRefs"));
}

#[test]
fn relationships_may_name_files_and_other_documents() {
    let files = with(DOCUMENT, r#""files": []"#, r#""files": [{"SPDXID": "SPDXRef-file"}]"#);
    let relationships = r#""relationships": [{"spdxElementId": "SPDXRef-image", "relationshipType": "CONTAINS", "relatedSpdxElement": "SPDXRef-file"},
      {"spdxElementId": "SPDXRef-DOCUMENT", "relationshipType": "DESCRIBES", "relatedSpdxElement": "NOASSERTION"},
      {"spdxElementId": "SPDXRef-image", "relationshipType": "OTHER", "relatedSpdxElement": "SPDXRef-nothing"},
      {"spdxElementId": "SPDXRef-a", "relationshipType": "DEPENDS_ON", "relatedSpdxElement": "DocumentRef-d:SPDXRef-c"},"#;
    let evidence = read(&with(&files, r#""relationships": ["#, relationships));
    let body = body_with(&evidence, "SPDXRef-image");
    assert!(body.contains(r#"{"depends_on":["DocumentRef-d:SPDXRef-c"],"ref":"SPDXRef-a"}"#), "{body}");
    assert!(body.contains(r#"{"contains":["SPDXRef-b","SPDXRef-file"],"depends_on":[],"ref":"SPDXRef-image"}"#), "{body}");
}

#[test]
fn spdx_is_refused_with_its_place() {
    for (from, to, told) in [
        (
            "SPDX-2.3",
            "SPDX-2.1",
            "/spdxVersion: unsupported format: SPDX 2.1; this version reads OSV, CSAF 2.0, OpenVEX, CycloneDX and SPDX 2.3",
        ),
        (r#""SPDXID": "SPDXRef-DOCUMENT", "#, "", "/SPDXID: required, but absent"),
        (r#""created": "2024"#, r#""created": "x024"#, "/creationInfo/created: not an RFC 3339 date-time such as 2021-01-01T00:00:00Z"),
        (r#""documentNamespace": "https://example.com/spdx/shop-1", "#, "", "/documentNamespace: required, but absent"),
        (r#""name": "parse", "#, "", "/packages/1/name: required, but absent"),
        (r#"["SPDXRef-image"]"#, r#"["SPDXRef-image", "SPDXRef-x"]"#, "/documentDescribes/1: a reference to nothing in the document"),
        (
            r#""DEPENDS_ON", "relatedSpdxElement": "NOASSERTION""#,
            r#""DEPENDS_ON", "relatedSpdxElement": "SPDXRef-x""#,
            "/relationships/2/relatedSpdxElement: a reference to nothing in the document",
        ),
        (
            r#"{"spdxElementId": "SPDXRef-a", "relationshipType": "RUNTIME"#,
            r#"{"spdxElementId": "SPDXRef-x", "relationshipType": "RUNTIME"#,
            "/relationships/1/spdxElementId: a reference to nothing in the document",
        ),
        (
            r#""relationships": ["#,
            r#""relationships": [{"spdxElementId": "SPDXRef-DOCUMENT", "relationshipType": "DESCRIBES", "relatedSpdxElement": "SPDXRef-x"},"#,
            "/relationships/0/relatedSpdxElement: a reference to nothing in the document",
        ),
        (
            r#""algorithm": "BLAKE3""#,
            r#""algorithm": "SHA1""#,
            "/packages/1/checksums/1/checksumValue: a hash of SHA1 has 40 hexadecimal digits",
        ),
        (r#""SPDXID": "SPDXRef-a""#, r#""SPDXID": "SPDXRef-b""#, "/packages/2/SPDXID: a package with this id was there before"),
    ] {
        assert_eq!(refused(&with(DOCUMENT, from, to)), told, "{to}");
    }
}
