use std::borrow::Cow;

use serde::Deserialize;
use stella_osv::{Package, Range};

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
