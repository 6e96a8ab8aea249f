use std::cmp::Ordering;

use crate::{alpine, debian, maven, nuget, packagist, pep440, rpm, rubygems, semver};

/// The longest text that is read as a version.
pub const MAX_VERSION_BYTES: usize = 1024;

/// How versions are ordered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Order {
    /// semver.org, 2.0.0, as leniently as the data asks for.
    SemVer,
    /// As [`SemVer`](Self::SemVer), and equal ones by their build metadata.
    SemVerBuild,
    /// Python's version specifiers (PEP 440).
    Pep440,
    /// Maven's `ComparableVersion`.
    Maven,
    /// NuGet: semver.org with a fourth number.
    NuGet,
    /// `Gem::Version`.
    RubyGems,
    /// Composer's normalized versions.
    Packagist,
    /// dpkg.
    Debian,
    /// rpm: epoch, version and release.
    Rpm,
    /// apk-tools.
    Alpine,
}

/// OSV ecosystems (ossf.github.io/osv-schema, "Defined ecosystems") and how they order versions; releases only where
/// their order is another.
static ECOSYSTEMS: [(Order, &[&str]); 10] = [
    (Order::SemVer, &["npm", "crates.io", "Go", "Hex", "SwiftURL", "GitHub Actions", "Bitnami", "ConanCenter"]),
    (Order::SemVerBuild, &["Pub", "Echo:npm"]),
    (Order::Pep440, &["PyPI", "Echo:PyPI"]),
    (Order::Maven, &["Maven", "Echo:Maven"]),
    (Order::NuGet, &["NuGet"]),
    (Order::RubyGems, &["RubyGems"]),
    (Order::Packagist, &["Packagist"]),
    (Order::Debian, &["Debian", "Ubuntu", "Echo"]),
    (
        Order::Rpm,
        &[
            "AlmaLinux",
            "Amazon",
            "Amazon Linux",
            "Azure Linux",
            "Mageia",
            "openEuler",
            "openSUSE",
            "Oracle",
            "Oracle Linux",
            "Photon OS",
            "Red Hat",
            "Rocky Linux",
            "SUSE",
        ],
    ),
    (Order::Alpine, &["Alpaquita", "Alpine", "Chainguard", "CleanStart", "MinimOS", "Wolfi"]),
];

/// How versions of an OSV ecosystem are ordered, named with or without a release (`Debian:12`). None where that is not known here.
pub fn order_of(ecosystem: &str) -> Option<Order> {
    let named = |name: &str| ECOSYSTEMS.iter().find(|(_, names)| names.contains(&name)).map(|(order, _)| *order);
    named(ecosystem).or_else(|| named(ecosystem.split(':').next()?))
}

impl Order {
    /// Compares two versions. None where one of them is no version, or longer than [`MAX_VERSION_BYTES`].
    pub fn compare(self, left: &str, right: &str) -> Option<Ordering> {
        if left.len().max(right.len()) > MAX_VERSION_BYTES {
            return None;
        }
        match self {
            Self::SemVer => semver::compare(left, right),
            Self::SemVerBuild => semver::compare_with_build(left, right),
            Self::Pep440 => pep440::compare(left, right),
            Self::Maven => maven::compare(left, right),
            Self::NuGet => nuget::compare(left, right),
            Self::RubyGems => rubygems::compare(left, right),
            Self::Packagist => packagist::compare(left, right),
            Self::Debian => debian::compare(left, right),
            Self::Rpm => rpm::compare(left, right),
            Self::Alpine => alpine::compare(left, right),
        }
    }

    /// Whether a text is a version of this order.
    pub(crate) fn reads(self, version: &str) -> bool {
        self.compare(version, version).is_some()
    }
}
