use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;
use stella_evidence::purls::{self, package_of_advisory};
use stella_osv::Package;

use crate::kind::Kind;
use crate::shapes::{Graph, Product, Statement, Vulnerability};

/// Between the parts of a term that has two. No part holds it.
pub(crate) const PART: char = '\0';
/// Longer terms are left out: nobody looks for them, and the index stays one that is read line by line.
const MAX_TERM_BYTES: usize = 1024;

/// The names by which a record is found: the number of a section of the index of its kind, and a name in it; those of the section `products`
/// are of two parts, product and vulnerability, and it is told of them whether the record itself gives the name, or one that says more.
pub(crate) type Terms = BTreeMap<(u8, String), bool>;

/// The terms of a record. A record that is not as expected has none: it stays in the mirror, found by its key.
pub(crate) fn terms_of(kind: Kind, line: &[u8]) -> Terms {
    let mut terms = Terms::new();
    let read = match kind {
        Kind::Advisory => serde_json::from_slice(line).map(|advisory| of_advisory(&advisory, &mut terms)),
        Kind::Vex => serde_json::from_slice(line).map(|statement| of_statement(&statement, &mut terms)),
        Kind::Sbom => serde_json::from_slice(line).map(|graph| of_graph(&graph, &mut terms)),
    };
    if read.is_err() {
        terms.clear();
    }
    terms
}

/// More qualifiers, versions and subpaths of one purl are not left out one by one.
const MAX_DETAILS: usize = 6;

/// The names that hold for what is asked about besides its own, where a record itself gives them: of a product the purls that say less of it. A
/// statement about `pkg:deb/debian/curl` holds for each version of it on each architecture.
pub(crate) fn general_names(list: &str, name: &str) -> Vec<String> {
    if list == "products" { purls::general(name, MAX_DETAILS) } else { Vec::new() }
}

/// A name as a list of an index has it: purls as their specification writes them, and where they are not told apart by qualifiers and subpath
/// without these.
pub(crate) fn asked_name<'n>(list: &str, name: &'n str) -> Cow<'n, str> {
    let purl = match list {
        "products" => purls::canonical(name),
        "components" | "subjects" => purls::forms(name).pop(),
        _ => None,
    };
    purl.map_or(Cow::Borrowed(name), Cow::Owned)
}

fn add(terms: &mut Terms, section: u8, term: impl Into<String>) {
    let term = term.into();
    if !term.is_empty() && term.len() <= MAX_TERM_BYTES && !term.contains(PART) {
        terms.insert((section, term), false);
    }
}

type Text<'a> = Cow<'a, str>;

#[derive(Deserialize)]
struct Advisory<'a> {
    #[serde(borrow, default)]
    aliases: Vec<Text<'a>>,
    #[serde(borrow, default)]
    upstream: Vec<Text<'a>>,
    #[serde(borrow, default)]
    affected: Vec<Affected<'a>>,
}

#[derive(Deserialize)]
struct Affected<'a> {
    #[serde(borrow)]
    package: Option<Package<'a>>,
}

fn of_advisory(advisory: &Advisory<'_>, terms: &mut Terms) {
    for alias in advisory.aliases.iter().chain(&advisory.upstream) {
        add(terms, 0, alias.as_ref());
    }
    for package in advisory.affected.iter().filter_map(|affected| affected.package.as_ref()) {
        // Sources differ in how they write a name as a purl: `jw.util` of PyPI is also `jw-util`.
        for purl in package.purl.as_deref().map(Some).into_iter().chain([None]) {
            add(terms, 1, package_of_advisory(purl, &package.ecosystem, &package.name));
        }
    }
}

fn of_statement(statement: &Statement<'_>, terms: &mut Terms) {
    let Vulnerability { name, aliases } = &statement.vulnerability;
    let vulnerabilities: BTreeSet<&str> = name.iter().chain(aliases).map(AsRef::as_ref).collect();
    let mut products = BTreeMap::new();
    for product in &statement.products {
        names_of(product, true, &mut products);
        product.subcomponents.iter().for_each(|part| names_of(part, false, &mut products));
    }
    for vulnerability in &vulnerabilities {
        add(terms, 1, *vulnerability);
        if vulnerability.contains(PART) {
            continue;
        }
        for (product, is_given) in products.iter().filter(|(product, _)| !product.contains(PART)) {
            let both = format!("{product}{PART}{vulnerability}");
            if both.len() <= 2 * MAX_TERM_BYTES {
                terms.insert((0, both), *is_given);
            }
        }
    }
}

/// A product by every identifier; by a purl also as its specification writes it, without its qualifiers, and without its version. A statement gives
/// the first two of a whole product, and of a part none: what it says of one is said of that product alone.
fn names_of(product: &Product<'_>, is_whole: bool, names: &mut BTreeMap<String, bool>) {
    let identifiers = product.identifiers.iter().flat_map(|given| [&given.purl, &given.cpe23, &given.cpe22]).flatten();
    for name in product.id.iter().chain(identifiers) {
        for given in purls::canonical(name).into_iter().chain([name.to_string()]) {
            *names.entry(given).or_default() |= is_whole;
        }
        for form in purls::forms(name) {
            names.entry(form).or_default();
        }
    }
}

fn of_graph(graph: &Graph<'_>, terms: &mut Terms) {
    for purl in graph.components.iter().filter_map(|component| component.purl.as_ref()) {
        purls::forms(purl).into_iter().for_each(|form| add(terms, 0, form));
    }
    let Some(subject) = &graph.subject else { return };
    if let Some(name) = &subject.name {
        add(terms, 1, name.as_ref());
        if let Some(version) = &subject.version {
            add(terms, 1, format!("{name}@{version}"));
        }
    }
    if let Some(purl) = &subject.purl {
        purls::forms(purl).into_iter().for_each(|form| add(terms, 1, form));
    }
    subject.image_digests.iter().for_each(|digest| add(terms, 1, digest.as_ref()));
}
