use std::collections::{BTreeMap, BTreeSet, HashSet};

use stella_canonical::{Object, Refusal, Value};

use crate::graph::{by_ref, hash, image_digests, set_list};
use crate::hash_length;
use crate::not_held::NotHeld;
use crate::purl;
use crate::shape::Path;

/// Relationships that are dependencies, and whether their first element is the one that depends (SPDX 2.3, 11.1).
static DEPENDENCIES: [(&str, bool); 12] = [
    ("DEPENDS_ON", true),
    ("STATIC_LINK", true),
    ("DYNAMIC_LINK", true),
    ("HAS_PREREQUISITE", true),
    ("DEPENDENCY_OF", false),
    ("BUILD_DEPENDENCY_OF", false),
    ("DEV_DEPENDENCY_OF", false),
    ("OPTIONAL_DEPENDENCY_OF", false),
    ("PROVIDED_DEPENDENCY_OF", false),
    ("RUNTIME_DEPENDENCY_OF", false),
    ("TEST_DEPENDENCY_OF", false),
    ("PREREQUISITE_FOR", false),
];
/// Checksum algorithms of SPDX whose names CycloneDX, and with it the graph, spells differently.
const ALGORITHMS: [(&str, &str); 4] = [("SHA1", "SHA-1"), ("SHA256", "SHA-256"), ("SHA384", "SHA-384"), ("SHA512", "SHA-512")];

