//! CycloneDX VEX in, VEX records out, beside the graph where there is one.

mod reading;

use reading::{body_with, not_held, read, refused, selectors_of, with};
use stella_evidence::Kind;

const BOM: &str = r#"{"bomFormat": "CycloneDX", "specVersion": "1.5", "serialNumber": "urn:uuid:3e671687-395b-41f5-a30f-a58921a69b79", "version": 2,
  "metadata": {"timestamp": "2024-01-01T00:00:00Z", "supplier": {"name": "Example Corp"},
    "component": {"type": "application", "name": "Shop", "version": "1", "bom-ref": "shop"}},
  "components": [{"type": "library", "group": "@x", "name": "parse", "version": "3.0.0", "bom-ref": "lib", "purl": "pkg:npm/parse@3.0.0", "cpe": "cpe:/a:example:parse:3.0.0",
    "hashes": [{"alg": "SHA-256", "content": "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"}, {"alg": "BLAKE3", "content": "cd"}]}],
  "services": [{"name": "pay", "bom-ref": "svc", "services": [{"name": "inner", "bom-ref": "svc/inner"}]}],
  "vulnerabilities": [
    {"bom-ref": "v1", "id": "CVE-2024-1", "source": {"name": "NVD", "url": "https://nvd.example/CVE-2024-1"}, "references": [{"id": "GHSA-1", "source": {"name": "G"}}],
     "description": "Reads past the end.", "ratings": [{"score": 9}],
     "analysis": {"state": "not_affected", "justification": "code_not_reachable", "response": ["will_not_fix"], "detail": "Never called.",
       "firstIssued": "2024-02-01T00:00:00Z", "lastUpdated": "2024-02-02T00:00:00Z"},
     "affects": [{"ref": "lib"}]},
    {"id": "CVE-2024-2", "recommendation": "Update to 3.1.", "analysis": {"state": "exploitable", "response": ["update", "rollback"], "detail": "Seen."},
     "affects": [{"ref": "shop", "versions": [{"version": "1", "status": "affected"}, {"range": "vers:semver/>=2", "status": "unaffected"}]},
       {"ref": "urn:cdx:cbb2cd68-2857-43b8-a10b-e8c03d277d18/1#other"}]},
    {"id": "CVE-2024-3", "analysis": {"state": "in_triage"}, "affects": [{"ref": "svc/inner"}]},
    {"id": "CVE-2024-4", "analysis": {"state": "false_positive"}, "affects": [{"ref": "pkg:npm/other@1"}]},
    {"id": "CVE-2024-5", "analysis": {"state": "resolved_with_pedigree"}},
    {"id": "CVE-2024-6", "affects": [{"ref": "lib"}]}]}"#;

#[test]
fn a_bom_that_states_exploitability_is_its_graph_and_its_statements() {
    let evidence = read(BOM);
    let kinds: Vec<Kind> = evidence.records.iter().map(|record| record.kind).collect();
    assert_eq!(kinds, [Kind::Sbom, Kind::Vex, Kind::Vex, Kind::Vex, Kind::Vex, Kind::Vex]);
    assert_eq!(evidence.document_key, "urn:uuid:3e671687-395b-41f5-a30f-a58921a69b79");
    assert!(evidence.records.iter().all(|record| record.record_key.starts_with(&evidence.document_key)));
    let unreachable = evidence.records.iter().find(|record| record.body.contains("Never called.")).expect("a statement");
    assert_eq!(unreachable.modified_at, Some(1_706_832_000_000_000));
    assert_eq!(
        unreachable.body,
        concat!(
            r#"{"cyclonedx":{"bom_ref":"v1","justification":"code_not_reachable","response":["will_not_fix"],"state":"not_affected"},"#,
            r#""document":{"@id":"urn:uuid:3e671687-395b-41f5-a30f-a58921a69b79","author":"Example Corp","#,
            r#""cyclonedx":{"serial_number":"urn:uuid:3e671687-395b-41f5-a30f-a58921a69b79","spec_version":"1.5"},"timestamp":"2024-01-01T00:00:00Z","version":2},"#,
            r#""impact_statement":"Never called.","justification":"vulnerable_code_not_in_execute_path","last_updated":"2024-02-02T00:00:00Z","#,
            r#""products":[{"@id":"pkg:npm/parse@3.0.0","cyclonedx":{"bom_ref":"lib","group":"@x","name":"parse","type":"library","version":"3.0.0"},"#,
            r#""hashes":{"sha-256":"0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"},"identifiers":{"cpe22":"cpe:/a:example:parse:3.0.0","purl":"pkg:npm/parse@3.0.0"}}],"#,
            r#""status":"not_affected","timestamp":"2024-02-01T00:00:00Z","#,
            r#""vulnerability":{"@id":"https://nvd.example/CVE-2024-1","aliases":["GHSA-1"],"description":"Reads past the end.","name":"CVE-2024-1"}}"#
        )
    );
}

