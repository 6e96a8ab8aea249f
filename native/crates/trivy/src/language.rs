use std::sync::LazyLock;

use regex::Regex;

/// An ecosystem of packages of a programming language, as Trivy names it.
#[derive(Debug)]
pub(crate) struct Language {
    /// As OSV names it.
    pub(crate) osv: &'static str,
    /// Its buckets are `<slug>::<name of the data source>` (trivy-db `pkg/vulnsrc/bucket/bucket.go`).
    pub(crate) slug: &'static str,
    /// As GitHub's advisories name it.
    pub(crate) github: Option<&'static str>,
    names: Names,
    grammar: Grammar,
}

/// How Trivy spells a package's name before it looks it up (trivy-db `NormalizePkgName`).
#[derive(Debug, Clone, Copy)]
enum Names {
    Lower,
    AsIs,
    /// Older versions look for it as it is, newer ones in lower case: both are written, as upstream does (trivy-db pull request 571).
    Both,
    /// Lower case, and `_` is `-`.
    Python,
    /// Without `https://` and `.git`, in lower case.
    Swift,
}

/// Versions that Trivy's comparer of the ecosystem reads within a constraint.
#[derive(Debug, Clone, Copy)]
enum Grammar {
    Generic,
    Npm,
    Pep440,
    Gem,
    Maven,
    Bitnami,
}

static LANGUAGES: [Language; 15] = [
    Language { osv: "npm", slug: "npm", github: Some("npm"), names: Names::Lower, grammar: Grammar::Npm },
    Language { osv: "PyPI", slug: "pip", github: Some("pip"), names: Names::Python, grammar: Grammar::Pep440 },
    Language { osv: "Go", slug: "go", github: Some("Go"), names: Names::AsIs, grammar: Grammar::Generic },
    Language { osv: "Maven", slug: "maven", github: Some("Maven"), names: Names::Lower, grammar: Grammar::Maven },
    Language { osv: "crates.io", slug: "cargo", github: Some("Rust"), names: Names::Lower, grammar: Grammar::Generic },
    Language { osv: "RubyGems", slug: "rubygems", github: Some("RubyGems"), names: Names::Lower, grammar: Grammar::Gem },
    Language { osv: "NuGet", slug: "nuget", github: Some("NuGet"), names: Names::Both, grammar: Grammar::Generic },
    Language { osv: "Packagist", slug: "composer", github: Some("Composer"), names: Names::Lower, grammar: Grammar::Generic },
    Language { osv: "Hex", slug: "erlang", github: Some("Erlang"), names: Names::Lower, grammar: Grammar::Generic },
    Language { osv: "Pub", slug: "pub", github: Some("Pub"), names: Names::Lower, grammar: Grammar::Generic },
    Language { osv: "SwiftURL", slug: "swift", github: Some("Swift"), names: Names::Swift, grammar: Grammar::Generic },
    Language { osv: "CocoaPods", slug: "cocoapods", github: None, names: Names::AsIs, grammar: Grammar::Gem },
    Language { osv: "ConanCenter", slug: "conan", github: None, names: Names::Lower, grammar: Grammar::Generic },
    Language { osv: "Bitnami", slug: "bitnami", github: None, names: Names::Lower, grammar: Grammar::Bitnami },
    Language { osv: "Kubernetes", slug: "k8s", github: None, names: Names::Lower, grammar: Grammar::Generic },
];

/// The language of an OSV ecosystem. What follows a colon names a registry, which Trivy does not tell apart.
pub(crate) fn language(ecosystem: &str) -> Option<&'static Language> {
    let base = ecosystem.split(':').next().unwrap_or_default();
    // GitHub's advisories name Swift by its purl type.
    let base = if ecosystem == "purl-type:swift" { "SwiftURL" } else { base };
    LANGUAGES.iter().find(|language| language.osv == base)
}

impl Language {
    /// The names under which versions of Trivy look for a package.
    pub(crate) fn names(&self, name: &str) -> Vec<String> {
        let lower = name.to_lowercase();
        match self.names {
            Names::AsIs => vec![name.to_owned()],
            Names::Lower => vec![lower],
            Names::Python => vec![lower.replace('_', "-")],
            Names::Both if lower == name => vec![lower],
            Names::Both => vec![lower, name.to_owned()],
            Names::Swift => vec![lower.strip_prefix("https://").unwrap_or(&lower).trim_end_matches(".git").to_owned()],
        }
    }

    /// Whether Trivy's comparer reads a version.
    pub(crate) fn reads(&self, version: &str) -> bool {
        self.grammar.pattern().is_match(version) && !has_large_number(version)
    }
}

