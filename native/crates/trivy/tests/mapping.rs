//! What becomes of documents: keys and values of the database, and why a statement has no place there.

#![allow(clippy::unwrap_used)]

mod building;

use std::io::Cursor;

use building::{Built, build};
use serde_json::{Value, json};
use stella_bolt::{Entry, walk};
use stella_trivy::TrivyError;

/// A document about one package; `more` has members besides.
fn document(id: &str, ecosystem: &str, name: &str, ranges: Value, more: Value) -> Vec<u8> {
    let mut document = json!({
        "id": id,
        "modified": "2024-02-01T00:00:00Z",
        "affected": [{ "package": { "ecosystem": ecosystem, "name": name }, "ranges": ranges }],
    });
    for (member, value) in more.as_object().unwrap() {
        document[member] = value.clone();
    }
    serde_json::to_vec(&document).unwrap()
}

/// One range of an ecosystem's own versions; each event is a pair of its kind and version.
fn range(events: &[(&str, &str)]) -> Value {
    let events: Vec<Value> = events.iter().map(|(kind, version)| json!({ *kind: version })).collect();
    json!([{ "type": "ECOSYSTEM", "events": events }])
}

fn all(documents: &[Vec<u8>]) -> Built {
    build(documents.iter().map(Vec::as_slice), 1, 1 << 20).unwrap()
}

fn fixed(version: &str) -> Value {
    range(&[("introduced", "0"), ("fixed", version)])
}

/// The value of a key, which is given as `bucket / package / id`.
fn value(built: &Built, wanted: &str) -> String {
    let (mut path, mut found) = (Vec::new(), None);
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    walk(Cursor::new(&built.bytes), |entry| -> Result<(), TrivyError> {
        match entry {
            Entry::Begin(key) => path.push(text(key)),
            Entry::Value(key, value) if format!("{} / {}", path.join(" / "), text(key)) == wanted => found = Some(text(value)),
            Entry::Value(..) => {}
            Entry::End => drop(path.pop()),
        }
        Ok(())
    })
    .unwrap();
    found.unwrap_or_else(|| panic!("there is no {wanted}"))
}

/// Reasons of what was left out of a database that has one other advisory.
fn reasons(documents: Vec<Vec<u8>>) -> Vec<String> {
    let other = document("OTHER-1", "npm", "other", fixed("1.0.0"), json!({}));
    let built = all(&[vec![other], documents].concat());
    let reason = |line: &String| serde_json::from_str::<Value>(line).unwrap()["reason"].as_str().unwrap().to_owned();
    built.omitted.iter().map(reason).collect()
}

#[test]
fn languages_have_ranges_in_their_grammar_and_the_names_that_trivy_looks_up() {
    let between = || range(&[("introduced", "1.0.0"), ("fixed", "1.2.3")]);
    let ranged = r#"{"VulnerableVersions":[">=1.0.0, <1.2.3"],"PatchedVersions":["1.2.3"]}"#;
    for (id, ecosystem, name, key) in [
        ("GHSA-a", "npm", "Lodash", "npm::GitHub Security Advisory npm / lodash / GHSA-a"),
        ("GHSA-a", "PyPI", "Foo_Bar", "pip::GitHub Security Advisory pip / foo-bar / GHSA-a"),
        ("PYSEC-1", "PyPI", "a", "pip::Python Packaging Advisory Database / a / PYSEC-1"),
        ("GO-1", "Go", "example.com/A", "go::The Go Vulnerability Database / example.com/A / GO-1"),
        ("GHSA-a", "Maven", "org.A:B", "maven::GitHub Security Advisory Maven / org.a:b / GHSA-a"),
        ("RUSTSEC-1", "crates.io", "a", "cargo::RustSec Advisory Database / a / RUSTSEC-1"),
        ("GHSA-a", "RubyGems", "a", "rubygems::GitHub Security Advisory RubyGems / a / GHSA-a"),
        ("GHSA-a", "NuGet", "A.B", "nuget::GitHub Security Advisory NuGet / A.B / GHSA-a"),
        ("GHSA-a", "NuGet", "A.B", "nuget::GitHub Security Advisory NuGet / a.b / GHSA-a"),
        ("GHSA-a", "Packagist", "a/B", "composer::GitHub Security Advisory Composer / a/b / GHSA-a"),
        ("GHSA-a", "Hex", "a", "erlang::GitHub Security Advisory Erlang / a / GHSA-a"),
        ("GHSA-a", "Pub", "a", "pub::GitHub Security Advisory Pub / a / GHSA-a"),
        ("GHSA-a", "SwiftURL", "https://github.com/A/b.git", "swift::GitHub Security Advisory Swift / github.com/a/b / GHSA-a"),
        ("X-1", "CocoaPods", "A", "cocoapods::Open Source Vulnerabilities / A / X-1"),
        ("X-1", "ConanCenter", "a", "conan::Open Source Vulnerabilities / a / X-1"),
        ("BIT-a-1", "Bitnami", "a", "bitnami::Bitnami Vulnerability Database / a / BIT-a-1"),
        ("X-1", "Kubernetes", "k8s.io/kubelet", "k8s::Official Kubernetes CVE Feed / k8s.io/kubelet / X-1"),
        ("MAL-1", "npm", "a", "npm::OpenSSF Malicious Packages / a / MAL-1"),
    ] {
        assert_eq!(value(&all(&[document(id, ecosystem, name, between(), json!({}))]), key), ranged, "{key}");
    }
}