#[test]
fn states_products_and_actions_are_those_of_openvex() {
    let evidence = read(BOM);
    let exploitable = body_with(&evidence, "CVE-2024-2");
    for part in [
        r#""action_statement":"Update to 3.1.\nresponse: update, rollback""#,
        r#""status":"affected""#,
        r#""status_notes":"Seen.""#,
        r#""timestamp":"2024-01-01T00:00:00Z","vulnerability""#,
        r#"{"@id":"urn:cdx:3e671687-395b-41f5-a30f-a58921a69b79/2#shop","cyclonedx":{"bom_ref":"shop","name":"Shop","type":"application","version":"1","versions":[{"status":"affected","version":"1"},{"range":"vers:semver/>=2","status":"unaffected"}]}}"#,
        r#"{"@id":"urn:cdx:cbb2cd68-2857-43b8-a10b-e8c03d277d18/1#other"}"#,
    ] {
        assert!(exploitable.contains(part), "{part} in {exploitable}");
    }
    assert!(body_with(&evidence, "CVE-2024-3").contains(r#""status":"under_investigation""#));
    let falsely = body_with(&evidence, "CVE-2024-4");
    assert!(falsely.contains(r#""impact_statement":"false_positive""#) && falsely.contains(r#""identifiers":{"purl":"pkg:npm/other@1"}"#));
    assert!(body_with(&evidence, "CVE-2024-5").contains(r#""status":"fixed""#));
    assert!(selectors_of(&evidence, "CVE-2024-2").contains(&"product=shop".to_owned()));
}

#[test]
fn justifications_are_mapped_where_both_formats_say_the_same() {
    for (given, justification, impact) in [
        ("code_not_present", Some("vulnerable_code_not_present"), "Never called."),
        ("protected_by_compiler", Some("inline_mitigations_already_exist"), "Never called."),
        ("protected_at_runtime", Some("inline_mitigations_already_exist"), "Never called."),
        ("protected_at_perimeter", None, "protected_at_perimeter: Never called."),
        ("protected_by_mitigating_control", None, "protected_by_mitigating_control: Never called."),
        ("requires_configuration", None, "requires_configuration: Never called."),
        ("requires_dependency", None, "requires_dependency: Never called."),
        ("requires_environment", None, "requires_environment: Never called."),
    ] {
        let evidence = read(&with(BOM, "code_not_reachable", given));
        let body = body_with(&evidence, "Never called.");
        assert!(body.contains(&format!(r#""impact_statement":"{impact}""#)), "{body}");
        let told = justification.map(|ours| format!(r#""impact_statement":"{impact}","justification":"{ours}""#));
        assert!(told.is_none_or(|told| body.contains(&told)), "{given}: {body}");
    }
}

#[test]
fn what_states_nothing_is_named_and_a_document_of_it_alone_is_refused() {
    assert_eq!(
        not_held(&read(BOM)),
        [
            "/metadata/supplier",
            "/services",
            "/vulnerabilities/*",
            "/vulnerabilities/*/ratings",
            "/vulnerabilities/*/references/*/source",
            "/vulnerabilities/*/source/name",
        ]
    );
    let alone = r#"{"bomFormat":"CycloneDX","specVersion":"1.4","vulnerabilities":[{"id":"CVE-2024-1"}]}"#;
    assert_eq!(refused(alone), "/vulnerabilities: no vulnerability with an id and an analysis, so nothing is stated");
}

#[test]
fn a_vex_document_is_known_by_its_serial_number_or_by_its_bytes() {
    let vex = r#"{"bomFormat":"CycloneDX","specVersion":"1.4","serialNumber":"urn:uuid:3e671687-395b-41f5-a30f-a58921a69b79","version":3,"metadata":{"component":{"type":"application","name":"a","version":"1"}},
      "vulnerabilities":[{"id":"CVE-1","analysis":{"state":"resolved"}}]}"#;
    let evidence = read(vex);
    assert_eq!(
        (evidence.records.len(), evidence.records[0].kind, evidence.document_key.as_str()),
        (1, Kind::Vex, "urn:uuid:3e671687-395b-41f5-a30f-a58921a69b79")
    );
    assert_eq!(evidence.document_version, 3);
    assert!(read(&with(vex, r#""serialNumber":"urn:uuid:3e671687-395b-41f5-a30f-a58921a69b79","#, "")).document_key.starts_with("sha256:"));
}

#[test]
fn a_purl_that_is_none_names_no_product() {
    let evidence = read(&with(BOM, r#""purl": "pkg:npm/parse@3.0.0""#, r#""purl": "npm:parse""#));
    let body = body_with(&evidence, "Never called.");
    assert!(body.contains(r#""products":[{"@id":"cpe:/a:example:parse:3.0.0","#) && !body.contains("npm:parse"), "{body}");
    assert!(!body_with(&evidence, r#""components":"#).contains("npm:parse"));
    assert!(not_held(&evidence).contains(&"/components/*/purl"));
    let subject = read(&with(
        BOM,
        r#""bom-ref": "shop""#,
        r#""bom-ref": "shop", "purl": "pkg:shop", "components": [{"type": "file", "name": "f", "purl": ""}]"#,
    ));
    assert!(not_held(&subject).contains(&"/metadata/component/purl"));
    assert!(!not_held(&subject).contains(&"/components/*/purl"));
}

#[test]
fn cyclonedx_vex_is_refused_with_its_place() {
    for (from, to, told) in [
        (
            r#""ref": "svc/inner""#,
            r#""ref": "nothing""#,
            "/vulnerabilities/2/affects/0/ref: a reference to nothing in the document, and no BOM-Link",
        ),
        (
            r#""in_triage""#,
            r#""unsure""#,
            "/vulnerabilities/2/analysis/state: must be one of resolved, resolved_with_pedigree, exploitable, in_triage, false_positive, not_affected",
        ),
        (
            r#""response": ["update", "rollback"]"#,
            r#""response": "update""#,
            "/vulnerabilities/1/analysis/response: must be an array, not a string",
        ),
        (r#""Seen.""#, &format!("{:?}", "x".repeat(70_000)), "1:1: its statements make more than 65536 bytes"),
    ] {
        assert_eq!(refused(&with(BOM, from, to)), told, "{to}");
    }
}
