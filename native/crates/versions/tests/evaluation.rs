//! Verdicts and their reasons over small advisories.

use serde_json::{Value, json};
use stella_versions::{Installed, Verdict, evaluate};

fn advisory(ecosystem: &str, affected: &Value) -> String {
    let mut entry = json!({ "package": { "ecosystem": ecosystem, "name": "left", "purl": "pkg:generic/left" } });
    for (name, value) in affected.as_object().into_iter().flatten() {
        entry[name] = value.clone();
    }
    json!({ "schema_version": "1.7.0", "id": "T-1", "modified": "2025-01-01T00:00:00Z", "affected": [entry] }).to_string()
}

fn range(kind: &str, events: &Value) -> Value {
    json!({ "ranges": [{ "type": kind, "events": events }] })
}

fn said(text: &str, version: &str) -> String {
    said_of(text, Installed { version, distro: None })
}

fn said_of(text: &str, installed: Installed<'_>) -> String {
    match evaluate(text.as_bytes(), |_, name, _| name == "left", installed) {
        Verdict::Affected { reason } => format!("yes: {reason}"),
        Verdict::NotAffected { reason } => format!("no: {reason}"),
        Verdict::Unknown { reason } => format!("unknown: {reason}"),
    }
}

/// Of each row: the ecosystem, the affected entry, and versions with what is said of them.
fn says(ecosystem: &str, affected: &Value, expected: &[(&str, &str)]) {
    let text = advisory(ecosystem, affected);
    for (version, sentence) in expected {
        assert_eq!(said(&text, version), *sentence, "{version} of {text}");
    }
}

#[test]
fn a_range_holds_what_is_introduced_and_not_fixed() {
    says(
        "npm",
        &range("SEMVER", &json!([{ "introduced": "0" }, { "fixed": "4.17.21" }])),
        &[
            ("4.17.20", "yes: 4.17.20 is in the range from 0 up to but not including 4.17.21"),
            ("0.0.0-0", "yes: 0.0.0-0 is in the range from 0 up to but not including 4.17.21"),
            ("4.17.21-rc.1", "yes: 4.17.21-rc.1 is in the range from 0 up to but not including 4.17.21"),
            ("4.17.21", "no: no range or list of versions holds 4.17.21"),
            ("v4.17.21+build", "no: no range or list of versions holds v4.17.21+build"),
            ("5.0.0", "no: no range or list of versions holds 5.0.0"),
            ("x.y", "unknown: `x.y` is no version of npm"),
        ],
    );
    says(
        "PyPI",
        &range("ECOSYSTEM", &json!([{ "introduced": "1.0" }, { "last_affected": "1.5" }, { "introduced": "2.0rc1" }])),
        &[
            ("1.0.dev1", "no: no range or list of versions holds 1.0.dev1"),
            ("1.5.0", "yes: 1.5.0 is in the range from 1.0 up to and including 1.5"),
            ("1.5.post1", "no: no range or list of versions holds 1.5.post1"),
            ("2.0", "yes: 2.0 is in the range from 2.0rc1 on"),
        ],
    );
}

#[test]
fn events_count_in_the_order_of_versions_whatever_their_place() {
    let events = json!([{ "fixed": "1:2.0-1" }, { "introduced": "1:1.0-1" }, { "fixed": "0.9-2" }, { "introduced": "0" }]);
    says(
        "Debian:12",
        &range("ECOSYSTEM", &events),
        &[
            ("0.9-1", "yes: 0.9-1 is in the range from 0 up to but not including 0.9-2"),
            ("0.9-2", "no: no range or list of versions holds 0.9-2"),
            ("9.0-1", "no: no range or list of versions holds 9.0-1"),
            ("1:1.5-1", "yes: 1:1.5-1 is in the range from 1:1.0-1 up to but not including 1:2.0-1"),
            ("1:2.0-1", "no: no range or list of versions holds 1:2.0-1"),
        ],
    );
}

#[test]
fn events_at_one_version_count_as_they_stand_and_the_last_affected_is_affected() {
    let nothing = json!([{ "introduced": "0" }, { "fixed": "0" }]);
    says("Debian:12", &range("ECOSYSTEM", &nothing), &[("0~a", "no: no range or list of versions holds 0~a")]);
    let again = json!([{ "introduced": "0" }, { "fixed": "1.0.0" }, { "introduced": "1.0.0" }, { "fixed": "1.0.1" }]);
    says("npm", &range("SEMVER", &again), &[("1.0.0", "yes: 1.0.0 is in the range from 1.0.0 up to but not including 1.0.1")]);
    let one = json!([{ "last_affected": "1.0.0" }, { "introduced": "1.0.0" }]);
    let expected = [
        ("1.0.0", "yes: 1.0.0 is in the range from 1.0.0 up to and including 1.0.0"),
        ("1.0.1", "no: no range or list of versions holds 1.0.1"),
    ];
    says("npm", &range("SEMVER", &one), &expected);
}

