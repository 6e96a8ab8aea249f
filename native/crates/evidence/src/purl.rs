use std::str::FromStr;

use packageurl::PackageUrl;

use crate::ecosystem::{purl_of, type_of};

/// A package URL, normalized by the rules of its type; none where the text is no valid purl.
pub(crate) fn parse(text: &str) -> Option<PackageUrl<'static>> {
    if !text.starts_with("pkg:") {
        return None;
    }
    PackageUrl::from_str(text).ok()
}

/// The purl without version, qualifiers and subpath.
pub(crate) fn base(mut purl: PackageUrl<'_>) -> String {
    purl.without_version().clear_qualifiers().without_subpath();
    purl.to_string()
}

/// The purl with its version, without qualifiers and subpath.
pub(crate) fn versioned(mut purl: PackageUrl<'_>) -> String {
    purl.clear_qualifiers().without_subpath();
    purl.to_string()
}

/// A purl in the forms by which what it names is looked up: with its version, and without; both without qualifiers and subpath. None where the
/// text is no purl.
#[must_use]
pub fn forms(text: &str) -> Vec<String> {
    let Some(purl) = parse(text) else { return Vec::new() };
    match purl.version() {
        None => vec![base(purl)],
        Some(_) => vec![base(purl.clone()), versioned(purl)],
    }
}

/// A purl as its specification writes it, with version, qualifiers and subpath; none where the text is no purl.
#[must_use]
pub fn canonical(text: &str) -> Option<String> {
    parse(text).map(|purl| purl.to_string())
}

/// The purls that say less than this one, the same package without some of its version, subpath and qualifiers: each holds for all that this one
/// names. Where those are more than `max_details`, without all of them, and without all but the version. None where the text is no purl.
#[must_use]
pub fn general(text: &str, max_details: usize) -> Vec<String> {
    let Some(purl) = parse(text) else { return Vec::new() };
    let details: Vec<Detail<'_>> = [purl.version().map(Detail::Version), purl.subpath().map(Detail::Subpath)]
        .into_iter()
        .flatten()
        .chain(purl.qualifiers().iter().map(|(key, value)| Detail::Qualifier(key, value)))
        .collect();
    if details.len() > max_details {
        return forms(text);
    }
    // Each bit of a number says whether a detail stays; of the largest number all would.
    let all_but_the_largest = 0..(1_u32 << details.len()) - 1;
    let mut general: Vec<(u32, String)> = all_but_the_largest
        .filter_map(|kept| {
            let details = details.iter().enumerate().filter(|(bit, _)| kept >> bit & 1 == 1);
            Some((kept.count_ones(), with_details(&purl, details.map(|(_, detail)| detail))?))
        })
        .collect();
    // More details come first. Qualifiers come in no order.
    general.sort_by(|(left, one), (right, other)| right.cmp(left).then_with(|| one.cmp(other)));
    general.into_iter().map(|(_, name)| name).collect()
}

/// What a purl says besides which package it is.
enum Detail<'p> {
    Version(&'p str),
    Subpath(&'p str),
    Qualifier(&'p str, &'p str),
}

/// A purl with these details alone.
fn with_details<'p>(purl: &PackageUrl<'static>, details: impl Iterator<Item = &'p Detail<'p>>) -> Option<String> {
    let mut general = purl.clone();
    general.without_version().clear_qualifiers().without_subpath();
    for detail in details {
        match detail {
            Detail::Version(version) => general.with_version((*version).to_owned()).map(drop),
            Detail::Subpath(subpath) => general.with_subpath((*subpath).to_owned()).map(drop),
            Detail::Qualifier(key, value) => general.add_qualifier((*key).to_owned(), (*value).to_owned()).map(drop),
        }
        .ok()?;
    }
    Some(general.to_string())
}

/// A package that an advisory speaks of: the purl that it gives or that ecosystem and name make, without version and qualifiers. Of an
/// ecosystem that has no purl type its name, without release, a slash, and the name of the package.
#[must_use]
pub fn package_of_advisory(given: Option<&str>, ecosystem: &str, name: &str) -> String {
    match given.and_then(parse).or_else(|| purl_of(ecosystem, name)) {
        Some(purl) => base(purl),
        None => format!("{}/{name}", ecosystem.split(':').next().unwrap_or_default()),
    }
}

