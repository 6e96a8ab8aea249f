use napi_derive::napi;
use stella_evidence::purls::{Asked, asked, is_package};
use stella_versions::{Installed, Verdict, evaluate};

/// A package that somebody asks about.
#[napi(object, use_nullable = true)]
pub struct AskedPackage {
    /// Its purl, without version and qualifiers, in the form by which indexes of mirrors name it.
    pub package: String,
    pub version: Option<String>,
    /// A distribution and its release, as the qualifier `distro` has it: `debian-11`, `bullseye`; null for any.
    pub distro: Option<String>,
}

impl AskedPackage {
    /// Whether the version is affected by an advisory, and why, by the OSV schema's algorithm and the order of versions of its ecosystem; none where no
    /// version is asked about.
    pub fn verdict(&self, advisory: &str) -> Option<(&'static str, String)> {
        let version = self.version.as_deref()?;
        let is_package = |ecosystem: &str, name: &str, purl: Option<&str>| is_package(&self.package, purl, ecosystem, name);
        Some(match evaluate(advisory.as_bytes(), is_package, Installed { version, distro: self.distro.as_deref() }) {
            Verdict::Affected { reason } => ("affected", reason),
            Verdict::NotAffected { reason } => ("not_affected", reason),
            Verdict::Unknown { reason } => ("unknown", reason),
        })
    }
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
