use std::collections::BTreeSet;

use packageurl::PackageUrl;
use sha2::{Digest, Sha256};

use crate::ecosystem::{ecosystem_of, purl_of};
use crate::purl;

/// Longer values are left out: no filter names them, and they would not fit a database index page.
const MAX_VALUE_BYTES: usize = 1_024;

/// Stands between a name and a value where both are hashed; no value holds it.
const SEPARATOR: u8 = 0x1f;

/// What the ledger keeps of a pair: the first half of the SHA-256 over name, 0x1f and value.
pub type SelectorDigest = [u8; 16];

/// What a filter may select a record by: pairs of a name and a value, each once, in order.
///
/// Names: `ecosystem`; of a package named with a version `package_version` (its purl with version, without qualifiers and subpath) and
/// `package` (the same without the version), of one named without any `package_any` alone; `product`, `image_digest`, `repository`, `tag`.
/// Values are lower case, but purls, which are normalized by the rules of their type (github.com/package-url/purl-spec) and may need
/// their case.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Selectors {
    pairs: BTreeSet<(&'static str, String)>,
}

impl Selectors {
    /// The pairs of name and value, in order.
    pub fn iter(&self) -> impl Iterator<Item = (&'static str, &str)> {
        self.pairs.iter().map(|(name, value)| (*name, value.as_str()))
    }

    /// The digest of each pair, in the order of `iter`.
    pub fn digests(&self) -> impl Iterator<Item = SelectorDigest> {
        self.iter().map(|(name, value)| digest(name, value))
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
        self.add("package_any", purl::base(purl));
    }

    /// A package that a VEX statement or a bill of materials names by its purl; what does not parse selects nothing.
    pub(crate) fn add_package(&mut self, text: &str) {
        let Some(purl) = purl::parse(text) else { return };
        if let Some(ecosystem) = ecosystem_of(&purl) {
            self.add("ecosystem", ecosystem.to_lowercase());
        }
        match purl.version() {
            Some(_) => {
                self.add("package", purl::base(purl.clone()));
                self.add("package_version", purl::versioned(purl.clone()));
            }
            None => self.add("package_any", purl::base(purl.clone())),
        }
        self.add_image(&purl);
    }

    /// An identifier of a product: a purl as given, in its normal form, and without qualifiers; anything else in lower case.
    pub(crate) fn add_product(&mut self, identifier: &str) {
        match purl::parse(identifier) {
            Some(purl) => {
                self.add("product", identifier.to_owned());
                self.add("product", purl::versioned(purl.clone()));
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

fn digest(name: &str, value: &str) -> SelectorDigest {
    let hashed = Sha256::new().chain_update(name).chain_update([SEPARATOR]).chain_update(value).finalize();
    let mut digest = SelectorDigest::default();
    digest.copy_from_slice(&hashed[..size_of::<SelectorDigest>()]);
    digest
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `printf 'ecosystem\037npm' | sha256sum`, and the same of `package_any` and the purl: the first half each.
    #[test]
    fn digests_are_of_name_and_value() {
        let mut selectors = Selectors::default();
        selectors.add_ecosystem("npm");
        selectors.add_advisory_package(None, "npm", "b");
        let found: Vec<_> = selectors.digests().map(u128::from_be_bytes).collect();
        assert_eq!(found, [0xc95404579c5de4cb5e097d941514d4ae, 0x5f69b5d338f37473e9020a69af88817b]);
    }
}
