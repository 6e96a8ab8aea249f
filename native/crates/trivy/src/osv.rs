use std::borrow::Cow;

use serde::Deserialize;
use serde_json::value::RawValue;
use stella_osv::{Package, Range};

/// What is read of an OSV document (OSV schema 1.7). The ledger took it in, so that its members have these types.
#[derive(Debug, Deserialize)]
pub(crate) struct Osv<'a> {
    #[serde(borrow)]
    pub(crate) id: Cow<'a, str>,
    #[serde(borrow)]
    pub(crate) modified: Cow<'a, str>,
    #[serde(borrow)]
    pub(crate) published: Option<Cow<'a, str>>,
    #[serde(borrow)]
    pub(crate) withdrawn: Option<Cow<'a, str>>,
    pub(crate) aliases: Option<Vec<String>>,
    pub(crate) upstream: Option<Vec<String>>,
    pub(crate) related: Option<Vec<String>>,
    #[serde(borrow)]
    pub(crate) summary: Option<Cow<'a, str>>,
    #[serde(borrow)]
    pub(crate) details: Option<Cow<'a, str>>,
    pub(crate) severity: Option<Vec<Severity>>,
    #[serde(borrow)]
    pub(crate) affected: Option<Vec<Affected<'a>>>,
    pub(crate) references: Option<Vec<Reference>>,
    #[serde(borrow)]
    pub(crate) database_specific: Option<&'a RawValue>,
}

#[derive(Debug, Deserialize)]
pub(crate) struct Severity {
    #[serde(rename = "type")]
    pub(crate) kind: String,
    pub(crate) score: String,
}

#[derive(Debug, Deserialize)]
pub(crate) struct Reference {
    pub(crate) url: String,
}

/// A package, and which versions of it are affected.
#[derive(Debug, Deserialize)]
pub(crate) struct Affected<'a> {
    #[serde(borrow)]
    pub(crate) package: Option<Package<'a>>,
    pub(crate) severity: Option<Vec<Severity>>,
    #[serde(borrow)]
    pub(crate) ranges: Option<Vec<Range<'a>>>,
    pub(crate) versions: Option<Vec<String>>,
    #[serde(borrow)]
    pub(crate) ecosystem_specific: Option<&'a RawValue>,
    #[serde(borrow)]
    pub(crate) database_specific: Option<&'a RawValue>,
}

/// A text member of `database_specific` or `ecosystem_specific`, which may hold anything.
pub(crate) fn specific_text(specific: Option<&RawValue>, member: &str) -> Option<String> {
    match specific_value(specific, member)? {
        serde_json::Value::String(text) => Some(text),
        _ => None,
    }
}

/// The texts of a list among the members of `database_specific`.
pub(crate) fn specific_texts(specific: Option<&RawValue>, member: &str) -> Vec<String> {
    let Some(serde_json::Value::Array(items)) = specific_value(specific, member) else { return Vec::new() };
    let text = |item| if let serde_json::Value::String(text) = item { Some(text) } else { None };
    items.into_iter().filter_map(text).collect()
}

fn specific_value(specific: Option<&RawValue>, member: &str) -> Option<serde_json::Value> {
    let members: serde_json::Map<String, serde_json::Value> = serde_json::from_str(specific?.get()).ok()?;
    members.into_iter().find_map(|(name, value)| (name == member).then_some(value))
}
