use stella_canonical::{Object, Refusal, Timestamp, Value};
use stella_digest::hex;

use crate::detect::unsupported;
use crate::evidence::{Evidence, Kind, NAME_BYTES, Record, key, sha256};
use crate::selectors::Selectors;
use crate::shape::{Path, Shape, TEXT, TEXTS, TIME, optional, required};
use crate::subject_folder::subject_folder;

/// IANA media type registry.
const MEDIA_TYPE: &str = "application/vnd.cyclonedx+json";
const SPEC_VERSIONS: [&str; 5] = ["1.2", "1.3", "1.4", "1.5", "1.6"];

/// Names and purls that are longer make no document key; the digest of the document does.
const MAX_NAMED_KEY_BYTES: usize = 512;

/// What is read of a bill of materials, as CycloneDX 1.2 to 1.6 ask it (github.com/CycloneDX/specification, `bom-1.6.schema.json`).
static BOM: Shape = Shape::Object(&[
    required("specVersion", &TEXT),
    optional("serialNumber", &TEXT),
    optional("version", &Shape::Counting),
    optional("metadata", &Shape::Object(&[optional("timestamp", &TIME), optional("component", &COMPONENT)])),
    optional("components", &COMPONENTS),
    optional("dependencies", &Shape::List(&DEPENDENCY)),
]);
static COMPONENTS: Shape = Shape::List(&COMPONENT);
static COMPONENT: Shape = Shape::Object(&[
    required("type", &TEXT),
    required("name", &TEXT),
    optional("bom-ref", &TEXT),
    optional("version", &TEXT),
    optional("purl", &TEXT),
    optional("cpe", &TEXT),
    optional("hashes", &Shape::List(&Shape::Object(&[required("alg", &TEXT), required("content", &TEXT)]))),
    optional("licenses", &Shape::List(&LICENSE)),
    optional("components", &COMPONENTS),
]);
static LICENSE: Shape =
    Shape::Object(&[optional("expression", &TEXT), optional("license", &Shape::Object(&[optional("id", &TEXT), optional("name", &TEXT)]))]);
static DEPENDENCY: Shape = Shape::Object(&[required("ref", &TEXT), optional("dependsOn", &TEXTS)]);

/// A bill of materials is one record: its graph.
pub(crate) fn evidence(mut document: Value<'_>, artifact_sha256: [u8; 32]) -> Result<Evidence, Refusal> {
    let spec_version = document.get_text("specVersion").unwrap_or_default().to_owned();
    if !spec_version.is_empty() && !SPEC_VERSIONS.contains(&spec_version.as_str()) {
        return Err(Path::Member(&Path::Root, "specVersion").refusal(unsupported(&format!("CycloneDX {spec_version}"))));
    }
    let has_components = !document.get_list("components").is_empty();
    if document.get("vulnerabilities").is_some() && !has_components {
        return Err(Refusal::whole(unsupported(&format!(
            "CycloneDX {spec_version} VEX, a document of vulnerabilities without components"
        ))));
    }
    let subject_named = document.get("metadata").is_some_and(|metadata| metadata.get("component").is_some());
    if !has_components && !subject_named {
        return Err(Refusal::whole("a bill of materials needs components or a metadata.component"));
    }
    BOM.check(&mut document, &Path::Root)?;

    let document_key = document_key(&document, &artifact_sha256)?;
    let body = graph(&document).to_canonical();
    let modified_at =
        document.get("metadata").and_then(|metadata| metadata.get_text("timestamp")).and_then(|text| Timestamp::parse(text).ok());
    let modified_at = modified_at.map(|time| time.unix_micros);
    let subject = subject(&document);
    let folder = subject_folder(
        subject.and_then(|named| named.get_text("name")).unwrap_or_default(),
        subject.and_then(|named| named.get_text("version")),
    );
    let record = Record {
        // Several tools may describe one subject: only content tells their documents apart.
        record_key: format!("{document_key}#{}", hex(&artifact_sha256[..NAME_BYTES])),
        modified_at,
        body_sha256: sha256(body.as_bytes()),
        body,
        subject_folder: Some(folder),
        selectors: selectors(&document),
    };
    Ok(Evidence {
        kind: Kind::Sbom,
        media_type: MEDIA_TYPE,
        document_key,
        document_version: if let Some(Value::Number(version)) = document.get("version") { *version as i64 } else { 1 },
        modified_at,
        artifact_sha256,
        content_sha256: artifact_sha256,
        records: vec![record],
    })
}

fn subject<'v, 'a>(document: &'v Value<'a>) -> Option<&'v Value<'a>> {
    document.get("metadata")?.get("component")
}

/// The serial number, else the subject's purl, else its name and version, else the digest of the document.
fn document_key(document: &Value<'_>, artifact_sha256: &[u8; 32]) -> Result<String, Refusal> {
    if let Some(serial) = document.get("serialNumber") {
        return key(serial, &Path::Member(&Path::Root, "serialNumber")).map(str::to_owned);
    }
    let named = subject(document).and_then(|subject| {
        let purl = subject.get_text("purl").map(str::to_owned);
        purl.or_else(|| Some(format!("{}@{}", subject.get_text("name")?, subject.get_text("version")?)))
    });
    let named = named.filter(|name| name.len() <= MAX_NAMED_KEY_BYTES && !name.chars().any(char::is_control));
    Ok(named.unwrap_or_else(|| format!("sha256:{}", hex(artifact_sha256))))
}

