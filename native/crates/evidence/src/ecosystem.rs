use packageurl::PackageUrl;

/// How the names of an ecosystem become namespace and name of a purl.
enum Naming {
    /// The whole name; the namespace is fixed (`deb/debian`), or there is none.
    Plain(Option<&'static str>),
    /// What stands before the last of this separator is the namespace.
    Split(char),
}

use Naming::{Plain, Split};

/// OSV ecosystems and their purl types (ossf.github.io/osv-schema, "Defined ecosystems"; github.com/google/osv.dev, `purl_helpers.py`).
static ECOSYSTEMS: [(&str, &str, Naming); 34] = [
    ("AlmaLinux", "rpm", Plain(Some("almalinux"))),
    ("Alpaquita", "apk", Plain(Some("alpaquita"))),
    ("Alpine", "apk", Plain(Some("alpine"))),
    ("Azure Linux", "rpm", Plain(Some("azure-linux"))),
    ("Bitnami", "bitnami", Plain(None)),
    ("Chainguard", "apk", Plain(Some("chainguard"))),
    ("CleanStart", "apk", Plain(Some("cleanstart"))),
    ("ConanCenter", "conan", Plain(None)),
    ("CRAN", "cran", Plain(None)),
    ("crates.io", "cargo", Plain(None)),
    ("Debian", "deb", Plain(Some("debian"))),
    ("Echo", "deb", Plain(Some("echo"))),
    ("GitHub Actions", "github", Split('/')),
    ("Go", "golang", Split('/')),
    ("Hackage", "hackage", Plain(None)),
    ("Hex", "hex", Plain(None)),
    ("Mageia", "rpm", Plain(Some("mageia"))),
    ("Maven", "maven", Split(':')),
    ("MinimOS", "apk", Plain(Some("minimos"))),
    ("npm", "npm", Split('/')),
    ("NuGet", "nuget", Plain(None)),
    ("openEuler", "rpm", Plain(Some("openeuler"))),
    ("openSUSE", "rpm", Plain(Some("opensuse"))),
    ("Packagist", "composer", Split('/')),
    ("Photon OS", "rpm", Plain(Some("photon"))),
    ("Pub", "pub", Plain(None)),
    ("PyPI", "pypi", Plain(None)),
    ("Red Hat", "rpm", Plain(Some("redhat"))),
    ("Rocky Linux", "rpm", Plain(Some("rocky-linux"))),
    ("RubyGems", "gem", Plain(None)),
    ("SUSE", "rpm", Plain(Some("suse"))),
    ("SwiftURL", "swift", Split('/')),
    ("Ubuntu", "deb", Plain(Some("ubuntu"))),
    ("Wolfi", "apk", Plain(Some("wolfi"))),
];

/// The purl type of an OSV ecosystem.
pub(crate) fn type_of(ecosystem: &str) -> Option<&'static str> {
    let base = ecosystem.split(':').next().unwrap_or_default();
    ECOSYSTEMS.iter().find(|(known, ..)| known.eq_ignore_ascii_case(base)).map(|(_, ty, _)| *ty)
}

/// The purl of a package of an OSV ecosystem, whose release (after `:`) is no part of it; none for ecosystems without a purl type.
pub(crate) fn purl_of<'n>(ecosystem: &str, name: &'n str) -> Option<PackageUrl<'n>> {
    let base = ecosystem.split(':').next().unwrap_or_default();
    let (_, ty, naming) = ECOSYSTEMS.iter().find(|(known, ..)| known.eq_ignore_ascii_case(base))?;
    let (namespace, name) = match naming {
        Plain(namespace) => (*namespace, name),
        Split(separator) => name.rsplit_once(*separator).map_or((None, name), |(namespace, name)| (Some(namespace), name)),
    };
    let mut purl = PackageUrl::new(*ty, name).ok()?;
    if let Some(namespace) = namespace {
        purl.with_namespace(namespace).ok()?;
    }
    purl.validate().ok()?;
    Some(purl)
}

/// The OSV ecosystem that a purl's type and namespace belong to.
pub(crate) fn ecosystem_of(purl: &PackageUrl<'_>) -> Option<&'static str> {
    let fits = |naming: &Naming| match naming {
        Plain(Some(namespace)) => purl.namespace() == Some(namespace),
        Plain(None) | Split(_) => true,
    };
    ECOSYSTEMS.iter().find(|(_, ty, naming)| *ty == purl.ty() && fits(naming)).map(|(ecosystem, ..)| *ecosystem)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::purl;

    #[test]
    fn purl_of_and_ecosystem_of_agree() {
        for (ecosystem, name, text) in [
            ("PyPI", "Django", "pkg:pypi/django"),
            ("npm", "@angular/core", "pkg:npm/%40angular/core"),
            ("Go", "golang.org/x/net", "pkg:golang/golang.org/x/net"),
            ("Go", "stdlib", "pkg:golang/stdlib"),
            ("crates.io", "Tokio", "pkg:cargo/Tokio"),
            ("Maven", "org.apache:log4j", "pkg:maven/org.apache/log4j"),
            ("RubyGems", "rails", "pkg:gem/rails"),
            ("NuGet", "Newtonsoft.Json", "pkg:nuget/Newtonsoft.Json"),
            ("Packagist", "Symfony/Http", "pkg:composer/symfony/http"),
            ("Hex", "phoenix", "pkg:hex/phoenix"),
            ("Pub", "http", "pkg:pub/http"),
            ("Debian:12", "curl", "pkg:deb/debian/curl"),
            ("Ubuntu:Pro:14.04:LTS", "curl", "pkg:deb/ubuntu/curl"),
            ("Alpine:v3.18", "musl", "pkg:apk/alpine/musl"),
            ("AlmaLinux:10", "kernel", "pkg:rpm/almalinux/kernel"),
        ] {
            let made = purl_of(ecosystem, name).expect(text);
            assert_eq!(ecosystem_of(&made), ecosystem.split(':').next());
            assert_eq!(purl::base(made), text);
        }
        assert!(purl_of("Android", "kernel").is_none() && purl_of("Packagist", "alone").is_none() && purl_of("npm", "").is_none());
    }
}
