use napi_derive::napi;
use stella_evidence::purls::{Asked, asked, package_of_advisory};
use stella_versions::{Installed, Verdict, evaluate};

/// Whether a version of a package is affected by an advisory, and why.
#[napi(object)]
pub struct VersionVerdict {
    #[napi(ts_type = "'affected' | 'not_affected' | 'unknown'")]
    pub verdict: String,
    /// A sentence for people.
    pub reason: String,
}

/// The package and the version that an advisory is asked about.
#[napi(object, use_nullable = true)]
pub struct AskedVersion {
    /// The purl, without version and qualifiers, in the form by which indexes of mirrors name it.
    pub package: String,
    pub version: String,
    /// A distribution and its release, as the qualifier `distro` of a purl has it; null for any.
    pub distro: Option<String>,
}

/// A package that somebody asks about.
#[napi(object, use_nullable = true)]
pub struct AskedPackage {
    /// Its purl, without version and qualifiers.
    pub package: String,
    pub version: Option<String>,
    /// A distribution and its release, as the qualifier `distro` has it: `debian-11`, `bullseye`.
    pub distro: Option<String>,
}

/// Evaluates an advisory for a version of a package, by the OSV schema's algorithm and the order of versions of its ecosystem.
///
/// @param record - JSON of an OSV record
/// @param asked - package and version
/// @returns the verdict: `unknown` where it cannot be told, never a guess
///
/// Source: ossf.github.io/osv-schema, "Evaluation".
#[napi(catch_unwind)]
pub fn evaluate_version(record: String, asked: AskedVersion) -> VersionVerdict {
    let AskedVersion { package, version, distro } = asked;
    let is_package = |ecosystem: &str, name: &str, purl: Option<&str>| {
        [purl, None].iter().any(|purl| package_of_advisory(*purl, ecosystem, name) == package)
    };
    let (verdict, reason) = match evaluate(record.as_bytes(), is_package, Installed { version: &version, distro: distro.as_deref() }) {
        Verdict::Affected { reason } => ("affected", reason),
        Verdict::NotAffected { reason } => ("not_affected", reason),
        Verdict::Unknown { reason } => ("unknown", reason),
    };
    VersionVerdict { verdict: verdict.into(), reason }
}

/// What a package URL asks about: package, version, distribution.
///
/// @param purl - github.com/package-url/purl-spec
/// @returns null where the text is no package URL
#[napi(catch_unwind)]
pub fn asked_package(purl: String) -> Option<AskedPackage> {
    let Asked { package, version, distro } = asked(&purl)?;
    Some(AskedPackage { package, version, distro })
}