/// Whether a package that an advisory speaks of is this, by the purl that it gives or by the one that ecosystem and name make.
#[must_use]
pub fn is_package(package: &str, given: Option<&str>, ecosystem: &str, name: &str) -> bool {
    // Most purls are written as their specification has them: the same text is the same package.
    if given == Some(package) {
        return true;
    }
    let ty = package.strip_prefix("pkg:").and_then(|rest| rest.split('/').next());
    let is_of_type = |text: &str| ty.is_none_or(|ty| text.get(4..).is_some_and(|rest| is_prefix(rest.trim_start_matches('/'), ty)));
    let is_given = given.is_some_and(|given| is_of_type(given) && package_of_advisory(Some(given), ecosystem, name) == package);
    is_given || (ty.is_none_or(|ty| type_of(ecosystem) == Some(ty)) && package_of_advisory(None, ecosystem, name) == package)
}

fn is_prefix(text: &str, prefix: &str) -> bool {
    text.get(..prefix.len()).is_some_and(|begin| begin.eq_ignore_ascii_case(prefix))
}

/// A package that somebody asks about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Asked {
    /// Its purl without version, qualifiers and subpath.
    pub package: String,
    /// Its version; where that has no epoch, with the one of the qualifier `epoch`.
    pub version: Option<String>,
    /// A distribution and its release, of the qualifier `distro`: `debian-11`, `bullseye`.
    pub distro: Option<String>,
}

/// The package that a purl asks about; none where the text is no purl.
#[must_use]
pub fn asked(text: &str) -> Option<Asked> {
    let purl = parse(text)?;
    let distro = purl.qualifiers().get("distro").map(ToString::to_string);
    let version = purl.version().map(|version| with_epoch(&purl, version));
    Some(Asked { package: base(purl), version, distro })
}

/// A version as rpm and dpkg write it: purls of theirs may name the epoch in a qualifier. What is no number is none, such as the `(none)` of rpm.
fn with_epoch(purl: &PackageUrl<'_>, version: &str) -> String {
    let has_epochs = matches!(purl.ty(), "rpm" | "deb") && !version.contains(':');
    let is_number = |epoch: &str| !epoch.is_empty() && epoch.bytes().all(|byte| byte.is_ascii_digit());
    match purl.qualifiers().get("epoch") {
        Some(epoch) if has_epochs && is_number(epoch) => format!("{epoch}:{version}"),
        _ => version.to_owned(),
    }
}

