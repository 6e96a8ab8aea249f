use std::collections::{BTreeMap, BTreeSet};
use std::str::FromStr;

use packageurl::PackageUrl;
use serde::{Deserialize, Serialize};

/// Bucket of all advisories of Red Hat, and id of their source (trivy-db `pkg/vulnsrc/redhat-oval`).
pub(crate) const BUCKET: &str = "Red Hat";
/// Bucket of the products that they are of (trivy-db `pkg/db/redhat_cpe.go`).
pub(crate) const CPES: &str = "Red Hat CPE";
/// Longest name of a product.
const MAX_CPE_BYTES: usize = 200;
/// Most fixes of one package in one advisory: real ones have a few for each release.
pub(crate) const MAX_ENTRIES: usize = 1_000;
const ARCHITECTURES: [&str; 4] = ["aarch64", "ppc64le", "s390x", "x86_64"];

/// What is affected of one package by one advisory of Red Hat (trivy-db `pkg/vulnsrc/redhat-oval/types.go`). Products are named by their CPE
/// while advisories are sorted, and by its number in the database.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RedHat<C> {
    #[serde(rename = "Entries")]
    pub(crate) entries: Vec<Entry<C>>,
}

/// Products in which one version fixes the same.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Entry<C> {
    #[serde(rename = "FixedVersion", default, skip_serializing_if = "String::is_empty")]
    pub(crate) fixed_version: String,
    #[serde(rename = "Cves")]
    pub(crate) cves: Vec<Cve>,
    #[serde(rename = "Affected")]
    pub(crate) affected: Vec<C>,
}

/// A vulnerability that is fixed.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Cve {
    /// Empty where the key of the advisory is the vulnerability's.
    #[serde(rename = "ID", default, skip_serializing_if = "String::is_empty")]
    pub(crate) id: String,
    #[serde(rename = "Severity", default, skip_serializing_if = "is_zero")]
    pub(crate) severity: u8,
}

#[allow(clippy::trivially_copy_pass_by_ref)]
fn is_zero(severity: &u8) -> bool {
    *severity == 0
}

impl RedHat<String> {
    /// Vulnerabilities that one version fixes in one product; none are named where the key is the vulnerability.
    pub(crate) fn of(named: Option<&[String]>, severity: u8, (fixed_version, cpe): (String, &str)) -> Self {
        let cve = |id: &str| Cve { id: id.to_owned(), severity };
        let cves = named.map_or_else(|| vec![cve("")], |ids| ids.iter().map(|id| cve(id)).collect());
        Self { entries: vec![Entry { fixed_version, cves, affected: vec![cpe.to_owned()] }] }
    }

    /// The products that it is about.
    pub(crate) fn products(&self) -> impl Iterator<Item = &String> {
        self.entries.iter().flat_map(|entry| &entry.affected)
    }

    /// The same with the numbers of its products.
    pub(crate) fn numbered(self, cpes: &Cpes) -> RedHat<u32> {
        let numbers = |affected: Vec<String>| affected.iter().filter_map(|cpe| cpes.numbers.get(cpe).copied()).collect();
        let entry = |Entry { fixed_version, cves, affected }| Entry { fixed_version, cves, affected: numbers(affected) };
        RedHat { entries: self.entries.into_iter().map(entry).collect() }
    }
}

/// What an advisory states of one package in several places, joined.
#[derive(Debug, Default)]
pub(crate) struct Joined {
    /// Products by the fix and what it fixes.
    entries: BTreeMap<(String, Vec<Cve>), BTreeSet<String>>,
}

impl Joined {
    pub(crate) fn of(first: RedHat<String>) -> Self {
        let mut joined = Self::default();
        joined.add(first);
        joined
    }

    /// Takes in one more place; false where there are more fixes than any advisory has.
    pub(crate) fn add(&mut self, stated: RedHat<String>) -> bool {
        for Entry { fixed_version, cves, affected } in stated.entries {
            self.entries.entry((fixed_version, cves)).or_default().extend(affected);
        }
        self.entries.len() <= MAX_ENTRIES
    }

    /// The whole, by fix.
    pub(crate) fn whole(self) -> RedHat<String> {
        let entry =
            |((fixed_version, cves), affected): (_, BTreeSet<_>)| Entry { fixed_version, cves, affected: affected.into_iter().collect() };
        RedHat { entries: self.entries.into_iter().map(entry).collect() }
    }
}

