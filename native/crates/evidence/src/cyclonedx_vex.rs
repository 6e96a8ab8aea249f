use stella_canonical::{Object, Refusal, Timestamp, Value};

use crate::cyclonedx_analysis::{explain, stated, status_of};
use crate::cyclonedx_refs::Refs;
use crate::not_held::NotHeld;
use crate::purl;
use crate::shape::Path;
use crate::vex_records::{VexRecords, bytes_of};

/// Hash algorithms by their names in CycloneDX and in OpenVEX.
const ALGORITHMS: [(&str, &str); 9] = [
    ("MD5", "md5"),
    ("SHA-1", "sha1"),
    ("SHA-256", "sha-256"),
    ("SHA-384", "sha-384"),
    ("SHA-512", "sha-512"),
    ("SHA3-256", "sha3-256"),
    ("SHA3-384", "sha3-384"),
    ("SHA3-512", "sha3-512"),
    ("BLAKE2b-512", "blake2b-512"),
];

/// Makes the VEX statements of one document.
pub(crate) struct Statements<'s, 'v, 'a> {
    document: &'v Value<'a>,
    document_key: &'s str,
    told: Value<'a>,
    refs: &'s Refs<'v, 'a>,
}

impl<'s, 'v, 'a> Statements<'s, 'v, 'a> {
    pub(crate) fn of(document: &'v Value<'a>, document_key: &'s str, refs: &'s Refs<'v, 'a>) -> Self {
        Self { document, document_key, told: told_of(document, document_key), refs }
    }

    /// One statement for each vulnerability with an id and an analysis; what has none states nothing, and is named as not held.
    ///
    /// # Errors
    /// A reference to nothing; statements over the limit of bytes.
    pub(crate) fn add_all(&self, records: &mut VexRecords<'_>, not_held: &mut NotHeld) -> Result<(), Refusal> {
        let at_list = Path::Member(&Path::Root, "vulnerabilities");
        for (index, vulnerability) in self.document.get_list("vulnerabilities").iter().enumerate() {
            match (status_of(vulnerability), vulnerability.get_text("id").filter(|id| !id.is_empty())) {
                (Some(status), Some(_)) => {
                    self.add(vulnerability, status, records, &Path::Item(&at_list, index))?;
                    // An action is asked of what is affected alone.
                    let idle = ["recommendation", "workaround"]
                        .into_iter()
                        .filter(|member| status != "affected" && vulnerability.get(member).is_some());
                    idle.for_each(|member| not_held.add(&format!("/vulnerabilities/*/{member}")));
                }
                _ => not_held.add("/vulnerabilities/*"),
            }
        }
        Ok(())
    }

    fn add(&self, vulnerability: &Value<'a>, status: &'static str, records: &mut VexRecords<'_>, at: &Path<'_>) -> Result<(), Refusal> {
        let analysis = vulnerability.get("analysis").unwrap_or(&Value::Null);
        let mut statement = Object::from_iter([
            ("vulnerability", named(vulnerability)),
            ("status", Value::text(status)),
            ("document", self.told.clone()),
            ("cyclonedx", stated(vulnerability, analysis)),
        ]);
        let issued = analysis.get("firstIssued").or_else(|| analysis.get("lastUpdated")).or_else(|| self.made_at());
        for (member, value) in [("timestamp", issued), ("last_updated", analysis.get("lastUpdated"))] {
            if let Some(value) = value {
                statement.insert(member, value.clone());
            }
        }
        explain(&mut statement, status, vulnerability, analysis);
        records.reserve(statement.iter().map(|(_, value)| bytes_of(value)).sum())?;
        let mut products = Vec::new();
        let at_affects = Path::Member(at, "affects");
        for (index, affected) in vulnerability.get_list("affects").iter().enumerate() {
            let product = self.product(affected, &Path::Item(&at_affects, index))?;
            records.reserve(bytes_of(&product))?;
            products.push(product);
        }
        if !products.is_empty() {
            statement.insert("products", Value::List(products));
        }
        let updated = analysis.get("lastUpdated").or(issued).and_then(Value::as_text);
        let modified_at = updated.and_then(|text| Timestamp::parse(text).ok()).map(|time| time.unix_micros);
        let statement = Value::Object(statement);
        let body = statement.to_canonical();
        records.push(&statement, body, modified_at);
        Ok(())
    }

    fn made_at(&self) -> Option<&'v Value<'a>> {
        self.document.get("metadata")?.get("timestamp")
    }