/// Components and dependencies in one form and order, whatever the order of the document.
fn graph(document: &Value<'_>) -> Value<'static> {
    let mut components = Vec::new();
    for component in document.get_list("components") {
        add_components(component, &mut components);
    }
    components.extend(subject(document).into_iter().flat_map(|subject| subject.get_list("components")).flat_map(|part| {
        let mut parts = Vec::new();
        add_components(part, &mut parts);
        parts
    }));
    let mut graph = Object::from_iter([
        ("format", Value::text("CycloneDX")),
        ("spec_version", Value::text(document.get_text("specVersion").unwrap_or_default().to_owned())),
        ("components", by_ref(components)),
        ("dependencies", by_ref(document.get_list("dependencies").iter().map(edge).collect())),
    ]);
    if let Some(serial) = document.get_text("serialNumber") {
        graph.insert("serial_number", Value::text(serial.to_owned()));
    }
    if let Some(subject) = subject(document) {
        graph.insert("subject", node(subject));
    }
    Value::Object(graph)
}

/// A component, and all that it is assembled from.
fn add_components(component: &Value<'_>, out: &mut Vec<Value<'static>>) {
    out.push(node(component));
    for part in component.get_list("components") {
        add_components(part, out);
    }
}

fn node(component: &Value<'_>) -> Value<'static> {
    let owned = |member: &str| component.get_text(member).map(|text| Value::text(text.to_owned()));
    let mut node = Object::default();
    node.insert("ref", owned("bom-ref").unwrap_or_else(|| Value::text(own_ref(component))));
    for member in ["type", "name", "version", "purl"] {
        if let Some(text) = owned(member) {
            node.insert(member, text);
        }
    }
    let hashes = component.get_list("hashes").iter();
    let hashes: Vec<_> = hashes
        .map(|hash| {
            let of = |member| Value::text(hash.get_text(member).unwrap_or_default().to_owned());
            Value::Object(Object::from_iter([("alg", of("alg")), ("content", of("content"))]))
        })
        .collect();
    if !hashes.is_empty() {
        node.insert("hashes", by_text(hashes));
    }
    let licenses: Vec<_> = component.get_list("licenses").iter().filter_map(license).collect();
    if !licenses.is_empty() {
        node.insert("licenses", by_text(licenses));
    }
    Value::Object(node)
}

/// A reference for a component that has none of its own.
fn own_ref(component: &Value<'_>) -> String {
    let name = component.get_text("name").unwrap_or_default();
    let named = || component.get_text("version").map_or_else(|| name.to_owned(), |version| format!("{name}@{version}"));
    component.get_text("purl").map_or_else(named, str::to_owned)
}

fn license(choice: &Value<'_>) -> Option<Value<'static>> {
    let license = choice.get("license");
    let named = choice.get_text("expression").or_else(|| license?.get_text("id")).or_else(|| license?.get_text("name"));
    named.map(|text| Value::text(text.to_owned()))
}

fn edge(dependency: &Value<'_>) -> Value<'static> {
    let text = |value: &Value<'_>| Value::text(value.as_text().unwrap_or_default().to_owned());
    let depends_on = dependency.get_list("dependsOn").iter().map(text).collect();
    Value::Object(Object::from_iter([("ref", dependency.get("ref").map_or(Value::Null, text)), ("depends_on", by_text(depends_on))]))
}

fn by_ref(nodes: Vec<Value<'static>>) -> Value<'static> {
    let mut keyed: Vec<(String, String, Value<'static>)> =
        nodes.into_iter().map(|node| (node.get_text("ref").unwrap_or_default().to_owned(), node.to_canonical(), node)).collect();
    keyed.sort_by(|a, b| (&a.0, &a.1).cmp(&(&b.0, &b.1)));
    keyed.dedup_by(|a, b| a.1 == b.1);
    Value::List(keyed.into_iter().map(|(_, _, node)| node).collect())
}

fn by_text(values: Vec<Value<'static>>) -> Value<'static> {
    let mut keyed: Vec<(String, Value<'static>)> = values.into_iter().map(|value| (value.to_canonical(), value)).collect();
    keyed.sort_by(|a, b| a.0.cmp(&b.0));
    keyed.dedup_by(|a, b| a.0 == b.0);
    Value::List(keyed.into_iter().map(|(_, value)| value).collect())
}

fn selectors(document: &Value<'_>) -> Selectors {
    let mut selectors = Selectors::default();
    if let Some(subject) = subject(document) {
        let (name, version) = (subject.get_text("name").unwrap_or_default(), subject.get_text("version"));
        selectors.add_product(name);
        if let Some(version) = version {
            selectors.add_product(&format!("{name}@{version}"));
            selectors.add_image_digest(version);
        }
        for member in ["purl", "cpe", "bom-ref"] {
            selectors.add_product(subject.get_text(member).unwrap_or_default());
        }
        add_packages(subject, &mut selectors);
    }
    for component in document.get_list("components") {
        add_packages(component, &mut selectors);
    }
    selectors
}

fn add_packages(component: &Value<'_>, selectors: &mut Selectors) {
    selectors.add_package(component.get_text("purl").unwrap_or_default());
    for part in component.get_list("components") {
        add_packages(part, selectors);
    }
}