/// The products of all advisories, numbered in the order of their names.
#[derive(Debug, Default)]
pub(crate) struct Cpes {
    numbers: BTreeMap<String, u32>,
}

impl Cpes {
    /// `names` ascend, each once.
    pub(crate) fn of(names: impl IntoIterator<Item = String>) -> Self {
        Self { numbers: names.into_iter().zip(0..).collect() }
    }

    pub(crate) fn len(&self) -> usize {
        self.numbers.len()
    }

    /// The number of each as a key, and its CPE 2.2, whose part - system or application - OSV does not tell.
    pub(crate) fn names(&self) -> BTreeMap<String, String> {
        self.numbers.iter().map(|(name, number)| (number.to_string(), format!("cpe:/:redhat:{name}"))).collect()
    }

    /// The products of each repository that is known to give some.
    pub(crate) fn repositories(&self) -> BTreeMap<String, Vec<u32>> {
        let mut all: BTreeMap<String, Vec<u32>> = BTreeMap::new();
        for (name, number) in &self.numbers {
            repositories_of(name).into_iter().for_each(|repository| all.entry(repository).or_default().push(*number));
        }
        all
    }
}

/// Whether OSV names a product so: a CPE 2.2 from its product on.
pub(crate) fn is_product(release: &str) -> bool {
    let is_graphic = release.bytes().all(|byte| byte.is_ascii_graphic());
    !release.is_empty() && release.len() <= MAX_CPE_BYTES && is_graphic
}

/// The name of a package as Trivy looks it up: that of a module has the module and its stream in front (trivy
/// `pkg/detector/ospkg/redhat/redhat.go`). A purl of type rpm names them as `rpmmod`.
pub(crate) fn package_name(name: &str, purl: Option<&str>) -> String {
    let purl = purl.and_then(|text| PackageUrl::from_str(text).ok());
    let module = purl.as_ref().and_then(|purl| purl.qualifiers().get("rpmmod").cloned());
    let mut parts = module.as_deref().unwrap_or_default().splitn(3, ':');
    match (parts.next(), parts.next()) {
        (Some(module), Some(stream)) if !module.is_empty() && !stream.is_empty() => format!("{module}:{stream}::{name}"),
        _ => name.to_owned(),
    }
}

/// Whether a version was built for a module, as its release says.
pub(crate) fn is_of_module(version: &str) -> bool {
    version.contains(".module+")
}

/// Ids of the repositories that give packages of a product, as Red Hat names them by version, variant and architecture: of the releases 6
/// and 7, and of those after, whose update streams have a suffix.
fn repositories_of(product: &str) -> Vec<String> {
    let mut parts = product.splitn(4, ':');
    let (line, version) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
    let (_update, variant) = (parts.next(), parts.next().unwrap_or_default());
    match (line, version) {
        ("rhel_extras", "6" | "7") => vec![format!("rhel-{version}-server-extras-rpms")],
        ("enterprise_linux", "6" | "7") => server_repositories(version, variant),
        ("enterprise_linux", _) if variant.is_empty() => release_repositories(version),
        ("enterprise_linux", _) => stream_repositories(version, variant, ""),
        ("rhel_eus" | "rhel_aus" | "rhel_tus" | "rhel_e4s", _) => stream_repositories(version, variant, &line[5..]),
        _ => Vec::new(),
    }
}

fn server_repositories(version: &str, variant: &str) -> Vec<String> {
    let kind = match variant {
        "server" | "workstation" => variant,
        "client" => "desktop",
        "computenode" => "hpc-node",
        _ => return Vec::new(),
    };
    ["rpms", "optional-rpms"].iter().map(|rest| format!("rhel-{version}-{kind}-{rest}")).collect()
}

/// From 10 on a product is a release with its minor one, whatever the repository.
fn release_repositories(version: &str) -> Vec<String> {
    let major = version.split_once('.').and_then(|(major, minor)| minor.parse::<u32>().is_ok().then_some(major));
    let Some(major) = major.filter(|major| major.parse::<u32>().is_ok_and(|major| major >= 10)) else { return Vec::new() };
    ["baseos", "appstream", "crb"].iter().flat_map(|variant| stream_repositories(major, variant, "")).collect()
}

