use crate::red_hat;
use crate::source::Source;
use crate::version_order::Order;

/// A distribution whose packages Trivy looks up by release.
#[derive(Debug)]
pub(crate) struct System {
    /// As OSV names it, before the release.
    osv: &'static str,
    /// The bucket of a release (trivy-db `pkg/vulnsrc/bucket/bucket.go`); none for one that Trivy does not look up.
    bucket: fn(&str) -> Option<String>,
    pub(crate) source: Source,
    pub(crate) order: Order,
    /// Whether Trivy reports what no version fixes.
    pub(crate) reports_unfixed: bool,
    /// Whether its errata name the vulnerabilities that they fix as `related`.
    pub(crate) relates_cves: bool,
}

static SYSTEMS: [System; 11] = [
    System {
        osv: "Alpine",
        bucket: |release| {
            numbers(release.strip_prefix('v').unwrap_or(release), 2).or(edge(release)).map(|version| format!("alpine {version}"))
        },
        source: Source::new("alpine", "Alpine Secdb", "https://secdb.alpinelinux.org/"),
        order: Order::Apk,
        reports_unfixed: true,
        relates_cves: false,
    },
    System {
        osv: "Wolfi",
        bucket: |release| release.is_empty().then(|| "wolfi".to_owned()),
        source: Source::new("wolfi", "Wolfi Secdb", "https://packages.wolfi.dev/os/security.json"),
        order: Order::Apk,
        reports_unfixed: false,
        relates_cves: false,
    },
    System {
        osv: "Chainguard",
        bucket: |release| release.is_empty().then(|| "chainguard".to_owned()),
        source: Source::new("chainguard", "Chainguard Security Data", "https://packages.cgr.dev/chainguard/security.json"),
        order: Order::Apk,
        reports_unfixed: false,
        relates_cves: false,
    },
    System {
        osv: "Debian",
        bucket: |release| numbers(release, 1).map(|version| format!("debian {version}")),
        source: Source::new("debian", "Debian Security Tracker", "https://salsa.debian.org/security-tracker-team/security-tracker"),
        order: Order::Deb,
        reports_unfixed: true,
        relates_cves: false,
    },
    System {
        osv: "Ubuntu",
        bucket: ubuntu,
        source: Source::new("ubuntu", "Ubuntu CVE Tracker", "https://git.launchpad.net/ubuntu-cve-tracker"),
        order: Order::Deb,
        reports_unfixed: true,
        relates_cves: false,
    },
    System {
        osv: "AlmaLinux",
        bucket: |release| numbers(release, 1).map(|version| format!("alma {version}")),
        source: Source::new("alma", "AlmaLinux Product Errata", "https://errata.almalinux.org/"),
        order: Order::Rpm,
        reports_unfixed: false,
        relates_cves: true,
    },
    System {
        osv: "Rocky Linux",
        bucket: |release| numbers(release, 1).map(|version| format!("rocky {version}")),
        source: Source::new("rocky", "Rocky Linux updateinfo", "https://download.rockylinux.org/pub/rocky/"),
        order: Order::Rpm,
        reports_unfixed: false,
        relates_cves: true,
    },
    System {
        osv: "Red Hat",
        bucket: |release| red_hat::is_product(release).then(|| red_hat::BUCKET.to_owned()),
        source: Source::new("redhat-oval", "Red Hat OVAL v2", "https://www.redhat.com/security/data/oval/v2/"),
        order: Order::Rpm,
        reports_unfixed: true,
        relates_cves: true,
    },
    System {
        osv: "SUSE",
        bucket: |release| suse(release).or_else(|| opensuse(release)),
        source: SUSE,
        order: Order::Rpm,
        reports_unfixed: false,
        relates_cves: true,
    },
    System { osv: "openSUSE", bucket: opensuse, source: SUSE, order: Order::Rpm, reports_unfixed: false, relates_cves: true },
    System {
        osv: "Photon OS",
        bucket: |release| numbers(release, 2).map(|version| format!("Photon OS {version}")),
        source: Source::new("photon", "Photon OS CVE metadata", "https://packages.broadcom.com/photon/photon_cve_metadata/"),
        order: Order::Rpm,
        reports_unfixed: false,
        relates_cves: false,
    },
];

const SUSE: Source = Source::new("suse-cvrf", "SUSE CVRF", "https://ftp.suse.com/pub/projects/security/cvrf/");
const AZURE_URL: &str = "https://github.com/microsoft/AzureLinuxVulnerabilityData";

/// Microsoft's distribution changed its name with its third release.
static AZURE: [System; 2] = [
    System {
        osv: "Azure Linux",
        bucket: |release| matches!(release, "3" | "3.0").then(|| "Azure Linux 3.0".to_owned()),
        source: Source::new("azure", "Azure Linux Vulnerability Data", AZURE_URL),
        order: Order::Rpm,
        reports_unfixed: true,
        relates_cves: false,
    },
    System {
        osv: "Azure Linux",
        bucket: |release| matches!(release, "1" | "1.0" | "2" | "2.0").then(|| format!("CBL-Mariner {}.0", &release[..1])),
        source: Source::new("cbl-mariner", "CBL-Mariner Vulnerability Data", AZURE_URL),
        order: Order::Rpm,
        reports_unfixed: true,
        relates_cves: false,
    },
];

/// Whether an OSV ecosystem is a distribution that Trivy knows, whatever its release.
pub(crate) fn is_system(ecosystem: &str) -> bool {
    let base = ecosystem.split(':').next().unwrap_or_default();
    SYSTEMS.iter().chain(&AZURE).any(|system| system.osv == base)
}

