use std::borrow::Cow;

use crate::advisory::Advisory;
use crate::ids::{Ids, ids};
use crate::language::{Language, language};
use crate::omission::Omission;
use crate::osv::{Affected, Osv};
use crate::ranges::{constraints, fixed_version};
use crate::red_hat::{self, RedHat};
use crate::severity::{Scores, label_of_document, urgency};
use crate::source::{Source, source_of};
use crate::system::{System, is_system, system};
use crate::version_order::Order;
use crate::vulnerability::Vulnerability;

/// Longest name of a package: with its bucket's it is no longer than a key of bbolt may be.
const MAX_NAME_BYTES: usize = 32_768;

/// Takes what a document states, one affected package after the other.
pub(crate) trait Sink {
    type Error;
    /// A package that a vulnerability affects.
    fn advisory(&mut self, at: Place<'_>, stated: &Stated) -> Result<(), Self::Error>;
    /// What is told of a vulnerability, by a source in a document.
    fn vulnerability(&mut self, id: &str, by: (&Source, &str), told: &Vulnerability) -> Result<(), Self::Error>;
    /// A statement that has a place in the database.
    fn written(&mut self, database: &str);
    /// A statement that has none.
    fn omitted(&mut self, left_out: LeftOut<'_>) -> Result<(), Self::Error>;
}

/// What is stated of a package and a vulnerability, in the form of its bucket.
#[derive(Debug)]
pub(crate) enum Stated {
    Advisory(Advisory),
    RedHat(RedHat<String>),
}

/// Where an advisory lies.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Place<'a> {
    pub(crate) bucket: &'a str,
    pub(crate) source: &'a Source,
    /// How versions of a distribution are ordered.
    pub(crate) order: Option<Order>,
    pub(crate) package: &'a str,
    pub(crate) id: &'a str,
}

/// A statement without a place.
#[derive(Debug, Clone, Copy)]
pub(crate) struct LeftOut<'a> {
    /// The document, and which of its affected packages.
    pub(crate) document: &'a str,
    pub(crate) index: usize,
    pub(crate) database: &'a str,
    pub(crate) ecosystem: Option<&'a str>,
    pub(crate) package: Option<&'a str>,
    pub(crate) reason: Omission,
}

/// The database that a document is of: what its id begins with.
pub(crate) fn database_of(id: &str) -> &str {
    let end = id.find(|character: char| !character.is_ascii_alphanumeric() && character != '_').unwrap_or(id.len());
    if end == 0 { "unknown" } else { &id[..end] }
}

/// Gives every statement of a document to `sink`: each affected package is one, and a document without any is one.
pub(crate) fn map<S: Sink>(document: &Osv<'_>, sink: &mut S) -> Result<(), S::Error> {
    let database = database_of(&document.id);
    let statements = document.affected.as_deref().unwrap_or_default();
    let left_out = LeftOut {
        document: &document.id,
        index: 0,
        database,
        ecosystem: None,
        package: None,
        reason: if document.withdrawn.is_some() { Omission::Withdrawn } else { Omission::NoPackage },
    };
    if statements.is_empty() {
        return sink.omitted(left_out);
    }
    let mut given = Vec::new();
    for (index, affected) in statements.iter().enumerate() {
        match place(document, affected) {
            Ok(placed) => {
                placed.give(sink)?;
                tell(document, affected, &placed, &mut given, sink)?;
                sink.written(database);
            }
            Err(reason) => {
                let package = affected.package.as_ref();
                let (ecosystem, package) = (package.map(|package| &*package.ecosystem), package.map(|package| &*package.name));
                sink.omitted(LeftOut { index, ecosystem, package, reason, ..left_out })?;
            }
        }
    }
    Ok(())
}

/// A statement that has a place, and what is written there.
struct Placed {
    bucket: String,
    source: Cow<'static, Source>,
    order: Option<Order>,
    packages: Vec<String>,
    /// Of an erratum, which holds the vulnerabilities that it is about: its own. Otherwise each of them is a key.
    key: Option<String>,
    ids: Ids,
    stated: Stated,
}

fn place(document: &Osv<'_>, affected: &Affected<'_>) -> Result<Placed, Omission> {
    if document.withdrawn.is_some() {
        return Err(Omission::Withdrawn);
    }
    let package = affected.package.as_ref().ok_or_else(|| without_package(affected))?;
    let placed = match language(&package.ecosystem) {
        Some(language) => in_language(document, affected, language)?,
        None => match system(&package.ecosystem) {
            Some((system, bucket)) => in_system(document, affected, system, bucket)?,
            None if is_system(&package.ecosystem) => return Err(Omission::UnknownRelease),
            None => return Err(Omission::UnknownEcosystem),
        },
    };
    let is_name = |name: &String| !name.is_empty() && name.len() <= MAX_NAME_BYTES && !name.contains('\0');
    if placed.packages.iter().all(is_name) { Ok(placed) } else { Err(Omission::PackageName) }
}