#[test]
fn limits_end_a_range_unless_one_of_them_is_further() {
    let limited = json!([{ "introduced": "1.0.0" }, { "limit": "1.5.0" }, { "limit": "2.0.0" }]);
    let expected = [
        ("1.2.0", "yes: 1.2.0 is in the range from 1.0.0 up to but not including 2.0.0"),
        ("1.7.0", "yes: 1.7.0 is in the range from 1.0.0 up to but not including 2.0.0"),
        ("2.0.0", "no: no range or list of versions holds 2.0.0"),
    ];
    says("npm", &range("SEMVER", &limited), &expected);
    let fixed = json!([{ "introduced": "1.0.0" }, { "limit": "1.5.0" }, { "fixed": "1.4.0" }, { "introduced": "1.4.5" }]);
    let expected = [
        ("1.3.0", "yes: 1.3.0 is in the range from 1.0.0 up to but not including 1.4.0"),
        ("1.4.9", "yes: 1.4.9 is in the range from 1.4.5 up to but not including 1.5.0"),
        ("1.5.0", "no: no range or list of versions holds 1.5.0"),
    ];
    says("npm", &range("SEMVER", &fixed), &expected);
    let unlimited = json!([{ "introduced": "1.0.0" }, { "limit": "1.5.0" }, { "limit": "*" }]);
    says("npm", &range("SEMVER", &unlimited), &[("9.0.0", "yes: 9.0.0 is in the range from 1.0.0 on")]);
}

#[test]
fn listed_versions_are_affected_as_text_and_by_order() {
    let expected = [
        ("1.0", "yes: 1.0 is listed in versions"),
        ("1.0.0", "yes: 1.0.0 is listed in versions as 1.0"),
        ("2004d", "yes: 2004d is listed in versions"),
        ("1.1", "no: no range or list of versions holds 1.1"),
    ];
    says("PyPI", &json!({ "versions": ["1.0", "2004d"] }), &expected);
    let expected = [("1.0", "yes: 1.0 is listed in versions"), ("1.0.0", "no: no range or list of versions holds 1.0.0")];
    says("CRAN", &json!({ "versions": ["1.0"] }), &expected);
}

#[test]
fn what_cannot_be_told_is_unknown_unless_something_else_holds_the_version() {
    let from_one = json!([{ "introduced": "1.0" }]);
    let unknown = [("1.0", "unknown: the order of versions of CRAN is not known")];
    says("CRAN", &range("ECOSYSTEM", &from_one), &unknown);
    says("npm", &range("OTHER", &from_one), &[("1.0", "unknown: ranges of type `OTHER` are not known")]);
    says("npm", &range("OTHER", &json!([{ "introduced": "0" }])), &[("1.0", "unknown: ranges of type `OTHER` are not known")]);
    says("npm", &range("GIT", &json!([{ "introduced": "0" }])), &[("1.0", "unknown: the advisory names commits of Git, and no versions")]);
    says("npm", &json!({}), &[("1.0", "unknown: the advisory names the package with neither versions nor ranges")]);
    says("npm", &range("SEMVER", &json!([{ "fixed": "1.0" }])), &[("0.1", "unknown: a range does not say where it begins")]);
    says("npm", &range("SEMVER", &json!([{ "introduced": "1.0" }, { "fixed": "two" }])), &[("1.1", "unknown: `two` is no version of npm")]);
    says("npm", &range("SEMVER", &json!([{ "introduced": "1.0" }, { "limit": "" }])), &[("1.1", "unknown: `` is no version of npm")]);
    says("CRAN", &json!({ "versions": ["1.0"] }), &[("", "unknown: the version of the package is not known")]);

    let mixed = json!({ "versions": ["3.0"], "ranges": [
        { "type": "ECOSYSTEM", "events": [{ "introduced": "1.0" }, { "fixed": "?" }] },
        { "type": "SEMVER", "events": [{ "introduced": "2.0" }, { "fixed": "2.1" }] },
    ] });
    let expected = [
        ("3.0", "yes: 3.0 is listed in versions"),
        ("2.0.1", "yes: 2.0.1 is in the range from 2.0 up to but not including 2.1"),
        ("2.1", "unknown: `?` is no version of npm"),
    ];
    says("npm", &mixed, &expected);
}

