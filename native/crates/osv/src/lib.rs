//! The parts of an OSV record (OSV schema 1.7, `affected[]`) that say which versions of which package are affected, borrowed from its text. The
//! ledger took the record in, so that its members have these types; each reader names the members that it reads around them.

use std::borrow::Cow;

use serde::Deserialize;

/// `package`: what is affected.
#[derive(Debug, Deserialize)]
pub struct Package<'a> {
    /// Name of the ecosystem, with its release where it has one: `Debian:12`.
    #[serde(borrow)]
    pub ecosystem: Cow<'a, str>,
    /// Name within the ecosystem.
    #[serde(borrow)]
    pub name: Cow<'a, str>,
    /// Package URL, without a version.
    #[serde(borrow)]
    pub purl: Option<Cow<'a, str>>,
}

/// `ranges[]`: versions that are affected, by what happens along them.
#[derive(Debug, Deserialize)]
pub struct Range<'a> {
    /// `SEMVER`, `ECOSYSTEM` or `GIT`.
    #[serde(rename = "type", borrow)]
    pub kind: Cow<'a, str>,
    /// In no order.
    #[serde(borrow)]
    pub events: Vec<Event<'a>>,
}

/// `events[]`: one of its members is there.
#[derive(Debug, Deserialize)]
pub struct Event<'a> {
    /// The first version that is affected; `0` is before all.
    #[serde(borrow)]
    pub introduced: Option<Cow<'a, str>>,
    /// The first version that is not any more.
    #[serde(borrow)]
    pub fixed: Option<Cow<'a, str>>,
    /// The last version that is.
    #[serde(borrow)]
    pub last_affected: Option<Cow<'a, str>>,
    /// Where the range ends, whatever is affected beyond.
    #[serde(borrow)]
    pub limit: Option<Cow<'a, str>>,
}