    /// The product that a reference names: a component or service of this document, one of another by its BOM-Link, or a purl.
    fn product(&self, affected: &Value<'a>, at: &Path<'_>) -> Result<Value<'a>, Refusal> {
        let reference = affected.get_text("ref").unwrap_or_default();
        let mut told = Object::default();
        let mut product = match self.refs.get(reference) {
            Some(component) => self.component(component, reference, &mut told),
            None if reference.starts_with("urn:cdx:") => Object::from_iter([("@id", Value::text(reference.to_owned()))]),
            None if purl::parse(reference).is_some() => {
                let purl = Value::text(reference.to_owned());
                let identifiers = Object::from_iter([("purl", purl.clone())]);
                Object::from_iter([("@id", purl), ("identifiers", Value::Object(identifiers))])
            }
            None => return Err(Path::Member(at, "ref").refusal("a reference to nothing in the document, and no BOM-Link")),
        };
        if let Some(versions) = affected.get("versions") {
            told.insert("versions", versions_of(versions));
        }
        if !told.is_empty() {
            product.insert("cyclonedx", Value::Object(told));
        }
        Ok(Value::Object(product))
    }

    fn component(&self, component: &Value<'a>, reference: &str, told: &mut Object<'a>) -> Object<'a> {
        let purl = component.get("purl");
        let cpe = component.get("cpe");
        told.insert("bom_ref", Value::text(reference.to_owned()));
        for member in ["type", "group", "name", "version"] {
            if let Some(value) = component.get(member) {
                told.insert(member, value.clone());
            }
        }
        let mut product = Object::from_iter([("@id", purl.or(cpe).cloned().unwrap_or_else(|| Value::text(self.link(reference))))]);
        let mut identifiers = Object::default();
        for (name, id) in [("purl", purl), (cpe_name(cpe), cpe)] {
            if let Some(id) = id {
                identifiers.insert(name, id.clone());
            }
        }
        if !identifiers.is_empty() {
            product.insert("identifiers", Value::Object(identifiers));
        }
        let hashes: Object<'a> = component.get_list("hashes").iter().filter_map(hash).collect();
        if !hashes.is_empty() {
            product.insert("hashes", Value::Object(hashes));
        }
        product
    }

    /// The BOM-Link of a component (CycloneDX, "BOM-Link"), or what is nearest to one where the document has no serial number.
    fn link(&self, reference: &str) -> String {
        let serial = self.document.get_text("serialNumber").and_then(|serial| serial.strip_prefix("urn:uuid:"));
        let version = if let Some(Value::Number(version)) = self.document.get("version") { *version } else { 1.0 };
        serial.map_or_else(|| format!("{}#{reference}", self.document_key), |uuid| format!("urn:cdx:{uuid}/{version}#{reference}"))
    }
}

/// What each record repeats of its document, so that it can be read alone.
fn told_of<'a>(document: &Value<'a>, document_key: &str) -> Value<'a> {
    let metadata = document.get("metadata").unwrap_or(&Value::Null);
    let mut told = Object::from_iter([("@id", Value::text(document_key.to_owned()))]);
    let authors: Vec<&str> = metadata.get_list("authors").iter().filter_map(|author| author.get_text("name")).collect();
    let supplier = metadata.get("supplier").and_then(|supplier| supplier.get_text("name"));
    match supplier.filter(|_| authors.is_empty()) {
        Some(supplier) => told.insert("author", Value::text(supplier.to_owned())),
        None if authors.is_empty() => {}
        None => told.insert("author", Value::text(authors.join(", "))),
    }
    let mut cyclonedx = Object::default();
    for (from, member) in [(metadata, "timestamp"), (document, "version")] {
        if let Some(value) = from.get(member) {
            told.insert(member, value.clone());
        }
    }
    for (member, name) in [("specVersion", "spec_version"), ("serialNumber", "serial_number")] {
        if let Some(value) = document.get(member) {
            cyclonedx.insert(name, value.clone());
        }
    }
    told.insert("cyclonedx", Value::Object(cyclonedx));
    Value::Object(told)
}

fn named<'a>(vulnerability: &Value<'a>) -> Value<'a> {
    let mut named = Object::default();
    let aliases: Vec<_> = vulnerability.get_list("references").iter().filter_map(|other| other.get("id").cloned()).collect();
    let aliases = (!aliases.is_empty()).then_some(Value::List(aliases));
    let source = vulnerability.get("source").and_then(|source| source.get("url")).cloned();
    for (member, value) in [
        ("name", vulnerability.get("id").cloned()),
        ("@id", source),
        ("description", vulnerability.get("description").cloned()),
        ("aliases", aliases),
    ] {
        if let Some(value) = value {
            named.insert(member, value);
        }
    }
    Value::Object(named)
}

fn versions_of<'a>(versions: &Value<'a>) -> Value<'a> {
    let told = |version: &Value<'a>| {
        let mut told = Object::default();
        for member in ["version", "range", "status"] {
            if let Some(value) = version.get(member) {
                told.insert(member, value.clone());
            }
        }
        Value::Object(told)
    };
    Value::List(versions.as_list().unwrap_or_default().iter().map(told).collect())
}

fn cpe_name(cpe: Option<&Value<'_>>) -> &'static str {
    if cpe.and_then(Value::as_text).is_some_and(|cpe| cpe.starts_with("cpe:2.3:")) { "cpe23" } else { "cpe22" }
}

fn hash<'a>(hash: &Value<'a>) -> Option<(&'a str, Value<'a>)> {
    let algorithm = hash.get_text("alg")?;
    let (_, name) = ALGORITHMS.iter().find(|(theirs, _)| *theirs == algorithm)?;
    Some((name, hash.get("content")?.clone()))
}
