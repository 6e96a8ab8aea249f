use stella_canonical::{Object, Value};

use crate::cyclonedx_own_refs::OwnRefs;
use crate::cyclonedx_refs::Refs;
use crate::graph::{by_ref, by_text, hash, image_digests, set_list};
use crate::not_held::NotHeld;

/// Components and dependencies in one form and order, whatever the order of the document. Dependencies of nothing or on nothing, which
/// generators write, are named as not held.
pub(crate) fn graph(document: &Value<'_>, refs: &Refs<'_, '_>, not_held: &mut NotHeld) -> Value<'static> {
    let own = OwnRefs::of(document, refs);
    let mut components = Vec::new();
    each_component(document, &mut |component| components.push(node(component, &own)));
    let is_named = |reference: &str| refs.contains_key(reference) || own.has(reference) || reference.starts_with("urn:cdx:");
    let mut edges = Vec::new();
    for dependency in document.get_list("dependencies") {
        if dependency.get_text("ref").is_some_and(is_named) {
            edges.push(edge(dependency, is_named, not_held));
        } else {
            not_held.add("/dependencies/*");
        }
    }
    let mut graph = Object::from_iter([
        ("format", Value::text("CycloneDX")),
        ("spec_version", Value::text(document.get_text("specVersion").unwrap_or_default().to_owned())),
        ("components", by_ref(components)),
        ("dependencies", by_ref(edges)),
    ]);
    if let Some(serial) = document.get_text("serialNumber") {
        graph.insert("serial_number", Value::text(serial.to_owned()));
    }
    if let Some(subject) = subject(document) {
        graph.insert("subject", node(subject, &own));
    }
    Value::Object(graph)
}

/// What the bill of materials describes.
pub(crate) fn subject<'v, 'a>(document: &'v Value<'a>) -> Option<&'v Value<'a>> {
    document.get("metadata")?.get("component")
}

/// Every component but the subject, and all that each is assembled from, the subject too.
pub(crate) fn each_component<'v, 'a>(document: &'v Value<'a>, work: &mut impl FnMut(&'v Value<'a>)) {
    let listed = document.get_list("components").iter();
    listed.chain(subject(document).into_iter().flat_map(|subject| subject.get_list("components"))).for_each(|part| each_part(part, work));
}

fn each_part<'v, 'a>(component: &'v Value<'a>, work: &mut impl FnMut(&'v Value<'a>)) {
    work(component);
    for part in component.get_list("components") {
        each_part(part, work);
    }
}

fn node(component: &Value<'_>, own: &OwnRefs) -> Value<'static> {
    let owned = |member: &str| component.get_text(member).map(|text| Value::text(text.to_owned()));
    let mut node = Object::default();
    node.insert("ref", owned("bom-ref").unwrap_or_else(|| Value::text(own.get(component).to_owned())));
    for member in ["type", "group", "name", "version", "purl", "cpe"] {
        if let Some(text) = owned(member) {
            node.insert(member, text);
        }
    }
    let (name, version) = (component.get_text("name").unwrap_or_default(), component.get_text("version"));
    set_list(&mut node, "image_digests", image_digests(name, version, component.get_text("purl")));
    let hashes = component.get_list("hashes").iter();
    let hashes = hashes.map(|given| hash(given.get_text("alg").unwrap_or_default(), given.get_text("content").unwrap_or_default()));
    set_list(&mut node, "hashes", hashes.collect());
    set_list(&mut node, "licenses", component.get_list("licenses").iter().filter_map(license).collect());
    Value::Object(node)
}

fn license(choice: &Value<'_>) -> Option<Value<'static>> {
    let license = choice.get("license");
    let named = choice.get_text("expression").or_else(|| license?.get_text("id")).or_else(|| license?.get_text("name"));
    named.map(|text| Value::text(text.to_owned()))
}

fn edge(dependency: &Value<'_>, is_named: impl Fn(&str) -> bool, not_held: &mut NotHeld) -> Value<'static> {
    let text = |text: &str| Value::text(text.to_owned());
    let mut depends_on = Vec::new();
    for reference in dependency.get_list("dependsOn").iter().filter_map(Value::as_text) {
        if is_named(reference) {
            depends_on.push(text(reference));
        } else {
            not_held.add("/dependencies/*/dependsOn/*");
        }
    }
    let reference = dependency.get_text("ref").unwrap_or_default();
    Value::Object(Object::from_iter([("ref", text(reference)), ("depends_on", by_text(depends_on))]))
}