/// Commits are named instead of a package.
fn without_package(affected: &Affected<'_>) -> Omission {
    let ranges = affected.ranges.as_deref().unwrap_or_default();
    if !ranges.is_empty() && ranges.iter().all(|range| range.kind == "GIT") { Omission::GitOnly } else { Omission::NoPackage }
}

fn in_language(document: &Osv<'_>, affected: &Affected<'_>, language: &Language) -> Result<Placed, Omission> {
    let constraints = constraints(affected, language)?;
    let ids = ids(document, None)?;
    let source = source_of(&document.id, language);
    let name = affected.package.as_ref().map(|package| &*package.name).unwrap_or_default();
    Ok(Placed {
        bucket: format!("{}::{}", language.slug, source.name),
        source: Cow::Owned(source),
        order: None,
        packages: language.names(name),
        key: None,
        stated: Stated::Advisory(Advisory {
            vendor_ids: ids.vendor.clone(),
            vulnerable_versions: constraints.vulnerable,
            patched_versions: constraints.patched,
            ..Advisory::default()
        }),
        ids,
    })
}

fn in_system(document: &Osv<'_>, affected: &Affected<'_>, system: &'static System, bucket: String) -> Result<Placed, Omission> {
    let fixed_version = fixed_version(affected, system)?.unwrap_or_default();
    let ids = ids(document, Some(system))?;
    if bucket == red_hat::BUCKET {
        return of_red_hat(document, affected, system, (fixed_version, ids));
    }
    let name = affected.package.as_ref().map(|package| package.name.to_string()).unwrap_or_default();
    // Trivy takes the severity of a package of Debian alone from here.
    let severity = if system.source.id == "debian" { urgency(affected).unwrap_or_default() } else { 0 };
    Ok(Placed {
        bucket,
        source: Cow::Borrowed(&system.source),
        order: Some(system.order),
        packages: vec![name],
        key: None,
        stated: Stated::Advisory(Advisory { vendor_ids: ids.vendor.clone(), severity, fixed_version, ..Advisory::default() }),
        ids,
    })
}

/// Of Red Hat the key is the erratum's, and what it fixes lies within; a CVE is a key itself.
fn of_red_hat(
    document: &Osv<'_>,
    affected: &Affected<'_>,
    system: &'static System,
    (fixed_version, ids): (String, Ids),
) -> Result<Placed, Omission> {
    let package = affected.package.as_ref();
    let product = package.and_then(|package| package.ecosystem.split_once(':')).map(|(_, product)| product).unwrap_or_default();
    let name = package.map(|package| red_hat::package_name(&package.name, package.purl.as_deref())).unwrap_or_default();
    if red_hat::is_of_module(&fixed_version) && !name.contains("::") {
        return Err(Omission::NoModule);
    }
    let own = affected.severity.as_deref().filter(|ratings| !ratings.is_empty()).or(document.severity.as_deref());
    let severity = label_of_document(document).or_else(|| Scores::of(own.unwrap_or_default()).severity()).unwrap_or_default();
    let key = (!document.id.starts_with("CVE-")).then(|| document.id.to_string());
    let advisory = RedHat::of(key.as_ref().map(|_| &ids.keys[..]), severity, (fixed_version, product));
    Ok(Placed {
        bucket: red_hat::BUCKET.to_owned(),
        source: Cow::Borrowed(&system.source),
        order: Some(system.order),
        packages: vec![name],
        key,
        stated: Stated::RedHat(advisory),
        ids,
    })
}

impl Placed {
    fn give<S: Sink>(&self, sink: &mut S) -> Result<(), S::Error> {
        let Self { bucket, source, order, packages, key, ids, stated } = self;
        for id in key.as_ref().map_or(&ids.keys[..], std::slice::from_ref) {
            for package in packages {
                sink.advisory(Place { bucket, source, order: *order, package, id }, stated)?;
            }
        }
        Ok(())
    }
}

/// Tells of the vulnerabilities of a document once for each source and each score of a single package, which are in `given`, however
/// many packages they affect.
fn tell<S: Sink>(
    document: &Osv<'_>,
    affected: &Affected<'_>,
    placed: &Placed,
    given: &mut Vec<(&'static str, Option<Scores>)>,
    sink: &mut S,
) -> Result<(), S::Error> {
    let Placed { source, ids, .. } = placed;
    let own = Some(Scores::of(affected.severity.as_deref().unwrap_or_default())).filter(|scores| !scores.is_empty());
    if given.iter().any(|(id, scores)| *id == source.id && *scores == own) {
        return Ok(());
    }
    let told = Vulnerability::of(document, source.id, own.clone());
    for id in &ids.keys {
        sink.vulnerability(id, (source, &document.id), &told)?;
    }
    given.push((source.id, own));
    Ok(())
}
