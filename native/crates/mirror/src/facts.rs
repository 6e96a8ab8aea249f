use std::borrow::Cow;
use std::collections::BTreeSet;

use serde::Deserialize;
use stella_evidence::purls::package_of_advisory;
use stella_osv::{Package, Range};

use crate::shapes::{Graph, Node, Product, Statement};

type Text<'a> = Cow<'a, str>;

/// What of an advisory whoever watches it wants to know of.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct AdvisoryFacts {
    /// When it was withdrawn.
    pub(crate) withdrawn: Option<String>,
    /// Its ratings, each with its scheme: `CVSS_V3:CVSS:3.1/…`; words as they stand.
    pub(crate) severity: BTreeSet<String>,
    /// `package@version` of every version that a range is fixed by.
    pub(crate) fixed: BTreeSet<String>,
}

#[derive(Deserialize)]
struct Advisory<'a> {
    #[serde(borrow)]
    withdrawn: Option<Text<'a>>,
    #[serde(borrow, default)]
    severity: Vec<Severity<'a>>,
    #[serde(borrow, default)]
    affected: Vec<Affected<'a>>,
    #[serde(borrow)]
    database_specific: Option<DatabaseSpecific<'a>>,
}

#[derive(Deserialize)]
struct Severity<'a> {
    #[serde(borrow, rename = "type")]
    scheme: Text<'a>,
    #[serde(borrow)]
    score: Text<'a>,
}

#[derive(Deserialize)]
struct DatabaseSpecific<'a> {
    /// A word in most sources; other values say nothing here.
    #[serde(borrow)]
    severity: Option<&'a serde_json::value::RawValue>,
}

#[derive(Deserialize)]
struct Affected<'a> {
    #[serde(borrow)]
    package: Option<Package<'a>>,
    #[serde(borrow, default)]
    severity: Vec<Severity<'a>>,
    #[serde(borrow, default)]
    ranges: Vec<Range<'a>>,
}

impl AdvisoryFacts {
    /// Of a line; nothing of one that is not as expected.
    pub(crate) fn of(line: &[u8]) -> Self {
        let Ok(advisory) = serde_json::from_slice::<Advisory<'_>>(line) else { return Self::default() };
        let Advisory { withdrawn, severity, affected, database_specific } = advisory;
        let mut facts = Self { withdrawn: withdrawn.map(Cow::into_owned), ..Self::default() };
        let rated = severity.iter().chain(affected.iter().flat_map(|affected| &affected.severity));
        facts.severity.extend(rated.map(|Severity { scheme, score }| format!("{scheme}:{score}")));
        let word = database_specific.and_then(|given| given.severity).and_then(|raw| serde_json::from_str::<String>(raw.get()).ok());
        facts.severity.extend(word);
        for Affected { package, ranges, .. } in &affected {
            let name = package.as_ref().map(|of| package_of_advisory(of.purl.as_deref(), &of.ecosystem, &of.name)).unwrap_or_default();
            let fixed = ranges.iter().flat_map(|range| &range.events).filter_map(|event| event.fixed.as_ref());
            facts.fixed.extend(fixed.map(|version| format!("{name}@{version}")));
        }
        facts
    }
}

/// What a statement says: the status of each product, as vulnerability, product and status; nothing where one of them has no name.
pub(crate) fn statuses(line: &[u8]) -> Vec<(String, String, String)> {
    let Ok(Statement { vulnerability, products, status }) = serde_json::from_slice::<Statement<'_>>(line) else { return Vec::new() };
    let (Some(name), Some(status)) = (vulnerability.name, status) else { return Vec::new() };
    let of = |product: &Product<'_>| Some((name.to_string(), product.id.as_ref()?.to_string(), status.to_string()));
    products.iter().map(of).collect::<Option<_>>().unwrap_or_default()
}

/// What a bill of materials describes: `name` or `name@version`.
pub(crate) fn subject(line: &[u8]) -> Option<String> {
    let Node { name, version, .. } = serde_json::from_slice::<Graph<'_>>(line).ok()?.subject?;
    let name = name?;
    Some(version.map_or_else(|| name.to_string(), |version| format!("{name}@{version}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn facts_of_an_advisory_are_what_changes_for_whoever_watches_it() {
        let line = br#"{"affected":[{"package":{"ecosystem":"npm","name":"a"},"ranges":[{"events":[{"introduced":"0"},{"fixed":"1.2"}],"type":"SEMVER"}]}],"database_specific":{"severity":"HIGH"},"id":"X","severity":[{"score":"CVSS:3.1/AV:N","type":"CVSS_V3"}],"withdrawn":"2025-01-01T00:00:00Z"}"#;
        let set = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect::<BTreeSet<_>>();
        let expected = AdvisoryFacts {
            withdrawn: Some("2025-01-01T00:00:00Z".into()),
            severity: set(&["CVSS_V3:CVSS:3.1/AV:N", "HIGH"]),
            fixed: set(&["pkg:npm/a@1.2"]),
        };
        assert_eq!(AdvisoryFacts::of(line), expected);
        assert_eq!(AdvisoryFacts::of(br#"{"database_specific":{"severity":{"a":1}}}"#), AdvisoryFacts::default());
    }
}
