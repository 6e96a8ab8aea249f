use std::borrow::Cow;
use std::str::FromStr;

use packageurl::PackageUrl;
use serde::Deserialize;

use crate::jar::Jar;
use crate::omission::Omission;

/// Beginning of the purl of a Maven package.
const MAVEN: &str = "pkg:maven/";
/// Longest purl that is read.
const MAX_PURL_BYTES: usize = 4_096;
/// Most SHA-1 digests of one component.
const MAX_DIGESTS: usize = 16;

/// A graph of a bill of materials (`contracts/mappings/sbom-graph-1.json`), as far as it tells of files.
#[derive(Deserialize)]
pub(crate) struct Graph<'a> {
    #[serde(borrow)]
    subject: Option<Component<'a>>,
    #[serde(borrow, default)]
    components: Vec<Component<'a>>,
}

#[derive(Deserialize)]
pub(crate) struct Component<'a> {
    #[serde(borrow)]
    pub(crate) purl: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    hashes: Vec<Hash<'a>>,
}

#[derive(Deserialize)]
struct Hash<'a> {
    #[serde(borrow)]
    alg: Cow<'a, str>,
    #[serde(borrow)]
    content: Cow<'a, str>,
}

impl<'a> Graph<'a> {
    pub(crate) fn components(&self) -> impl Iterator<Item = &Component<'a>> {
        self.subject.iter().chain(&self.components)
    }
}

impl Component<'_> {
    /// The files that it states, one a SHA-1; none of what is no Maven package.
    pub(crate) fn jars(&self) -> Vec<Result<Jar<'_>, Omission>> {
        let text = self.purl.as_deref().unwrap_or_default();
        if !text.get(..MAVEN.len()).is_some_and(|beginning| beginning.eq_ignore_ascii_case(MAVEN)) {
            return Vec::new();
        }
        let purl = PackageUrl::from_str(text).ok().filter(|_| text.len() <= MAX_PURL_BYTES);
        let Some(purl) = purl else { return vec![Err(Omission::Coordinates)] };
        // purl-spec, types: `type` is the packaging, a JAR where it is absent.
        if purl.qualifiers().get("type").is_some_and(|packaging| packaging.eq_ignore_ascii_case("pom")) {
            return vec![Err(Omission::Pom)];
        }
        let jar = |sha1: Option<Cow<'_, str>>| Jar {
            group_id: purl.namespace().unwrap_or_default().to_owned().into(),
            artifact_id: purl.name().to_owned().into(),
            version: purl.version().unwrap_or_default().to_owned().into(),
            classifier: purl.qualifiers().get("classifier").map(|text| text.to_string().into()),
            sha1: sha1.map(|text| text.into_owned().into()),
        };
        let digests: Vec<_> =
            self.hashes.iter().filter(|hash| hash.alg == "SHA-1").map(|hash| Ok(jar(Some(hash.content.clone())))).collect();
        match digests.len() {
            0 => vec![Ok(jar(None))],
            1..=MAX_DIGESTS => digests,
            _ => vec![Err(Omission::ManySha1)],
        }
    }
}