/// The digest of a container image, in lower case; none where the text is none.
pub(crate) fn image_digest(text: &str) -> Option<String> {
    let hex = text.strip_prefix("sha256:")?;
    (hex.len() == 64 && hex.bytes().all(|byte| byte.is_ascii_hexdigit())).then(|| text.to_lowercase())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn base_and_versioned(text: &str) -> Option<(String, String)> {
        parse(text).map(|purl| (base(purl.clone()), versioned(purl)))
    }

    #[test]
    fn parse_normalizes_by_type() {
        for (text, base, versioned) in [
            ("pkg:npm/%40Angular/Core@1.0.0?a=b#c", "pkg:npm/%40Angular/core", "pkg:npm/%40Angular/core@1.0.0"),
            ("pkg:npm/@babel/core@7.0.0", "pkg:npm/%40babel/core", "pkg:npm/%40babel/core@7.0.0"),
            ("pkg:PyPI/Django_Tools@1.0", "pkg:pypi/django-tools", "pkg:pypi/django-tools@1.0"),
            ("pkg:golang/github.com/Azure/x@v1.0.0", "pkg:golang/github.com/azure/x", "pkg:golang/github.com/azure/x@v1.0.0"),
            ("pkg:maven/org.Apache/Log4J@2", "pkg:maven/org.Apache/Log4J", "pkg:maven/org.Apache/Log4J@2"),
            ("pkg:deb/debian/curl@7.1:2-1?arch=amd64", "pkg:deb/debian/curl", "pkg:deb/debian/curl@7.1:2-1"),
            ("pkg:oci/alpine@sha256%3Aab", "pkg:oci/alpine", "pkg:oci/alpine@sha256:ab"),
        ] {
            assert_eq!(base_and_versioned(text), Some((base.to_owned(), versioned.to_owned())), "{text}");
        }
    }

    #[test]
    fn asked_reads_version_and_distro() {
        for (text, package, version, distro) in [
            ("pkg:npm/@babel/core@7.0.0?a=b#c", "pkg:npm/%40babel/core", Some("7.0.0"), None),
            ("pkg:deb/debian/curl@7.1:2-1?arch=amd64&distro=debian-11", "pkg:deb/debian/curl", Some("7.1:2-1"), Some("debian-11")),
            ("pkg:apk/alpine/openssl@3.0.0-r1?distro=alpine-v3.18.4", "pkg:apk/alpine/openssl", Some("3.0.0-r1"), Some("alpine-v3.18.4")),
            ("pkg:rpm/almalinux/podman@5.4.0-12.el10_0?epoch=6", "pkg:rpm/almalinux/podman", Some("6:5.4.0-12.el10_0"), None),
            ("pkg:rpm/almalinux/podman@7:5.4.0-12.el10_0?epoch=6", "pkg:rpm/almalinux/podman", Some("7:5.4.0-12.el10_0"), None),
            ("pkg:rpm/almalinux/podman@5.4.0-12.el10_0?epoch=(none)", "pkg:rpm/almalinux/podman", Some("5.4.0-12.el10_0"), None),
            ("pkg:deb/debian/curl@7.1-2?epoch=1", "pkg:deb/debian/curl", Some("1:7.1-2"), None),
            ("pkg:npm/lodash@4.17.20?epoch=1", "pkg:npm/lodash", Some("4.17.20"), None),
            ("pkg:rpm/almalinux/podman?epoch=6", "pkg:rpm/almalinux/podman", None, None),
            ("pkg:golang/github.com/Azure/x", "pkg:golang/github.com/azure/x", None, None),
        ] {
            let expected = Asked { package: package.into(), version: version.map(str::to_owned), distro: distro.map(str::to_owned) };
            assert_eq!(asked(text), Some(expected), "{text}");
        }
        assert_eq!(asked("lodash"), None);
    }

    #[test]
    fn general_purls_leave_out_some_of_what_is_told_more_details_first() {
        for (text, expected) in [
            ("pkg:npm/a", &[][..]),
            ("pkg:npm/A@1", &["pkg:npm/a"]),
            (
                "pkg:deb/debian/curl@1-1?distro=debian-12&arch=amd64",
                &[
                    "pkg:deb/debian/curl?arch=amd64&distro=debian-12",
                    "pkg:deb/debian/curl@1-1?arch=amd64",
                    "pkg:deb/debian/curl@1-1?distro=debian-12",
                    "pkg:deb/debian/curl?arch=amd64",
                    "pkg:deb/debian/curl?distro=debian-12",
                    "pkg:deb/debian/curl@1-1",
                    "pkg:deb/debian/curl",
                ],
            ),
            ("pkg:npm/a@1#lib", &["pkg:npm/a#lib", "pkg:npm/a@1", "pkg:npm/a"]),
            ("pkg:npm/a@1?a=1&b=2&c=3", &["pkg:npm/a", "pkg:npm/a@1"]),
            ("lodash", &[]),
        ] {
            assert_eq!(general(text, 3), expected, "{text}");
        }
    }

    #[test]
    fn a_package_is_told_by_purl_or_by_ecosystem_and_name() {
        let names = ["left", "Left_Pad", "@angular/core", "github.com/Azure/x", "curl", ""];
        let purls = [
            "pkg:npm/left",
            "PKG:npm/left",
            "pkg:NPM/left@1",
            "pkg://npm/left",
            "pkg:pypi/left-pad",
            "pkg:PyPI/Left_Pad?a=b",
            "pkg:",
            "é",
            "x:y",
        ];
        for package in [
            "pkg:npm/left",
            "pkg:pypi/left-pad",
            "pkg:npm/%40angular/core",
            "pkg:golang/github.com/azure/x",
            "pkg:deb/debian/curl",
            "Android/curl",
        ] {
            for (ecosystem, name) in
                ["npm", "PyPI", "Go", "Debian:11", "Android", "debian"].iter().flat_map(|ecosystem| names.map(|name| (*ecosystem, name)))
            {
                for given in purls.map(Some).into_iter().chain([None]) {
                    let expected = [given, None].iter().any(|given| package_of_advisory(*given, ecosystem, name) == package);
                    assert_eq!(is_package(package, given, ecosystem, name), expected, "{package}: {given:?}, {ecosystem} {name}");
                }
            }
        }
    }

    #[test]
    fn parse_gives_nothing_for_what_is_no_purl() {
        for text in ["", "pkg:", "pkg:npm", "pkg:npm/", "npm/x", "pkg:1a/x", "pkg:npm/%ff", "https://example.org/pkg:npm/x"] {
            assert_eq!(base_and_versioned(text), None, "{text}");
        }
    }
}
