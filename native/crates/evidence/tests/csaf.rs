//! CSAF 2.0 in, VEX records out.

mod reading;

use reading::{body_with, not_held, read, refused, selectors_of, with};
use stella_evidence::Kind;

/// A library that ships in a gateway, and the gateway itself, in the words of nobody but this test.
const ADVISORY: &str = r#"{
  "document": {"category": "csaf_vex", "csaf_version": "2.0", "title": "Parser fault", "lang": "en",
    "publisher": {"category": "vendor", "name": "Example Corp", "namespace": "https://example.com"},
    "tracking": {"id": "EX-2024-1", "version": "1.2.0", "status": "final",
      "initial_release_date": "2024-01-01T00:00:00Z", "current_release_date": "2024-03-01T01:00:00+01:00"}},
  "product_tree": {
    "branches": [{"category": "vendor", "name": "Example", "branches": [
      {"category": "product_name", "name": "Gateway", "branches": [
        {"category": "product_version", "name": "1.0", "product": {"product_id": "GW1", "name": "Gateway 1.0",
          "product_identification_helper": {"cpe": "cpe:2.3:a:example:gateway:1.0:*:*:*:*:*:*:*", "model_numbers": ["G-1"]}}},
        {"category": "product_version", "name": "2.0", "product": {"product_id": "GW2", "name": "Gateway 2.0"}}]},
      {"category": "product_name", "name": "libparse", "product": {"product_id": "LIB", "name": "libparse 3",
        "product_identification_helper": {"purl": "pkg:npm/libparse@3.0.0", "sbom_urls": ["https://example.com/s"],
          "hashes": [{"filename": "l", "file_hashes": [{"algorithm": "sha256", "value": "ab"}]}]}}}]}],
    "full_product_names": [{"product_id": "APPL", "name": "Appliance"}],
    "relationships": [{"category": "default_component_of", "product_reference": "LIB", "relates_to_product_reference": "GW1",
      "full_product_name": {"product_id": "LIB-GW1", "name": "libparse in Gateway 1.0"}}],
    "product_groups": [{"group_id": "G", "product_ids": ["GW2", "APPL"]}]},
  "vulnerabilities": [
    {"cve": "CVE-2024-0001", "ids": [{"system_name": "Example", "text": "EX-B-7"}], "scores": [],
     "notes": [{"category": "description", "text": "Reads past the end."}],
     "product_status": {"known_not_affected": ["LIB-GW1", "APPL"], "known_affected": ["GW2"], "first_affected": ["GW2"], "recommended": ["GW1"]},
     "flags": [{"label": "vulnerable_code_not_in_execute_path", "product_ids": ["LIB-GW1"]}],
     "threats": [{"category": "impact", "details": "It has no parser.", "product_ids": ["APPL"]},
       {"category": "exploit_status", "details": "seen", "product_ids": ["GW2"]}],
     "remediations": [{"category": "vendor_fix", "details": "Update to 2.1.", "url": "https://example.com/2.1", "group_ids": ["G"]},
       {"category": "mitigation", "details": "Do not parse.", "product_ids": ["GW2"]}]},
    {"cve": "CVE-2024-0002", "product_status": {"fixed": ["GW2"], "first_fixed": ["GW2"], "under_investigation": ["GW1"]}}]}"#;