/// Packages and what they depend on or contain, in one form and order, whatever the order of the document.
///
/// # Errors
/// Two packages of one id; a checksum that cannot be of its algorithm.
pub(crate) fn graph(document: &Value<'_>, not_held: &mut NotHeld) -> Result<Value<'static>, Refusal> {
    let subjects = described(document);
    let subject = if let [subject] = subjects.as_slice() { Some(*subject) } else { None };
    let mut ids = HashSet::new();
    let mut components = Vec::new();
    let at_list = Path::Member(&Path::Root, "packages");
    for (index, package) in document.get_list("packages").iter().enumerate() {
        let at = Path::Item(&at_list, index);
        if !ids.insert(package.get_text("SPDXID").unwrap_or_default()) {
            return Err(Path::Member(&at, "SPDXID").refusal("a package with this id was there before"));
        }
        check_checksums(package, &at)?;
        if subject.is_none_or(|subject| !std::ptr::eq(subject, package)) {
            components.push(node(package, not_held));
        }
    }
    let mut graph = Object::from_iter([
        ("format", Value::text("SPDX")),
        ("spec_version", Value::text(document.get_text("spdxVersion").unwrap_or_default().trim_start_matches("SPDX-").to_owned())),
        ("serial_number", Value::text(document.get_text("documentNamespace").unwrap_or_default().to_owned())),
        ("components", by_ref(components)),
        ("dependencies", edges(document, not_held)),
    ]);
    if let Some(subject) = subject {
        graph.insert("subject", node(subject, not_held));
    }
    Ok(Value::Object(graph))
}

/// Whether the graph carries relationships of this type.
pub(crate) fn is_carried(kind: &str) -> bool {
    matches!(kind, "CONTAINS" | "CONTAINED_BY" | "DESCRIBES" | "DESCRIBED_BY") || DEPENDENCIES.iter().any(|(known, _)| *known == kind)
}

/// The packages that the document says it describes.
pub(crate) fn described<'v, 'a>(document: &'v Value<'a>) -> Vec<&'v Value<'a>> {
    let mut ids: BTreeSet<&str> = document.get_list("documentDescribes").iter().filter_map(Value::as_text).collect();
    for relationship in document.get_list("relationships") {
        let end = |member| relationship.get_text(member).unwrap_or_default();
        match (end("spdxElementId"), end("relationshipType"), end("relatedSpdxElement")) {
            ("SPDXRef-DOCUMENT", "DESCRIBES", id) | (id, "DESCRIBED_BY", "SPDXRef-DOCUMENT") => ids.insert(id),
            _ => false,
        };
    }
    let packages = document.get_list("packages").iter();
    packages.filter(|package| package.get_text("SPDXID").is_some_and(|id| ids.contains(id))).collect()
}

/// Locators of a package's external references of one type, in byte order; purls as far as they are any.
pub(crate) fn external<'v>(package: &'v Value<'_>, wanted: &str) -> BTreeSet<&'v str> {
    let references = package.get_list("externalRefs").iter();
    references
        .filter(|reference| reference.get_text("referenceType") == Some(wanted))
        .filter_map(|reference| reference.get_text("referenceLocator"))
        .filter(|locator| wanted != "purl" || purl::parse(locator).is_some())
        .collect()
}

fn node(package: &Value<'_>, not_held: &mut NotHeld) -> Value<'static> {
    let purls = external(package, "purl");
    let cpes = external(package, "cpe23Type").into_iter().chain(external(package, "cpe22Type")).collect::<Vec<_>>();
    let (purl, cpe) = (purls.first().copied(), cpes.first().copied());
    if package.get_list("externalRefs").len() > usize::from(purl.is_some()) + usize::from(cpe.is_some()) {
        not_held.add("/packages/*/externalRefs");
    }
    let purpose = package.get_text("primaryPackagePurpose").map(str::to_lowercase);
    let (name, version) = (package.get_text("name").unwrap_or_default(), package.get_text("versionInfo"));
    let mut node = Object::default();
    for (member, text) in [
        ("ref", package.get_text("SPDXID")),
        ("name", Some(name)),
        ("version", version),
        ("type", purpose.as_deref()),
        ("purl", purl),
        ("cpe", cpe),
    ] {
        if let Some(text) = text {
            node.insert(member, Value::text(text.to_owned()));
        }
    }
    set_list(&mut node, "image_digests", image_digests(name, version, purl));
    set_list(&mut node, "hashes", package.get_list("checksums").iter().map(checksum).collect());
    set_list(&mut node, "licenses", licenses(package));
    Value::Object(node)
}

fn check_checksums(package: &Value<'_>, at: &Path<'_>) -> Result<(), Refusal> {
    let at_list = Path::Member(at, "checksums");
    package.get_list("checksums").iter().enumerate().try_for_each(|(index, checksum)| {
        let of = |member| checksum.get_text(member).unwrap_or_default();
        hash_length::check(of("algorithm"), of("checksumValue"), &Path::Member(&Path::Item(&at_list, index), "checksumValue"))
    })
}

fn checksum(checksum: &Value<'_>) -> Value<'static> {
    let algorithm = checksum.get_text("algorithm").unwrap_or_default();
    let known = ALGORITHMS.iter().find(|(spdx, _)| *spdx == algorithm).map(|(_, ours)| *ours);
    hash(known.unwrap_or(algorithm), checksum.get_text("checksumValue").unwrap_or_default())
}

/// What was concluded and what was declared, where either says something.
fn licenses(package: &Value<'_>) -> Vec<Value<'static>> {
    let told = ["licenseConcluded", "licenseDeclared"].into_iter().filter_map(|member| package.get_text(member));
    told.filter(|text| !matches!(*text, "NOASSERTION" | "NONE" | "")).map(|text| Value::text(text.to_owned())).collect()
}

fn edges(document: &Value<'_>, not_held: &mut NotHeld) -> Value<'static> {
    let mut edges: BTreeMap<&str, [BTreeSet<&str>; 2]> = BTreeMap::new();
    for relationship in document.get_list("relationships") {
        let end = |member| relationship.get_text(member).unwrap_or_default();
        let (from, kind, to) = (end("spdxElementId"), end("relationshipType"), end("relatedSpdxElement"));
        let depends = DEPENDENCIES.iter().find(|(known, _)| *known == kind).map(|(_, forward)| *forward);
        let (list, forward) = match (depends, kind) {
            (Some(forward), _) => (0, forward),
            (None, "CONTAINS") => (1, true),
            (None, "CONTAINED_BY") => (1, false),
            (None, "DESCRIBES" | "DESCRIBED_BY") => continue,
            (None, _) => {
                not_held.add("/relationships/*");
                continue;
            }
        };
        // SPDX 2.3, 11.1: what is not known to be there, and what is known not to be.
        if matches!(to, "NOASSERTION" | "NONE") {
            continue;
        }
        let (whole, part) = if forward { (from, to) } else { (to, from) };
        edges.entry(whole).or_default()[list].insert(part);
    }
    let texts = |texts: BTreeSet<&str>| Value::List(texts.into_iter().map(|text| Value::text(text.to_owned())).collect());
    let edge = |(reference, [depends_on, contains]): (&str, [BTreeSet<&str>; 2])| {
        let mut edge = Object::from_iter([("ref", Value::text(reference.to_owned())), ("depends_on", texts(depends_on))]);
        if !contains.is_empty() {
            edge.insert("contains", texts(contains));
        }
        Value::Object(edge)
    };
    by_ref(edges.into_iter().map(edge).collect())
}
