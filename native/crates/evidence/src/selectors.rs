use std::collections::BTreeSet;

use packageurl::PackageUrl;

use crate::ecosystem::{ecosystem_of, purl_of};
use crate::purl;

/// Longer values are left out: no filter names them, and they would not fit a database index page.
const MAX_VALUE_BYTES: usize = 1_024;

/// What a filter may select a record by: pairs of a name and a value, each once, in order.
///
/// Names: `ecosystem`, `package` (purl without version, qualifiers and subpath), `package_version` (purl with version, without the
/// rest), `package_any` (as `package`, where no version is named), `product`, `image_digest`, `repository`, `tag`. Values are lower case,
/// but purls, which are normalized by the rules of their type (github.com/package-url/purl-spec) and may need their case.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Selectors {
    pairs: BTreeSet<(&'static str, String)>,
}

impl Selectors {
    /// The pairs of name and value, in order.
    pub fn iter(&self) -> impl Iterator<Item = (&'static str, &str)> {
        self.pairs.iter().map(|(name, value)| (*name, value.as_str()))
    }

    /// How many pairs there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.pairs.len()
    }

    /// Whether nothing selects the record.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.pairs.is_empty()
    }

    /// An OSV ecosystem, and the same without its release (`Debian:12` is also `debian`).
    pub(crate) fn add_ecosystem(&mut self, ecosystem: &str) {
        let ecosystem = ecosystem.to_lowercase();
        if let Some((base, _)) = ecosystem.split_once(':') {
            self.add("ecosystem", base.to_owned());
        }
        self.add("ecosystem", ecosystem);
    }

    /// A package that an advisory speaks of, by the purl it gives or the one that ecosystem and name make.
    pub(crate) fn add_advisory_package(&mut self, given: Option<&str>, ecosystem: &str, name: &str) {
        let Some(purl) = given.and_then(purl::parse).or_else(|| purl_of(ecosystem, name)) else { return };
        let base = purl::base(&purl);
        self.add("package_any", base.clone());
        self.add("package", base);
    }

    /// A package that a VEX statement or a bill of materials names by its purl; what does not parse selects nothing.
    pub(crate) fn add_package(&mut self, text: &str) {
        let Some(purl) = purl::parse(text) else { return };
        if let Some(ecosystem) = ecosystem_of(&purl) {
            self.add("ecosystem", ecosystem.to_lowercase());
        }
        let base = purl::base(&purl);
        match purl.version() {
            Some(_) => self.add("package_version", purl::versioned(&purl)),
            None => self.add("package_any", base.clone()),
        }
        self.add("package", base);
        self.add_image(&purl);
    }

    /// An identifier of a product: a purl as given, in its normal form, and without qualifiers; anything else in lower case.
    pub(crate) fn add_product(&mut self, identifier: &str) {
        match purl::parse(identifier) {
            Some(purl) => {
                self.add("product", identifier.to_owned());
                self.add("product", purl::versioned(&purl));
                self.add("product", purl.to_string());
            }
            None => {
                if let Some(digest) = identifier.rsplit_once('@').and_then(|(_, digest)| purl::image_digest(digest)) {
                    self.add("image_digest", digest);
                }
                self.add("product", identifier.to_lowercase());
            }
        }
    }

    /// The version of a container image, where it is a digest.
    pub(crate) fn add_image_digest(&mut self, version: &str) {
        if let Some(digest) = purl::image_digest(version) {
            self.add("image_digest", digest);
        }
    }

    fn add_image(&mut self, purl: &PackageUrl<'_>) {
        if !matches!(purl.ty(), "oci" | "docker") {
            return;
        }
        self.add_image_digest(purl.version().unwrap_or_default());
        for (name, qualifier) in [("repository", "repository_url"), ("tag", "tag")] {
            if let Some(value) = purl.qualifiers().get(qualifier) {
                self.add(name, value.to_lowercase());
            }
        }
    }

    fn add(&mut self, name: &'static str, value: String) {
        if !value.is_empty() && value.len() <= MAX_VALUE_BYTES && !value.chars().any(char::is_control) {
            self.pairs.insert((name, value));
        }
    }
}
