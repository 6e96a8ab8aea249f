/// Why what a source states has no place in the database. Its code is a contract (`trivy/omitted.jsonl.zst`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Omission {
    /// Its source withdrew it.
    Withdrawn,
    /// No package is named.
    NoPackage,
    /// The mapping does not know the ecosystem.
    UnknownEcosystem,
    /// Trivy has no bucket for the release of the ecosystem, or there is none.
    UnknownRelease,
    /// Only commits are named.
    GitOnly,
    /// Neither a range nor a version is named.
    NoVersions,
    /// A package name that is empty, has a NUL, or is longer than a key may be.
    PackageName,
    /// More ids than `MAX_IDS`, or one that no key can be.
    Ids,
    /// An empty version, which Trivy would take as "every version".
    EmptyVersion,
    /// A version that Trivy cannot read: it would pass the whole advisory over.
    UnreadableVersion,
    /// A range that ends before it begins.
    InvertedRange,
    /// Several limits of one range.
    SeveralLimits,
    /// A range that begins at a version, or the last version affected: Trivy knows but the first fixed one of this system.
    Bounds,
    /// No version is fixed, and of this system Trivy reports only what is.
    Unfixed,
    /// It is of a module, and its purl does not say of which: Trivy looks packages up by module.
    NoModule,
}

impl Omission {
    /// Its name.
    pub fn code(self) -> &'static str {
        match self {
            Self::Withdrawn => "withdrawn",
            Self::NoPackage => "no-package",
            Self::UnknownEcosystem => "unknown-ecosystem",
            Self::UnknownRelease => "unknown-release",
            Self::GitOnly => "git-only",
            Self::NoVersions => "no-versions",
            Self::PackageName => "package-name",
            Self::Ids => "ids",
            Self::EmptyVersion => "empty-version",
            Self::UnreadableVersion => "unreadable-version",
            Self::InvertedRange => "inverted-range",
            Self::SeveralLimits => "several-limits",
            Self::Bounds => "bounds",
            Self::Unfixed => "unfixed",
            Self::NoModule => "no-module",
        }
    }
}