#[test]
fn csaf_is_one_record_for_each_status_and_its_details() {
    let evidence = read(ADVISORY);
    assert_eq!((evidence.format, evidence.document_key.as_str()), ("CSAF", "https://example.com#EX-2024-1"));
    assert_eq!(evidence.modified_at, Some(1_709_251_200_000_000));
    assert!(evidence.records.iter().all(|record| record.kind == Kind::Vex && record.modified_at == evidence.modified_at));
    assert_eq!(evidence.records.len(), 5);

    let head = concat!(
        r#""document":{"@id":"https://example.com#EX-2024-1","author":"Example Corp","csaf":{"category":"csaf_vex","#,
        r#""publisher_namespace":"https://example.com","title":"Parser fault","tracking_id":"EX-2024-1","tracking_status":"final","#,
        r#""tracking_version":"1.2.0"},"last_updated":"2024-03-01T00:00:00Z","role":"vendor","timestamp":"2024-01-01T00:00:00Z"}"#
    );
    let vulnerability = r#""vulnerability":{"aliases":["EX-B-7"],"description":"Reads past the end.","name":"CVE-2024-0001"}"#;
    let path = |name: &str| format!(r#"[{{"category":"vendor","name":"Example"}},{{"category":"product_name","name":"{name}"}}"#);
    assert_eq!(
        body_with(&evidence, r#""status":"affected""#),
        format!(
            concat!(
                r#"{{"action_statement":"vendor_fix: Update to 2.1. (https://example.com/2.1)\nmitigation: Do not parse.",{head},"#,
                r#""products":[{{"@id":"https://example.com#EX-2024-1:GW2","csaf":{{"name":"Gateway 2.0","path":{path},"#,
                r#"{{"category":"product_version","name":"2.0"}}],"product_id":"GW2","product_status":["known_affected","first_affected"]}}}}],"#,
                r#""status":"affected","timestamp":"2024-03-01T00:00:00Z",{vulnerability}}}"#
            ),
            head = head,
            path = path("Gateway"),
            vulnerability = vulnerability
        )
    );
    let platform = body_with(&evidence, "vulnerable_code_not_in_execute_path");
    let expected = format!(
        concat!(
            r#""products":[{{"@id":"cpe:2.3:a:example:gateway:1.0:*:*:*:*:*:*:*","csaf":{{"model_numbers":["G-1"],"name":"Gateway 1.0","path":{path},"#,
            r#"{{"category":"product_version","name":"1.0"}}],"product_id":"GW1","product_status":["known_not_affected"],"#,
            r#""relationships":[{{"category":"default_component_of","name":"libparse in Gateway 1.0","product_id":"LIB-GW1","#,
            r#""product_reference":"LIB","relates_to_product_reference":"GW1"}}]}},"#,
            r#""identifiers":{{"cpe23":"cpe:2.3:a:example:gateway:1.0:*:*:*:*:*:*:*"}},"subcomponents":[{{"@id":"pkg:npm/libparse@3.0.0","#,
            r#""csaf":{{"name":"libparse 3","path":{library}],"product_id":"LIB"}},"hashes":{{"sha-256":"ab"}},"#,
            r#""identifiers":{{"purl":"pkg:npm/libparse@3.0.0"}}}}]}}]"#
        ),
        path = path("Gateway"),
        library = path("libparse")
    );
    assert!(platform.contains(&expected), "{platform}\n{expected}");
    assert!(body_with(&evidence, "It has no parser.").contains(r#""impact_statement":"It has no parser.""#));
    assert!(body_with(&evidence, r#""status":"fixed""#).contains(r#""product_status":["fixed","first_fixed"]"#));
    body_with(&evidence, r#""status":"under_investigation""#);
}

#[test]
fn csaf_names_what_its_records_do_not_carry() {
    assert_eq!(
        not_held(&read(ADVISORY)),
        [
            "/document/lang",
            "/product_tree/branches/*/product/product_identification_helper/hashes/*/filename",
            "/product_tree/branches/*/product/product_identification_helper/sbom_urls",
            "/vulnerabilities/*/ids/*/system_name",
            "/vulnerabilities/*/product_status/recommended",
            "/vulnerabilities/*/scores",
            "/vulnerabilities/*/threats",
        ]
    );
}

#[test]
fn csaf_is_found_by_package_product_id_and_name() {
    let found = selectors_of(&read(ADVISORY), "vulnerable_code_not_in_execute_path");
    for selector in [
        "package_version=pkg:npm/libparse@3.0.0",
        "ecosystem=npm",
        "product=cpe:2.3:a:example:gateway:1.0:*:*:*:*:*:*:*",
        "product=gw1",
        "product=gateway 1.0",
    ] {
        assert!(found.iter().any(|has| has == selector), "{selector} in {found:?}");
    }
}

#[test]
fn csaf_versions_and_orders_of_a_document_compare() {
    let newer = read(&with(ADVISORY, r#""1.2.0""#, r#""1.10.0""#));
    assert!(newer.document_version > read(ADVISORY).document_version);
    let reordered = with(ADVISORY, r#"["LIB-GW1", "APPL"]"#, r#"["APPL", "LIB-GW1"]"#);
    let keys = |text: &str| read(text).records.into_iter().map(|record| record.record_key).collect::<Vec<_>>();
    assert_eq!(keys(&reordered), keys(ADVISORY));
}

#[test]
fn csaf_is_refused_with_its_place() {
    for (from, to, told) in [
        (
            r#""csaf_version": "2.0""#,
            r#""csaf_version": "2.1""#,
            "/document/csaf_version: unsupported format: CSAF 2.1; this version reads OSV, CSAF 2.0, OpenVEX, CycloneDX and SPDX 2.3",
        ),
        (r#""category": "csaf_vex", "#, "", "/document/category: required, but absent"),
        (r#""id": "EX-2024-1", "#, "", "/document/tracking/id: required, but absent"),
        (r#""id": "EX-2024-1""#, r#""id": """#, "/document/tracking/id: must be a string that is not empty"),
        (r#""version": "1.2.0", "#, "", "/document/tracking/version: required, but absent"),
        (
            r#""1.2.0""#,
            r#""1.2""#,
            "/document/tracking/version: must be a whole number or a version of Semantic Versioning, its parts below a million",
        ),
        (
            r#""current_release_date": "2024"#,
            r#""current_release_date": "20x4"#,
            "/document/tracking/current_release_date: not an RFC 3339 date-time such as 2021-01-01T00:00:00Z",
        ),
        (r#""namespace": "https://example.com""#, r#""namespace": 1"#, "/document/publisher/namespace: must be a string, not a number"),
        (
            r#""fixed": ["GW2"]"#,
            r#""fixed": ["GW3"]"#,
            "/vulnerabilities/1/product_status/fixed/0: the product id GW3 is not defined in the product tree",
        ),
        (
            r#""product_ids": ["GW2", "APPL"]"#,
            r#""product_ids": ["X"]"#,
            "/product_tree/product_groups/0/product_ids/0: the product id X is not defined in the product tree",
        ),
        (
            r#""product_reference": "LIB""#,
            r#""product_reference": "X""#,
            "/product_tree/relationships/0/product_reference: the product id X is not defined in the product tree",
        ),
        (
            r#""product_reference": "LIB""#,
            r#""product_reference": "LIB-GW1""#,
            "/product_tree/relationships/0/product_reference: the product id LIB-GW1 is defined by itself, or by more than 32 relationships",
        ),
        (
            r#""group_ids": ["G"]"#,
            r#""group_ids": ["H"]"#,
            "/vulnerabilities/0/remediations/0/group_ids/0: the group id H is not defined in the product tree",
        ),
        (
            r#""product_id": "GW2""#,
            r#""product_id": "GW1""#,
            "/product_tree/branches/0/branches/0/branches/1/product/product_id: the product id GW1 is defined twice",
        ),
        (
            r#""under_investigation": ["GW1"]"#,
            r#""under_investigation": ["GW2"]"#,
            "/vulnerabilities/1/product_status/under_investigation/0: the product GW2 is under_investigation, and fixed too: statuses that contradict each other",
        ),
        (r#", "product_ids": ["LIB-GW1"]"#, "", "/vulnerabilities/0/flags/0: a flag without a product"),
        (r#""group_ids": ["G"]"#, r#""x": 1"#, "/vulnerabilities/0/remediations/0: a remediation without a product"),
        (
            r#""category": "impact""#,
            r#""category": "target_set""#,
            "/vulnerabilities/0: the product APPL is not affected, but no flag and no threat of category impact says why",
        ),
        (
            r#""known_affected": ["GW2"], "first_affected": ["GW2"]"#,
            r#""known_affected": ["GW1"]"#,
            "/vulnerabilities/0: the product GW1 is affected, but no remediation says what to do",
        ),
        (r#""cve": "CVE-2024-0002", "#, "", "/vulnerabilities/1: needs a cve or an id"),
        (r#""CVE-2024-0002""#, r#""cve-2024-0002""#, "/vulnerabilities/1/cve: must be a CVE id such as CVE-2021-44228"),
        (r#""CVE-2024-0002""#, r#""CVE-2024-002""#, "/vulnerabilities/1/cve: must be a CVE id such as CVE-2021-44228"),
        (r#""EX-2024-1""#, r#"" ""#, "/document/tracking/id: must not begin or end with white space"),
    ] {
        assert_eq!(refused(&with(ADVISORY, from, to)), told, "{to}");
    }
}

#[test]
fn csaf_that_promises_less_is_held_to_less() {
    let advisory = with(ADVISORY, "csaf_vex", "csaf_security_advisory");
    let bare = with(&advisory, r#""category": "impact""#, r#""category": "target_set""#);
    assert!(!body_with(&read(&bare), r#""product_id":"APPL""#).contains("impact_statement"));
    let nameless = with(&advisory, r#""cve": "CVE-2024-0002", "#, "");
    let evidence = read(&nameless);
    assert_eq!(evidence.records.len(), 3);
    assert!(not_held(&evidence).contains(&"/vulnerabilities/*/product_status"));
    let silent = with(ADVISORY, r#""vulnerabilities": ["#, r#""vulnerabilities": [], "x": ["#);
    assert_eq!(
        refused(&with(&silent, "csaf_vex", "csaf_informational_advisory")),
        "/vulnerabilities: no vulnerability with a product status: a CSAF document of category csaf_informational_advisory that states nothing"
    );
}

#[test]
fn csaf_that_grows_by_its_products_is_refused_before_it_has() {
    // A product of 20 KB, named by four vulnerabilities in a few bytes each.
    let long = with(ADVISORY, "Gateway 2.0", &"G".repeat(20_000));
    let statements: Vec<String> =
        (0..4).map(|number| format!(r#"{{"cve": "CVE-2024-100{number}", "product_status": {{"fixed": ["GW2"]}}}}"#)).collect();
    let many = with(&long, r#""vulnerabilities": ["#, &format!(r#""vulnerabilities": [{},"#, statements.join(",")));
    assert_eq!(refused(&many), "1:1: its statements make more than 65536 bytes");
    let groups: Vec<String> = (0..60).map(|_| "\"G\"".to_owned()).collect();
    let named = with(ADVISORY, r#""group_ids": ["G"]"#, &format!(r#""group_ids": [{}]"#, groups.join(",")));
    assert_eq!(read(&named).records.len(), 5, "a group that is named often counts once");
}
