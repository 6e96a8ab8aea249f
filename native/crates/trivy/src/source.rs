use std::borrow::Cow;

use crate::language::Language;

/// Who states an advisory, as Trivy's reports name it (trivy-db `pkg/vulnsrc/vulnerability/const.go` and each `pkg/vulnsrc/*`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Source {
    /// Key of `VendorSeverity` and `CVSS`.
    pub(crate) id: &'static str,
    pub(crate) name: Cow<'static, str>,
    pub(crate) url: Cow<'static, str>,
}

impl Source {
    pub(crate) const fn new(id: &'static str, name: &'static str, url: &'static str) -> Self {
        Self { id, name: Cow::Borrowed(name), url: Cow::Borrowed(url) }
    }

    /// Place among the sources of one vulnerability: the first that has a title gives it, and so on (trivy-db `AllSourceIDs`).
    pub(crate) fn rank(&self) -> u8 {
        RANKS.iter().position(|id| *id == self.id).map_or(u8::MAX, |rank| rank as u8)
    }
}

static RANKS: [&str; 20] = [
    "redhat-oval",
    "debian",
    "ubuntu",
    "alpine",
    "suse-cvrf",
    "photon",
    "alma",
    "rocky",
    "cbl-mariner",
    "azure",
    "ruby-advisory-db",
    "php-security-advisories",
    "ghsa",
    "glad",
    "osv",
    "k8s",
    "wolfi",
    "chainguard",
    "bitnami",
    "govulndb",
];

/// Databases of advisories about packages of languages, by how their ids begin. What no row names comes under `OSV`.
static DATABASES: [(&str, &str, Source); 7] = [
    ("PYSEC-", "pip", Source::new("osv", "Python Packaging Advisory Database", "https://github.com/pypa/advisory-database")),
    ("RUSTSEC-", "cargo", Source::new("osv", "RustSec Advisory Database", "https://github.com/RustSec/advisory-db")),
    ("GO-", "go", Source::new("govulndb", "The Go Vulnerability Database", "https://pkg.go.dev/vuln/")),
    ("BIT-", "bitnami", Source::new("bitnami", "Bitnami Vulnerability Database", "https://github.com/bitnami/vulndb")),
    ("MAL-", "", Source::new("osv", "OpenSSF Malicious Packages", "https://github.com/ossf/malicious-packages")),
    (
        "",
        "k8s",
        Source::new(
            "k8s",
            "Official Kubernetes CVE Feed",
            "https://kubernetes.io/docs/reference/issues-security/official-cve-feed/index.json",
        ),
    ),
    ("", "", Source::new("osv", "Open Source Vulnerabilities", "https://osv.dev/")),
];

/// The source of an advisory about a package of a language.
pub(crate) fn source_of(id: &str, language: &Language) -> Source {
    if let (true, Some(github)) = (id.starts_with("GHSA-"), language.github) {
        let url = format!("https://github.com/advisories?query=type%3Areviewed+ecosystem%3A{}", github.to_lowercase());
        return Source { id: "ghsa", name: format!("GitHub Security Advisory {github}").into(), url: url.into() };
    }
    let fits = |(prefix, slug, _): &&(&str, &str, Source)| id.starts_with(prefix) && (slug.is_empty() || *slug == language.slug);
    DATABASES.iter().find(fits).map_or_else(|| DATABASES[DATABASES.len() - 1].2.clone(), |(_, _, source)| source.clone())
}