#[test]
fn distributions_have_a_bucket_a_release_and_the_first_fixed_version() {
    for (ecosystem, version, bucket) in [
        ("Alpine:v3.18", "1.2.3-r1", "alpine 3.18"),
        ("Wolfi", "1.2.3-r1", "wolfi"),
        ("Chainguard", "1.2.3-r1", "chainguard"),
        ("Debian:12", "1:1.2.3-4+deb12u1", "debian 12"),
        ("Ubuntu:22.04:LTS", "1.2.3-4ubuntu1", "ubuntu 22.04"),
        ("AlmaLinux:9", "0:1.2.3-4.el9", "alma 9"),
        ("Rocky Linux:9", "1.2.3-4.el9_2", "rocky 9"),
        ("SUSE:Linux Enterprise Server 15 SP5", "1.2.3-150500.1", "SUSE Linux Enterprise 15.5"),
        ("openSUSE:Leap 15.5", "1.2.3-1", "openSUSE Leap 15.5"),
        ("Photon OS:4.0", "1.2.3-1.ph4", "Photon OS 4.0"),
        ("Azure Linux:3", "1.2.3-1", "Azure Linux 3.0"),
        ("Azure Linux:2", "1.2.3-1", "CBL-Mariner 2.0"),
    ] {
        let built = all(&[document("X-1", ecosystem, "Pkg", fixed(version), json!({ "upstream": ["CVE-2024-1"] }))]);
        let expected = format!(r#"{{"VendorIDs":["X-1"],"FixedVersion":"{version}"}}"#);
        assert_eq!(value(&built, &format!("{bucket} / Pkg / CVE-2024-1")), expected, "{ecosystem}");
        assert!(value(&built, &format!("data-source / {bucket}")).starts_with(r#"{"ID":""#));
    }
    let unfixed = document("X-1", "Debian:12", "p", range(&[("introduced", "0")]), json!({}));
    assert_eq!(value(&all(&[unfixed]), "debian 12 / p / X-1"), "{}");
}

#[test]
fn ranges_say_what_their_events_say() {
    let constraints = |ranges: Value, versions: Value| {
        let affected = json!([{ "package": { "ecosystem": "Go", "name": "a" }, "ranges": ranges, "versions": versions }]);
        let built = all(&[document("GO-1", "Go", "a", json!([]), json!({ "affected": affected }))]);
        let value: Value = serde_json::from_str(&value(&built, "go::The Go Vulnerability Database / a / GO-1")).unwrap();
        value["VulnerableVersions"].as_array().unwrap().iter().map(|text| text.as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    for (events, expected) in [
        (&[("introduced", "0"), ("fixed", "1.2.0")][..], &["<1.2.0"][..]),
        (&[("introduced", "0")], &[""]),
        (&[("introduced", "1.0.0")], &[">=1.0.0"]),
        (&[("introduced", "1.0.0"), ("last_affected", "1.4.0")], &[">=1.0.0, <=1.4.0"]),
        (&[("introduced", "0"), ("fixed", "1.2.0"), ("introduced", "2.0.0"), ("fixed", "2.1.0")], &["<1.2.0", ">=2.0.0, <2.1.0"]),
        (&[("fixed", "2.1.0"), ("introduced", "2.0.0"), ("fixed", "1.2.0"), ("introduced", "0")], &["<1.2.0", ">=2.0.0, <2.1.0"]),
        (&[("introduced", "0"), ("fixed", "1.2.0"), ("fixed", "1.3.0")], &["<1.2.0"]),
        (&[("introduced", "1.0.0-rc.1"), ("fixed", "1.0.0")], &[">=1.0.0-rc.1, <1.0.0"]),
        (&[("introduced", "1.0.0"), ("limit", "2.0.0")], &[">=1.0.0, <2.0.0"]),
        (&[("introduced", "1.0.0"), ("limit", "*")], &[">=1.0.0"]),
    ] {
        assert_eq!(constraints(range(events), json!([])), expected, "{events:?}");
    }
    let versions = json!(["1.0.0", "1.1.0", "3.0.0", "3.0.0", "4.0.0-rc.1"]);
    let held = constraints(range(&[("introduced", "1.0.0"), ("fixed", "1.2.0")]), versions.clone());
    assert_eq!(held, [">=1.0.0, <1.2.0", "=3.0.0", "=4.0.0-rc.1"], "versions that no range holds");
    assert_eq!(constraints(json!([]), versions), ["=1.0.0", "=1.1.0", "=3.0.0", "=4.0.0-rc.1"]);
    let last_known = json!({ "affected": [{
        "package": { "ecosystem": "npm", "name": "a" }, "ranges": range(&[("introduced", "1.0.0")]),
        "database_specific": { "last_known_affected_version_range": "< 1.9.0" },
    }] });
    let value = value(&all(&[document("GHSA-a", "npm", "a", json!([]), last_known)]), "npm::GitHub Security Advisory npm / a / GHSA-a");
    assert_eq!(value, r#"{"VulnerableVersions":[">=1.0.0, <1.9.0"]}"#, "a version known to be affected is no fix");
}

#[test]
fn every_cve_is_a_key_and_documents_of_one_source_are_joined() {
    let ids = |aliases: Value| json!({ "aliases": aliases });
    let built = all(&[
        document("GHSA-a", "npm", "a", fixed("1.0.0"), ids(json!(["CVE-2024-1", "CVE-2024-2", "SNYK-1"]))),
        document("GHSA-b", "npm", "a", fixed("2.0.0"), ids(json!(["CVE-2024-1"]))),
        document("X-1", "npm", "a", fixed("3.0.0"), ids(json!(["CVE-2024-1"]))),
        document("ALSA-1", "AlmaLinux:9", "k", fixed("5.14.0-9.el9"), json!({ "related": ["CVE-2024-3"] })),
        document("ALSA-2", "AlmaLinux:9", "k", fixed("5.14.0-10.el9"), json!({ "related": ["CVE-2024-3"] })),
    ]);
    let written: Vec<_> = built.contents.written.iter().map(|(database, count)| (database.as_str(), *count)).collect();
    assert_eq!(written, [("ALSA", 2), ("GHSA", 2), ("X", 1)]);
    assert_eq!((built.contents.vulnerabilities, built.contents.advisories["alma 9"]), (3, 1));
    let joined =
        r#"{"VendorIDs":["GHSA-a","SNYK-1","GHSA-b"],"VulnerableVersions":["<1.0.0","<2.0.0"],"PatchedVersions":["1.0.0","2.0.0"]}"#;
    assert_eq!(value(&built, "npm::GitHub Security Advisory npm / a / CVE-2024-1"), joined);
    let alone = r#"{"VendorIDs":["GHSA-a","SNYK-1"],"VulnerableVersions":["<1.0.0"],"PatchedVersions":["1.0.0"]}"#;
    assert_eq!(value(&built, "npm::GitHub Security Advisory npm / a / CVE-2024-2"), alone);
    let other = r#"{"VendorIDs":["X-1"],"VulnerableVersions":["<3.0.0"],"PatchedVersions":["3.0.0"]}"#;
    assert_eq!(value(&built, "npm::Open Source Vulnerabilities / a / CVE-2024-1"), other, "another source stays apart");
    assert_eq!(value(&built, "alma 9 / k / CVE-2024-3"), r#"{"VendorIDs":["ALSA-1","ALSA-2"],"FixedVersion":"5.14.0-10.el9"}"#);
}

#[test]
fn a_vulnerability_is_told_by_its_sources_in_trivys_order() {
    let ghsa = json!({
        "aliases": ["CVE-2024-1"], "summary": "from GitHub", "details": "long", "published": "2024-01-01T00:00:00Z",
        "severity": [{ "type": "CVSS_V3", "score": "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H" }],
        "references": [{ "type": "WEB", "url": "https://b.example/" }, { "type": "WEB", "url": "https://a.example/" }],
        "database_specific": { "severity": "MODERATE", "cwe_ids": ["CWE-79"] },
    });
    let debian =
        json!({ "aliases": ["CVE-2024-1"], "summary": "from Debian", "references": [{ "type": "WEB", "url": "https://c.example/" }] });
    let built = all(&[document("GHSA-a", "npm", "a", fixed("1.0.0"), ghsa), document("DSA-1", "Debian:12", "a", fixed("1.0-1"), debian)]);
    let told = concat!(
        r#"{"Title":"from Debian","Description":"long","Severity":"MEDIUM","CweIDs":["CWE-79"],"VendorSeverity":{"ghsa":2},"#,
        r#""CVSS":{"ghsa":{"V3Vector":"CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H","V3Score":9.8}},"#,
        r#""References":["https://a.example/","https://b.example/","https://c.example/"],"#,
        r#""PublishedDate":"2024-01-01T00:00:00Z","LastModifiedDate":"2024-02-01T00:00:00Z"}"#
    );
    assert_eq!(value(&built, "vulnerability / CVE-2024-1"), told);
}

#[test]
fn an_advisory_of_red_hat_has_an_entry_a_fix_with_the_products_that_it_is_in() {
    let statement = |product: &str, purl: &str, fixed_version: &str| {
        let ecosystem = format!("Red Hat:{product}");
        json!({ "package": { "ecosystem": ecosystem, "name": "npm", "purl": purl }, "ranges": fixed(fixed_version) })
    };
    let plain = |product: &str, fixed_version: &str| statement(product, "pkg:rpm/redhat/npm", fixed_version);
    let module = "pkg:rpm/redhat/npm?rpmmod=nodejs%3A12%3A8030020201124152102%3A229f0a1c";
    let (baseos, appstream, eus) = ("enterprise_linux:8::baseos", "enterprise_linux:8::appstream", "rhel_eus:8.6::baseos");
    let affected = json!([
        plain(baseos, "0:1.0-2.el8"),
        plain(eus, "0:1.0-1.el8_6"),
        plain(appstream, "0:1.0-2.el8"),
        statement(appstream, module, "1:2.0-1.module+el8"),
    ]);
    let severity = json!([{ "type": "CVSS_V3", "score": "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:N/A:N" }]);
    let more = json!({ "related": ["CVE-2024-2", "CVE-2024-1"], "severity": severity, "affected": affected });
    let documents = [
        document("RHSA-2024:1", "", "", json!([]), more),
        document("RHBA-2024:2", &format!("Red Hat:{eus}"), "a", fixed("1-1"), json!({})),
    ];
    let built = all(&documents);
    let cves = r#""Cves":[{"ID":"CVE-2024-1","Severity":3},{"ID":"CVE-2024-2","Severity":3}]"#;
    assert_eq!(
        value(&built, "Red Hat / npm / RHSA-2024:1"),
        format!(
            r#"{{"Entries":[{{"FixedVersion":"0:1.0-1.el8_6",{cves},"Affected":[2]}},{{"FixedVersion":"0:1.0-2.el8",{cves},"Affected":[0,1]}}]}}"#
        )
    );
    assert_eq!(
        value(&built, "Red Hat / nodejs:12::npm / RHSA-2024:1"),
        format!(r#"{{"Entries":[{{"FixedVersion":"1:2.0-1.module+el8",{cves},"Affected":[0]}}]}}"#)
    );
    assert_eq!(
        value(&built, "Red Hat / a / RHBA-2024:2"),
        r#"{"Entries":[{"FixedVersion":"1-1","Cves":[{"ID":"RHBA-2024:2"}],"Affected":[2]}]}"#
    );
    let cves = json!({ "aliases": ["CVE-2024-8"] });
    let of_cve = all(&[document("CVE-2024-9", "Red Hat:enterprise_linux:10.0", "a", fixed("1-1"), cves)]);
    for id in ["CVE-2024-8", "CVE-2024-9"] {
        assert_eq!(value(&of_cve, &format!("Red Hat / a / {id}")), r#"{"Entries":[{"FixedVersion":"1-1","Cves":[{}],"Affected":[0]}]}"#);
    }
    assert_eq!(value(&built, "Red Hat CPE / cpe / 2"), r#""cpe:/:redhat:rhel_eus:8.6::baseos""#);
    assert_eq!(value(&built, "Red Hat CPE / repository / rhel-8-for-x86_64-baseos-rpms"), "[1]");
    assert_eq!(value(&built, "Red Hat CPE / repository / rhel-8-for-x86_64-baseos-eus-rpms__8_DOT_6"), "[2]");
    assert_eq!(
        value(&built, "data-source / Red Hat"),
        r#"{"ID":"redhat-oval","Name":"Red Hat OVAL v2","URL":"https://www.redhat.com/security/data/oval/v2/"}"#
    );

    let reversed = build(documents.iter().rev().map(Vec::as_slice), 2, 1).unwrap();
    assert!(reversed.bytes == built.bytes, "the same bytes, whatever the order, the memory and the number of mappers");
}

#[test]
fn what_trivy_would_misread_is_left_out_with_its_reason() {
    let of = |ecosystem: &str, name: &str, ranges: Value, more: Value| document("X-1", ecosystem, name, ranges, more);
    let plain = |ecosystem: &str, ranges: Value| of(ecosystem, "a", ranges, json!({}));
    let many: Vec<String> = (0..10_000).map(|number| format!("CVE-2024-{number}")).collect();
    for (document, reason) in [
        (of("npm", "a", fixed("1.0.0"), json!({ "withdrawn": "2024-01-01T00:00:00Z" })), "withdrawn"),
        (of("npm", "a", json!([]), json!({ "affected": [] })), "no-package"),
        (of("npm", "a", json!([]), json!({ "affected": [{ "ranges": [] }] })), "no-package"),
        (of("npm", "a", json!([]), json!({ "affected": [{ "ranges": [{ "type": "GIT", "events": [] }] }] })), "git-only"),
        (plain("npm", json!([{ "type": "GIT", "events": [{ "introduced": "0" }] }])), "git-only"),
        (plain("npm", json!([])), "no-versions"),
        (plain("Hackage", fixed("1.0")), "unknown-ecosystem"),
        (plain("Red Hat", fixed("1.0-1")), "unknown-release"),
        (plain("Red Hat:enterprise_linux:9::appstream", fixed("1:22.1-1.module+el9.8.0+24958+80b2ac6e")), "no-module"),
        (plain("Red Hat:enterprise_linux:9::baseos", range(&[("introduced", "1.0-1"), ("fixed", "2.0-1")])), "bounds"),
        (plain("Debian", fixed("1.0-1")), "unknown-release"),
        (plain("Ubuntu:Pro:FIPS:22.04:LTS", fixed("1.0-1")), "unknown-release"),
        (of("npm", "", fixed("1.0.0"), json!({})), "package-name"),
        (of("npm", "a\0b", fixed("1.0.0"), json!({})), "package-name"),
        (of("npm", &"a".repeat(32_769), fixed("1.0.0"), json!({})), "package-name"),
        (of("npm", "a", fixed("1.0.0"), json!({ "aliases": many })), "ids"),
        (plain("npm", fixed("")), "empty-version"),
        (plain("Debian:12", fixed("")), "empty-version"),
        (plain("npm", fixed("1.0.0 || >0")), "unreadable-version"),
        (plain("npm", fixed("99999999999999999999.0.0")), "unreadable-version"),
        (plain("PyPI", fixed("not a version")), "unreadable-version"),
        (plain("Debian:12", fixed("beta")), "unreadable-version"),
        (plain("npm", range(&[("introduced", "2.0.0"), ("fixed", "1.0.0")])), "inverted-range"),
        (plain("npm", range(&[("introduced", "1.0.0"), ("limit", "2.0.0"), ("limit", "3.0.0")])), "several-limits"),
        (plain("Debian:12", range(&[("introduced", "1.0-1"), ("fixed", "2.0-1")])), "bounds"),
        (plain("Debian:12", range(&[("introduced", "0"), ("last_affected", "2.0-1")])), "bounds"),
        (plain("AlmaLinux:9", range(&[("introduced", "0")])), "unfixed"),
    ] {
        assert_eq!(reasons(vec![document.clone()]), [reason], "{}", String::from_utf8_lossy(&document[..document.len().min(300)]));
    }
}

#[test]
fn a_vector_that_does_not_parse_leaves_the_advisory_without_a_score() {
    let severity = json!({ "severity": [{ "type": "CVSS_V3", "score": "CVSS:3.1/AV:N" }, { "type": "CVSS_V4", "score": "high" }] });
    let built = all(&[document("X-1", "npm", "a", fixed("1.0.0"), severity)]);
    assert_eq!(value(&built, "vulnerability / X-1"), r#"{"Severity":"UNKNOWN","LastModifiedDate":"2024-02-01T00:00:00Z"}"#);
}

#[test]
fn nothing_to_write_is_an_error_that_counts_what_was_left_out() {
    let withdrawn = document("X-1", "npm", "a", fixed("1.0.0"), json!({ "withdrawn": "2024-01-01T00:00:00Z" }));
    assert!(matches!(build([&withdrawn[..]], 1, 1 << 20), Err(TrivyError::Empty { omitted: 1 })));
    assert!(matches!(build([], 1, 1 << 20), Err(TrivyError::Empty { omitted: 0 })));
    assert!(matches!(build([&b"[]"[..]], 1, 1 << 20), Err(TrivyError::Document(_))));
}