#[test]
fn commits_beside_versions_leave_the_verdict_to_these() {
    let both = json!({ "ranges": [
        { "type": "GIT", "repo": "https://example.org/a", "events": [{ "introduced": "0" }, { "fixed": "1f2e3d" }] },
        { "type": "ECOSYSTEM", "events": [{ "introduced": "0" }, { "fixed": "1.1" }] },
    ] });
    let expected =
        [("1.1", "no: no range or list of versions holds 1.1"), ("1.0", "yes: 1.0 is in the range from 0 up to but not including 1.1")];
    says("PyPI", &both, &expected);
}

#[test]
fn all_versions_need_no_order() {
    let all = range("ECOSYSTEM", &json!([{ "introduced": "0" }]));
    says("CRAN", &all, &[("what?", "yes: every version is affected, so what? is")]);
    says("npm", &all, &[("1.0.0", "yes: every version is affected, so 1.0.0 is")]);
}

#[test]
fn a_withdrawn_advisory_and_one_of_another_package_affect_nothing() {
    let affected = json!({ "package": { "ecosystem": "npm", "name": "left" }, "versions": ["1.0"] });
    let mut withdrawn = json!({ "withdrawn": "2025-01-01T00:00:00Z", "affected": [affected] });
    assert_eq!(said(&withdrawn.to_string(), "1.0"), "no: withdrawn 2025-01-01T00:00:00Z");
    withdrawn["withdrawn"] = Value::Null;
    assert_eq!(said(&withdrawn.to_string(), "1.0"), "yes: 1.0 is listed in versions");
    withdrawn["affected"][0]["package"]["name"] = json!("right");
    assert_eq!(said(&withdrawn.to_string(), "1.0"), "no: the advisory does not name the package");
    assert_eq!(said(r#"{"id":"T-1"}"#, "1.0"), "no: the advisory does not name the package");
    assert_eq!(said(r#"{"affected":[{"versions":["1.0"]}]}"#, "1.0"), "no: the advisory does not name the package");
    assert_eq!(said("{", "1.0"), "unknown: the advisory cannot be read as a record of OSV");
    assert_eq!(said("{}", &"1".repeat(1025)), "unknown: the version is longer than 1,024 bytes");
}

#[test]
fn the_caller_names_the_package_by_ecosystem_name_or_purl_and_entries_are_alternatives() {
    let package = |ecosystem: &str| json!({ "ecosystem": ecosystem, "name": "left", "purl": format!("pkg:{ecosystem}/left") });
    let entry = |ecosystem: &str, version: &str| json!({ "package": package(ecosystem), "versions": [version] });
    let text = json!({ "affected": [entry("npm", "1.0.0"), entry("npm", "2.0.0"), entry("gem", "3.0.0")] }).to_string();
    let affects = |version: &str| evaluate(text.as_bytes(), |_, _, purl| purl == Some("pkg:npm/left"), Installed { version, distro: None });
    let of_gem =
        evaluate(text.as_bytes(), |ecosystem, name, _| (ecosystem, name) == ("gem", "left"), Installed { version: "3.0.0", distro: None });
    assert!(matches!((affects("1.0.0"), affects("2.0.0")), (Verdict::Affected { .. }, Verdict::Affected { .. })));
    assert!(matches!((affects("3.0.0"), of_gem), (Verdict::NotAffected { .. }, Verdict::Affected { .. })));
}

/// What is said of version 1.0, which an advisory lists for the release of each ecosystem.
fn said_of_distro(ecosystems: &[&str], distro: &str) -> String {
    let entry = |ecosystem: &&str| json!({ "package": { "ecosystem": ecosystem, "name": "left" }, "versions": ["1.0"] });
    let text = json!({ "affected": ecosystems.iter().map(entry).collect::<Vec<_>>() }).to_string();
    said_of(&text, Installed { version: "1.0", distro: Some(distro) })
}

#[test]
fn a_distro_that_means_a_release_is_judged_by_it() {
    for (ecosystem, distros) in [
        ("Debian:11", ["debian-11", "debian-11.5", "11", "bullseye", "debian-bullseye", "Debian-Bullseye"].as_slice()),
        ("Debian:8", &["jessie"]),
        ("Ubuntu:22.04:LTS", &["ubuntu-22.04", "ubuntu-22.04.3", "jammy", "ubuntu-jammy"]),
        ("Ubuntu:Pro:18.04:LTS", &["ubuntu-18.04", "bionic"]),
        ("Alpine:v3.18", &["alpine-3.18.4", "alpine-v3.18.4", "3.18"]),
        ("Alpine:edge", &["alpine-edge", "edge"]),
        ("AlmaLinux:10", &["el10", "almalinux-10.0", "alma-10", "almalinux10"]),
        ("Rocky Linux:8", &["el8", "rocky-8.9", "rockylinux-8", "rocky-linux-8"]),
        ("Red Hat:enterprise_linux:9::baseos", &["el9", "rhel-9.2", "redhat-9.2"]),
        ("Red Hat:openshift:4.12::el8", &["el8", "rhel-8.6"]),
        ("openSUSE:Tumbleweed", &["opensuse-tumbleweed"]),
        ("openSUSE:Leap 15.5", &["opensuse-leap-15.5", "opensuse-15.5"]),
        (
            "SUSE:Linux Enterprise Server 15 SP5",
            &["sles-15.5", "sles-15-sp5", "SLES-15-SP5", "sles15sp5", "sled-15.5", "suse linux enterprise server-15.5"],
        ),
        ("SUSE:Linux Enterprise Module for Basesystem 15 SP5", &["sles-15.5"]),
        ("SUSE:Linux Enterprise Server 12 SP5-LTSS", &["sles-12.5"]),
        ("SUSE:Linux Enterprise Server 15", &["sles-15.0"]),
        ("openEuler:22.03-LTS-SP1", &["openEuler-22.03-LTS-SP1"]),
        ("Azure Linux:2", &["mariner-2.0", "cbl-mariner-2.0", "azurelinux-2.0"]),
        ("Wolfi", &["wolfi-20230201", "sid"]),
    ] {
        for distro in distros {
            assert_eq!(said_of_distro(&[ecosystem], distro), "yes: 1.0 is listed in versions", "{distro} of {ecosystem}");
        }
    }
}

#[test]
fn a_distro_that_means_no_release_is_unknown_unless_another_entry_is_of_it() {
    for (ecosystem, distros) in [
        ("Debian:11", ["sid", "debian", "debian-testing", "bullseye-backports", "jammy", "ubuntu-11", "el11", "linuxmint-21"].as_slice()),
        ("Alpine:v3.18", &["alpine-edge", "alpine", "alpine-3", "alpine-3.19_alpha20230901"]),
        ("AlmaLinux:9", &["almalinux", "fc39", "el9_2"]),
        ("Red Hat:rhel_eus:9.2::baseos", &["el9", "rhel-9"]),
        ("SUSE:Linux Enterprise Micro 5.5", &["sles-15.5"]),
        ("SUSE:Manager Server 4.3", &["sles-15.4"]),
        ("SUSE:Linux Enterprise Server 15 SP5", &["sles", "sles-15", "sles-15-sp", "opensuse-leap-15.5"]),
        ("openSUSE:Leap 15.5", &["sles-15.5", "opensuse-leap", "opensuse-leap-15.5_beta"]),
        ("openEuler:22.03-LTS-SP1", &["openEuler-22.03"]),
    ] {
        for distro in distros {
            let expected = format!("unknown: whether `{distro}` is a release that the advisory names the package for cannot be told");
            assert_eq!(said_of_distro(&[ecosystem], distro), expected, "{ecosystem}");
        }
    }
    assert_eq!(said_of_distro(&["Alpine:v3.18", "Alpine:edge"], "alpine-edge"), "yes: 1.0 is listed in versions");
    let edge = json!({ "affected": [
        { "package": { "ecosystem": "Alpine:edge", "name": "left" }, "versions": ["2.0"] },
        { "package": { "ecosystem": "Alpine:v3.18", "name": "left" }, "versions": ["1.0"] },
    ] });
    let installed = Installed { version: "1.0", distro: Some("alpine-edge") };
    assert_eq!(said_of(&edge.to_string(), installed), "no: no range or list of versions holds 1.0");
}

#[test]
fn a_release_that_an_advisory_leaves_out_is_not_affected() {
    for (ecosystems, distro) in [
        (["Debian:11", "Debian:13"], "debian-12"),
        (["Debian:11", "Debian:13"], "bookworm"),
        (["Ubuntu:22.04:LTS", "Ubuntu:24.04:LTS"], "focal"),
        (["AlmaLinux:8", "AlmaLinux:9"], "el10"),
        (["SUSE:Linux Enterprise Server 15 SP4", "SUSE:Linux Enterprise Server 15"], "sles-15.5"),
        (["Alpine:v3.1", "Alpine:v3.19"], "alpine-3.18.4"),
    ] {
        let expected = format!("no: the advisory names the package for other releases than `{distro}`");
        assert_eq!(said_of_distro(&ecosystems, distro), expected, "{ecosystems:?}");
    }
    assert_eq!(said_of_distro(&[], "debian-12"), "no: the advisory does not name the package");
}

#[test]
fn reasons_show_a_part_of_what_is_too_long() {
    let text = advisory("npm", &range("SEMVER", &json!([{ "introduced": "1.0" }, { "fixed": "ä".repeat(3000) }])));
    assert_eq!(said(&text, "1.1"), format!("unknown: `{}…` is no version of npm", "ä".repeat(80)));
}
