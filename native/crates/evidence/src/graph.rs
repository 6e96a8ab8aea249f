use stella_canonical::{Object, Value};

use crate::purl;

/// Values by their canonical form, each once: lists whose order says nothing.
pub(crate) fn by_text(values: Vec<Value<'static>>) -> Value<'static> {
    let mut keyed: Vec<(String, Value<'static>)> = values.into_iter().map(|value| (value.to_canonical(), value)).collect();
    keyed.sort_by(|a, b| a.0.cmp(&b.0));
    keyed.dedup_by(|a, b| a.0 == b.0);
    Value::List(keyed.into_iter().map(|(_, value)| value).collect())
}

/// Nodes or edges by their reference, each distinct one once.
pub(crate) fn by_ref(nodes: Vec<Value<'static>>) -> Value<'static> {
    let mut keyed: Vec<(String, String, Value<'static>)> =
        nodes.into_iter().map(|node| (node.get_text("ref").unwrap_or_default().to_owned(), node.to_canonical(), node)).collect();
    keyed.sort_by(|a, b| (&a.0, &a.1).cmp(&(&b.0, &b.1)));
    keyed.dedup_by(|a, b| a.1 == b.1);
    Value::List(keyed.into_iter().map(|(_, _, node)| node).collect())
}

/// One hash of a component; algorithms have the names of CycloneDX.
pub(crate) fn hash(alg: &str, content: &str) -> Value<'static> {
    Value::Object(Object::from_iter([("alg", Value::text(alg.to_owned())), ("content", Value::text(content.to_owned()))]))
}

/// Sets a member that has something in it.
pub(crate) fn set_list(node: &mut Object<'static>, member: &'static str, values: Vec<Value<'static>>) {
    if !values.is_empty() {
        node.insert(member, by_text(values));
    }
}

/// The digests by which registries know a container image: the version of a purl of type `oci` or `docker`, a version or the end of a
/// name that is a digest.
pub(crate) fn image_digests(name: &str, version: Option<&str>, purl: Option<&str>) -> Vec<Value<'static>> {
    let purl = purl.and_then(purl::parse).filter(|purl| matches!(purl.ty(), "oci" | "docker"));
    let named = purl.as_ref().and_then(|purl| purl.version());
    let digests = [named, version, name.rsplit_once('@').map(|(_, digest)| digest)].into_iter().flatten();
    digests.filter_map(purl::image_digest).map(Value::text).collect()
}
