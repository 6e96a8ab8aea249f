use stella_osv::Range;

use crate::advisory::{Advisory, Affected};
use crate::order::{MAX_VERSION_BYTES, order_of};
use crate::range::{Finding, in_range, shown};
use crate::release::{Fit, fit};
use crate::verdict::Verdict;

/// What is installed of a package.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Installed<'a> {
    /// Its version, at most [`MAX_VERSION_BYTES`] long.
    pub version: &'a str,
    /// The distribution and its release, as the qualifier `distro` of a purl has it: `debian-11`, `bullseye`; none for any.
    pub distro: Option<&'a str>,
}

/// Whether a version of a package is affected by an advisory (OSV schema, "Evaluation").
///
/// - `advisory`: the JSON text of an OSV record
/// - `is_package`: whether ecosystem, name and purl, as an `affected[].package` has them, are those of the package
/// - `installed`: the version, and the distribution that it is of
///
/// An advisory that is withdrawn affects nothing. What cannot be told makes the verdict unknown only if nothing else holds the version.
pub fn evaluate(advisory: &[u8], is_package: impl Fn(&str, &str, Option<&str>) -> bool, installed: Installed<'_>) -> Verdict {
    let Installed { version, distro } = installed;
    let Ok(advisory) = serde_json::from_slice::<Advisory<'_>>(advisory) else {
        return Verdict::Unknown { reason: "the advisory cannot be read as a record of OSV".to_owned() };
    };
    if let Some(withdrawn) = advisory.withdrawn {
        return Verdict::NotAffected { reason: format!("withdrawn {withdrawn}") };
    }
    if version.len() > MAX_VERSION_BYTES {
        return Verdict::Unknown { reason: "the version is longer than 1,024 bytes".to_owned() };
    }
    let (mut named, mut unknown) = (None, None);
    for affected in advisory.affected.iter().flatten() {
        let Some(package) = &affected.package else { continue };
        if !is_package(&package.ecosystem, &package.name, package.purl.as_deref()) {
            continue;
        }
        let fit = fit(&package.ecosystem, distro);
        named = named.max(Some(fit));
        if !matches!(fit, Fit::Same | Fit::Any) {
            continue;
        }
        match in_affected(affected, &package.ecosystem, version) {
            Ok(Some(reason)) => return Verdict::Affected { reason },
            Ok(None) => {}
            Err(reason) => unknown = unknown.or(Some(reason)),
        }
    }
    unknown.map_or_else(|| not_held(named, installed), |reason| Verdict::Unknown { reason })
}

/// Of a version that nothing holds, for the release that the advisory names the package for.
fn not_held(named: Option<Fit>, Installed { version, distro }: Installed<'_>) -> Verdict {
    let distro = shown(distro.unwrap_or_default());
    match named {
        None => Verdict::NotAffected { reason: "the advisory does not name the package".to_owned() },
        Some(Fit::Other) => Verdict::NotAffected { reason: format!("the advisory names the package for other releases than `{distro}`") },
        Some(Fit::Untold) => {
            Verdict::Unknown { reason: format!("whether `{distro}` is a release that the advisory names the package for cannot be told") }
        }
        Some(Fit::Any | Fit::Same) => Verdict::NotAffected { reason: format!("no range or list of versions holds {version}") },
    }
}

/// Lists first: what they say needs no order.
fn in_affected(affected: &Affected<'_>, ecosystem: &str, version: &str) -> Finding {
    let (versions, ranges) = (affected.versions.as_deref().unwrap_or_default(), affected.ranges.as_deref().unwrap_or_default());
    if versions.is_empty() && ranges.is_empty() {
        return Err("the advisory names the package with neither versions nor ranges".to_owned());
    }
    if versions.iter().any(|listed| listed == version) {
        return Ok(Some(format!("{version} is listed in versions")));
    }
    let order = order_of(ecosystem).filter(|order| order.reads(version));
    let equal = order.and_then(|order| versions.iter().find(|listed| order.compare(listed, version).is_some_and(|order| order.is_eq())));
    if let Some(listed) = equal {
        return Ok(Some(format!("{version} is listed in versions as {listed}")));
    }
    let mut unknown = version.is_empty().then(|| "the version of the package is not known".to_owned());
    // Commits say nothing of versions; where they stand beside what does, they say the same of a repository.
    let of_versions: Vec<&Range<'_>> = ranges.iter().filter(|range| range.kind != "GIT").collect();
    if versions.is_empty() && of_versions.is_empty() {
        unknown = Some("the advisory names commits of Git, and no versions".to_owned());
    }
    for range in of_versions {
        match in_range(range, ecosystem, version) {
            Ok(None) => {}
            Ok(affected) => return Ok(affected),
            Err(reason) => unknown = unknown.or(Some(reason)),
        }
    }
    unknown.map_or(Ok(None), Err)
}
