use stella_canonical::{Refusal, Value};

use crate::cyclonedx_parts::each_part;
use crate::hash_length;
use crate::not_held::NotHeld;
use crate::purl;
use crate::shape::Path;

/// Refuses a serial number that is no UUID, and hashes that cannot be of their algorithm.
pub(crate) fn check(document: &Value<'_>) -> Result<(), Refusal> {
    if document.get_text("serialNumber").is_some_and(|serial| !is_serial_number(serial)) {
        return Err(Path::Member(&Path::Root, "serialNumber").refusal("must be urn:uuid: and a UUID"));
    }
    each_part(document, &mut |part, at| {
        let at_list = Path::Member(at, "hashes");
        part.get_list("hashes").iter().enumerate().try_for_each(|(index, hash)| {
            let of = |member| hash.get_text(member).unwrap_or_default();
            hash_length::check(of("alg"), of("content"), &Path::Member(&Path::Item(&at_list, index), "content"))
        })
    })
}

/// The schema has one form in JSON, and in XML also a UUID in braces (CycloneDX 1.6, `urnUuid`).
fn is_serial_number(text: &str) -> bool {
    let uuid = text.strip_prefix("urn:uuid:").or_else(|| text.strip_prefix('{')?.strip_suffix('}'));
    uuid.is_some_and(|uuid| {
        let parts: Vec<&str> = uuid.split('-').collect();
        parts.iter().map(|part| part.len()).eq([8, 4, 4, 4, 12]) && parts.concat().bytes().all(|byte| byte.is_ascii_hexdigit())
    })
}

/// Takes out the purls of components that are none, and names them as not held.
pub(crate) fn drop_malformed_purls(document: &mut Value<'_>, not_held: &mut NotHeld) {
    if let Some(subject) = member(document, "metadata").and_then(|metadata| member(metadata, "component")) {
        drop_from(subject, "/metadata/component/purl", not_held);
    }
    drop_from_parts(document, "/components/*/purl", not_held);
}

fn drop_from(component: &mut Value<'_>, path: &str, not_held: &mut NotHeld) {
    if component.get_text("purl").is_some_and(|text| purl::parse(text).is_none())
        && let Value::Object(component) = component
    {
        component.remove("purl");
        not_held.add(path);
    }
    drop_from_parts(component, path, not_held);
}

fn drop_from_parts(parent: &mut Value<'_>, path: &str, not_held: &mut NotHeld) {
    if let Some(Value::List(parts)) = member(parent, "components") {
        parts.iter_mut().for_each(|part| drop_from(part, path, not_held));
    }
}

fn member<'v, 'a>(value: &'v mut Value<'a>, name: &str) -> Option<&'v mut Value<'a>> {
    if let Value::Object(object) = value { object.get_mut(name) } else { None }
}
