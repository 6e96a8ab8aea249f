use napi_derive::napi;
use stella_evidence::purls::{Asked, asked, is_package};
use stella_versions::{Installed, Verdict, evaluate};

/// The package that a package URL asks about, without version and qualifiers, in the form by which indexes of mirrors name it.
///
/// @param purl - github.com/package-url/purl-spec
/// @returns null where the text is no package URL
#[napi(catch_unwind)]
pub fn asked_package(purl: String) -> Option<String> {
    asked(&purl).map(|Asked { package, .. }| package)
}

/// Whether the version that is asked about is affected by an advisory, and why, by the OSV schema's algorithm and the order of versions of its ecosystem;
/// none where no version is asked about.
pub fn verdict(asked: &Asked, advisory: &str) -> Option<(&'static str, String)> {
    let Asked { package, version, distro } = asked;
    let is_package = |ecosystem: &str, name: &str, purl: Option<&str>| is_package(package, purl, ecosystem, name);
    let installed = Installed { version: version.as_deref()?, distro: distro.as_deref() };
    Some(match evaluate(advisory.as_bytes(), is_package, installed) {
        Verdict::Affected { reason } => ("affected", reason),
        Verdict::NotAffected { reason } => ("not_affected", reason),
        Verdict::Unknown { reason } => ("unknown", reason),
    })
}