/// The distribution of an OSV ecosystem with the bucket of its release; none where Trivy looks up no such release.
pub(crate) fn system(ecosystem: &str) -> Option<(&'static System, String)> {
    let (base, release) = ecosystem.split_once(':').unwrap_or((ecosystem, ""));
    let mut fitting = SYSTEMS.iter().chain(&AZURE).filter(|system| system.osv == base);
    fitting.find_map(|system| Some((system, (system.bucket)(release)?)))
}

/// A release of exactly so many numbers with dots between; of one number also its point releases, which are not told apart.
fn numbers(release: &str, count: usize) -> Option<&str> {
    let parts: Vec<&str> = release.split('.').collect();
    let numeric = parts.iter().all(|part| (1..=4).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_digit()));
    match (numeric, count) {
        (true, 1) => parts.first().copied(),
        (true, _) if parts.len() == count => Some(release),
        _ => None,
    }
}

fn edge(release: &str) -> Option<&str> {
    (release == "edge").then_some(release)
}

/// Long-term support is a release like others; extended maintenance has buckets of its own, up to 20.04. Kernels for devices, FIPS and
/// what else Ubuntu names are not looked up.
fn ubuntu(release: &str) -> Option<String> {
    const ESM: [&str; 5] = ["12.04", "14.04", "16.04", "18.04", "20.04"];
    let (is_pro, release) = release.strip_prefix("Pro:").map_or((false, release), |release| (true, release));
    let version = numbers(release.strip_suffix(":LTS").unwrap_or(release), 2)?;
    match is_pro {
        false => Some(format!("ubuntu {version}")),
        true => ESM.contains(&version).then(|| format!("ubuntu {version}-ESM")),
    }
}

/// `Linux Enterprise Module for Basesystem 15 SP4` and others of that service pack are one bucket, as in trivy-db
/// `pkg/vulnsrc/suse-cvrf`; Micro has its own.
fn suse(product: &str) -> Option<String> {
    if let Some(version) = product.strip_prefix("Linux Enterprise Micro ").or_else(|| product.strip_prefix("Linux Micro ")) {
        return numbers(version, 2).map(|version| format!("SUSE Linux Enterprise Micro {version}"));
    }
    let words: Vec<&str> = product.strip_prefix("Linux Enterprise ")?.split(' ').collect();
    let major_at = words.iter().position(|word| numbers(word, 1).is_some_and(|number| number == *word))?;
    let major = words[major_at];
    match words.get(major_at + 1).and_then(|word| word.strip_prefix("SP")) {
        Some(pack) => numbers(pack.split('-').next()?, 1).map(|pack| format!("SUSE Linux Enterprise {major}.{pack}")),
        None => Some(format!("SUSE Linux Enterprise {major}")),
    }
}

fn opensuse(product: &str) -> Option<String> {
    match product.strip_prefix("openSUSE ").unwrap_or(product) {
        "Tumbleweed" => Some("openSUSE Tumbleweed".to_owned()),
        product => {
            let (line, version) = product.rsplit_once(' ')?;
            let known = matches!(line, "Leap" | "Leap Micro");
            numbers(version, 2).filter(|_| known).map(|version| format!("openSUSE {line} {version}"))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn releases_have_the_buckets_that_trivy_looks_up() {
        for (ecosystem, bucket) in [
            ("Alpine:v3.18", "alpine 3.18"),
            ("Alpine:edge", "alpine edge"),
            ("Wolfi", "wolfi"),
            ("Chainguard", "chainguard"),
            ("Debian:12", "debian 12"),
            ("Ubuntu:22.04:LTS", "ubuntu 22.04"),
            ("Ubuntu:24.10", "ubuntu 24.10"),
            ("Ubuntu:Pro:18.04:LTS", "ubuntu 18.04-ESM"),
            ("AlmaLinux:9", "alma 9"),
            ("Rocky Linux:8", "rocky 8"),
            ("Red Hat:enterprise_linux:9::appstream", "Red Hat"),
            ("SUSE:Linux Enterprise Module for Basesystem 15 SP4", "SUSE Linux Enterprise 15.4"),
            ("SUSE:Linux Enterprise Server 12 SP5-LTSS", "SUSE Linux Enterprise 12.5"),
            ("SUSE:Linux Enterprise Server 15", "SUSE Linux Enterprise 15"),
            ("SUSE:Linux Enterprise Micro 5.5", "SUSE Linux Enterprise Micro 5.5"),
            ("openSUSE:Leap 15.5", "openSUSE Leap 15.5"),
            ("openSUSE:Tumbleweed", "openSUSE Tumbleweed"),
            ("Photon OS:4.0", "Photon OS 4.0"),
            ("Azure Linux:3", "Azure Linux 3.0"),
            ("Azure Linux:2", "CBL-Mariner 2.0"),
        ] {
            assert_eq!(system(ecosystem).map(|(_, bucket)| bucket).as_deref(), Some(bucket), "{ecosystem}");
        }
    }

    #[test]
    fn releases_that_trivy_does_not_look_up_have_no_bucket() {
        for ecosystem in [
            "Debian",
            "Debian:sid",
            "Alpine",
            "Alpine:v3",
            "Ubuntu:Pro:22.04:LTS",
            "Ubuntu:Pro:FIPS:18.04:LTS",
            "Ubuntu:Pro:22.04:LTS:Realtime:Kernel",
            "Ubuntu:22.04:LTS:for:NVIDIA:BlueField",
            "AlmaLinux",
            "SUSE:Manager Server",
            "Wolfi:1",
            "Red Hat",
            "Red Hat:enterprise linux",
            "Azure Linux:9",
            "openSUSE:Leap",
        ] {
            assert!(system(ecosystem).is_none() && is_system(ecosystem), "{ecosystem}");
        }
        assert!(!is_system("Android") && !is_system(""));
    }
}