fn stream_repositories(version: &str, variant: &str, stream: &str) -> Vec<String> {
    let kind = match variant {
        "baseos" | "appstream" | "highavailability" | "resilientstorage" | "nfv" | "supplementary" => variant,
        "realtime" => "rt",
        "sap" => "sap-netweaver",
        "sap_hana" => "sap-solutions",
        "crb" => "codeready-builder",
        _ => return Vec::new(),
    };
    let (major, minor) = version.split_once('.').map_or((version, None), |(major, minor)| (major, Some(minor)));
    let is_number = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    if !is_number(major) || minor.is_some_and(|minor| !is_number(minor)) || stream.is_empty() != minor.is_none() {
        return Vec::new();
    }
    let suffix = minor.map_or_else(|| "rpms".to_owned(), |minor| format!("{stream}-rpms__{major}_DOT_{minor}"));
    let of = |architecture: &&str| match kind {
        "codeready-builder" => format!("{kind}-for-rhel-{major}-{architecture}-{suffix}"),
        _ => format!("rhel-{major}-for-{architecture}-{kind}-{suffix}"),
    };
    let mut repositories: Vec<String> = ARCHITECTURES.iter().map(of).collect();
    if stream.is_empty() && matches!(kind, "baseos" | "appstream" | "codeready-builder") {
        repositories.push(format!("ubi-{major}-{kind}-rpms"));
    }
    repositories
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn repositories_of_products_are_those_that_trivy_asks_for() {
        for (product, repository) in [
            ("enterprise_linux:6::server", "rhel-6-server-rpms"),
            ("rhel_extras:6", "rhel-6-server-extras-rpms"),
            ("enterprise_linux:7::server", "rhel-7-server-rpms"),
            ("enterprise_linux:7::client", "rhel-7-desktop-rpms"),
            ("rhel_extras:7", "rhel-7-server-extras-rpms"),
            ("enterprise_linux:8::baseos", "rhel-8-for-x86_64-baseos-rpms"),
            ("enterprise_linux:8::appstream", "ubi-8-appstream-rpms"),
            ("enterprise_linux:9::appstream", "rhel-9-for-x86_64-appstream-rpms"),
            ("enterprise_linux:9::crb", "codeready-builder-for-rhel-9-aarch64-rpms"),
            ("enterprise_linux:7::workstation", "rhel-7-workstation-optional-rpms"),
            ("enterprise_linux:6::computenode", "rhel-6-hpc-node-rpms"),
            ("enterprise_linux:8::realtime", "rhel-8-for-x86_64-rt-rpms"),
            ("enterprise_linux:10.0", "rhel-10-for-s390x-appstream-rpms"),
            ("enterprise_linux:10.1", "codeready-builder-for-rhel-10-x86_64-rpms"),
            ("rhel_eus:8.6::baseos", "rhel-8-for-x86_64-baseos-eus-rpms__8_DOT_6"),
            ("rhel_aus:8.4::appstream", "rhel-8-for-x86_64-appstream-aus-rpms__8_DOT_4"),
            ("rhel_e4s:9.0::sap", "rhel-9-for-x86_64-sap-netweaver-e4s-rpms__9_DOT_0"),
        ] {
            let found = repositories_of(product);
            assert!(found.iter().any(|found| found == repository), "{product}: {found:?}");
        }
        for product in [
            "",
            "enterprise_linux",
            "enterprise_linux:8",
            "enterprise_linux:x::baseos",
            "rhel_eus:8::baseos",
            "openshift:4.12::el8",
            "enterprise_linux:8.6::baseos",
        ] {
            assert_eq!(repositories_of(product), Vec::<String>::new(), "{product}");
        }
    }

    #[test]
    fn packages_of_a_module_have_it_in_front() {
        for (purl, name) in [
            (None, "npm"),
            (Some("pkg:rpm/redhat/npm"), "npm"),
            (Some("pkg:rpm/redhat/npm?rpmmod=nodejs%3A12%3A8030020201124152102%3A229f0a1c"), "nodejs:12::npm"),
            (Some("pkg:rpm/redhat/npm?arch=x86_64&rpmmod=nodejs:12"), "nodejs:12::npm"),
            (Some("pkg:rpm/redhat/npm?rpmmod=nodejs"), "npm"),
            (Some("no purl"), "npm"),
        ] {
            assert_eq!(package_name("npm", purl), name, "{purl:?}");
        }
    }
}
