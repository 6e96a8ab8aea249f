use std::borrow::Cow;

use serde::Deserialize;

/// What is read of an OSV record (OSV schema 1.7) to evaluate it.
#[derive(Debug, Deserialize)]
pub(crate) struct Advisory<'a> {
    #[serde(borrow)]
    pub(crate) withdrawn: Option<Cow<'a, str>>,
    #[serde(borrow)]
    pub(crate) affected: Option<Vec<Affected<'a>>>,
}

/// A package, and which versions of it are affected.
#[derive(Debug, Deserialize)]
pub(crate) struct Affected<'a> {
    #[serde(borrow)]
    pub(crate) package: Option<Package<'a>>,
    #[serde(borrow)]
    pub(crate) ranges: Option<Vec<Range<'a>>>,
    #[serde(borrow)]
    pub(crate) versions: Option<Vec<Cow<'a, str>>>,
}

#[derive(Debug, Deserialize)]
pub(crate) struct Package<'a> {
    #[serde(borrow)]
    pub(crate) ecosystem: Cow<'a, str>,
    #[serde(borrow)]
    pub(crate) name: Cow<'a, str>,
    #[serde(borrow)]
    pub(crate) purl: Option<Cow<'a, str>>,
}

#[derive(Debug, Deserialize)]
pub(crate) struct Range<'a> {
    #[serde(rename = "type", borrow)]
    pub(crate) kind: Cow<'a, str>,
    #[serde(borrow)]
    pub(crate) events: Vec<Event<'a>>,
}

/// One of its members is there.
#[derive(Debug, Deserialize)]
pub(crate) struct Event<'a> {
    #[serde(borrow)]
    pub(crate) introduced: Option<Cow<'a, str>>,
    #[serde(borrow)]
    pub(crate) fixed: Option<Cow<'a, str>>,
    #[serde(borrow)]
    pub(crate) last_affected: Option<Cow<'a, str>>,
    #[serde(borrow)]
    pub(crate) limit: Option<Cow<'a, str>>,
}