impl Grammar {
    /// Sources: aquasecurity/go-version `pkg/version` and `pkg/semver`, go-npm-version, go-pep440-version, go-gem-version,
    /// masahiro331/go-mvn-version, bitnami/go-version, as Trivy 0.58.1 links them.
    fn pattern(self) -> &'static Regex {
        static GENERIC: LazyLock<Regex> = LazyLock::new(|| {
            pattern(r"v?\d+(\.\d+)*(-\d[\w\-~]*(\.[\w\-~]+)*|-?[a-z\-~][\w\-~]*(\.[\w\-~]+)*)?(\+[\w\-~]+(\.[\w\-~]+)*)?")
        });
        static SEMVER: LazyLock<Regex> = LazyLock::new(|| pattern(r"v?\d+(\.\d+){0,2}(-[\w\-]+(\.[\w\-]+)*)?(\+[\w\-]+(\.[\w\-]+)*)?"));
        static PEP440: LazyLock<Regex> = LazyLock::new(|| {
            pattern(concat!(
                r"v?(\d+!)?\d+(\.\d+)*([-_.]?(alpha|a|beta|b|preview|pre|c|rc)[-_.]?\d*)?",
                r"(-\d+|[-_.]?(post|rev|r)[-_.]?\d*)?([-_.]?dev[-_.]?\d*)?(\+[a-z0-9]+([-_.][a-z0-9]+)*)?"
            ))
        });
        static GEM: LazyLock<Regex> = LazyLock::new(|| pattern(r"\d+(\.[0-9a-z]+)*(-[0-9a-z-]+(\.[0-9a-z-]+)*)?"));
        static MAVEN: LazyLock<Regex> = LazyLock::new(|| pattern(r"[0-9a-z\-~.]+"));
        match self {
            Self::Generic => &GENERIC,
            Self::Npm | Self::Bitnami => &SEMVER,
            Self::Pep440 => &PEP440,
            Self::Gem => &GEM,
            Self::Maven => &MAVEN,
        }
    }
}

/// Of ASCII alone, upper case as lower. `\w` in these patterns has an underscore more than Go's classes: it is taken out here.
#[allow(clippy::unwrap_used)]
fn pattern(text: &str) -> Regex {
    let text = text.replace(r"\w", "0-9a-z").replace(r"\d", "[0-9]");
    Regex::new(&format!("^(?i-u:{text})$")).unwrap()
}

/// Go's comparers read numbers into 64 bits.
fn has_large_number(version: &str) -> bool {
    version.split(|character: char| !character.is_ascii_digit()).any(|digits| digits.len() > 18)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn names_are_spelled_as_trivy_looks_them_up() {
        for (ecosystem, name, expected) in [
            ("npm", "@Angular/Core", &["@angular/core"][..]),
            ("PyPI", "Jupyter_Server.X", &["jupyter-server.x"]),
            ("Go", "github.com/Masterminds/goutils", &["github.com/Masterminds/goutils"]),
            ("Maven", "org.Apache:Log4j", &["org.apache:log4j"]),
            ("NuGet", "Newtonsoft.Json", &["newtonsoft.json", "Newtonsoft.Json"]),
            ("NuGet", "lower", &["lower"]),
            ("SwiftURL", "https://github.com/Apple/swift-nio.git", &["github.com/apple/swift-nio"]),
            ("CocoaPods", "AFNetworking", &["AFNetworking"]),
        ] {
            assert_eq!(language(ecosystem).unwrap().names(name), expected, "{ecosystem}");
        }
        assert!(language("Hackage").is_none() && language("npm ").is_none() && language("").is_none());
        assert_eq!(language("Maven:https://repo.example").map(|found| found.slug), Some("maven"));
        assert_eq!(language("purl-type:swift").map(|found| found.slug), Some("swift"));
    }

    #[test]
    fn versions_are_read_as_trivys_comparers_read_them() {
        for (ecosystem, good, bad) in [
            (
                "Go",
                &["1.2.3", "v0.0.0-20200101000000-abcdef", "1.2.3+incompatible", "1.0-rc.1"][..],
                &["", "1.x", "a", "1 2", "1,2", "1_2"][..],
            ),
            ("npm", &["1.2.3", "1.2.3-beta.1", "1.0", "1"], &["1.2.3.4", "latest", "1.2.3 || 2", ">1"]),
            ("PyPI", &["1.0rc1", "1!2.0.post1.dev3+local.1", "v1", "2.0.0-beta.2", "1.0-1"], &["2004d-x", "1.0;", "*", "1.0.*"]),
            ("RubyGems", &["1.0.0.pre1", "2.0-java"], &["v1", "1..2"]),
            ("Maven", &["2.0-beta-9", "1.0.Final", "RELEASE"], &["1.0_1", "[1,2)"]),
            ("Bitnami", &["1.2.3-1"], &["1.2.3.4"]),
        ] {
            let language = language(ecosystem).unwrap();
            good.iter().for_each(|version| assert!(language.reads(version), "{ecosystem} {version:?}"));
            bad.iter().for_each(|version| assert!(!language.reads(version), "{ecosystem} {version:?}"));
        }
        assert!(!language("Go").unwrap().reads("1.99999999999999999999"));
    }
}
