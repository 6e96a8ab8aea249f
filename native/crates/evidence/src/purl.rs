use std::str::FromStr;

use packageurl::PackageUrl;

/// A package URL, normalized by the rules of its type; none where the text is no valid purl.
pub(crate) fn parse(text: &str) -> Option<PackageUrl<'static>> {
    if !text.starts_with("pkg:") {
        return None;
    }
    PackageUrl::from_str(text).ok()
}

/// The purl without version, qualifiers and subpath.
pub(crate) fn base(purl: &PackageUrl<'_>) -> String {
    let mut base = purl.clone();
    base.without_version().clear_qualifiers().without_subpath();
    base.to_string()
}

/// The purl with its version, without qualifiers and subpath.
pub(crate) fn versioned(purl: &PackageUrl<'_>) -> String {
    let mut versioned = purl.clone();
    versioned.clear_qualifiers().without_subpath();
    versioned.to_string()
}

/// The digest of a container image, in lower case; none where the text is none.
pub(crate) fn image_digest(text: &str) -> Option<String> {
    let hex = text.strip_prefix("sha256:")?;
    (hex.len() == 64 && hex.bytes().all(|byte| byte.is_ascii_hexdigit())).then(|| text.to_lowercase())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn forms(text: &str) -> Option<(String, String)> {
        parse(text).map(|purl| (base(&purl), versioned(&purl)))
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
            assert_eq!(forms(text), Some((base.to_owned(), versioned.to_owned())), "{text}");
        }
    }

    #[test]
    fn parse_gives_nothing_for_what_is_no_purl() {
        for text in ["", "pkg:", "pkg:npm", "pkg:npm/", "npm/x", "pkg:1a/x", "pkg:npm/%ff", "https://example.org/pkg:npm/x"] {
            assert_eq!(forms(text), None, "{text}");
        }
    }
}
