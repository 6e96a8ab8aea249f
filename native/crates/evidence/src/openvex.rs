use stella_canonical::{Object, Refusal, Timestamp, Value};

use crate::detect::{context, unsupported};
use crate::evidence::{Evidence, key, sha256};
use crate::not_held::{ALL, Held, NotHeld};
use crate::shape::{Path, Shape, TEXT, TEXTS, TIME, optional, required};
use crate::vex_records::VexRecords;

const MEDIA_TYPE: &str = "application/json";

/// What OpenVEX 0.2.0 asks (github.com/openvex/spec, `openvex_json_schema.json`). Products may be absent there.
static DOCUMENT: Shape = Shape::Object(&[
    required("@id", &TEXT),
    required("author", &TEXT),
    optional("role", &TEXT),
    required("timestamp", &TIME),
    optional("last_updated", &TIME),
    required("version", &Shape::Counting),
    optional("tooling", &TEXT),
    required("statements", &STATEMENTS),
]);
/// 0.0.x has no schema; documents without version and time are about, whose statements have times of their own.
static OLD_DOCUMENT: Shape = Shape::Object(&[
    required("@id", &TEXT),
    required("author", &TEXT),
    optional("role", &TEXT),
    optional("timestamp", &TIME),
    optional("last_updated", &TIME),
    optional("version", &Shape::Counting),
    required("statements", &STATEMENTS),
]);
static STATEMENTS: Shape = Shape::List(&STATEMENT);
static STATEMENT: Shape = Shape::Object(&[
    optional("@id", &TEXT),
    optional("version", &Shape::Counting),
    required("vulnerability", &VULNERABILITY),
    optional("timestamp", &TIME),
    optional("last_updated", &TIME),
    optional("products", &Shape::List(&PRODUCT)),
    required("status", &Shape::OneOf(&["not_affected", "affected", "fixed", "under_investigation"])),
    optional("supplier", &TEXT),
    optional("status_notes", &TEXT),
    optional("justification", &JUSTIFICATION),
    optional("impact_statement", &TEXT),
    optional("action_statement", &TEXT),
    optional("action_statement_timestamp", &TIME),
]);
static JUSTIFICATION: Shape = Shape::OneOf(&[
    "component_not_present",
    "vulnerable_code_not_present",
    "vulnerable_code_not_in_execute_path",
    "vulnerable_code_cannot_be_controlled_by_adversary",
    "inline_mitigations_already_exist",
]);
static VULNERABILITY: Shape =
    Shape::Object(&[required("name", &TEXT), optional("@id", &TEXT), optional("description", &TEXT), optional("aliases", &TEXTS)]);
static PRODUCT: Shape = Shape::Object(&[
    optional("@id", &TEXT),
    optional("identifiers", &IDENTIFIERS),
    optional("hashes", &HASHES),
    optional("subcomponents", &Shape::List(&SUBCOMPONENT)),
]);
static SUBCOMPONENT: Shape = Shape::Object(&[optional("@id", &TEXT), optional("identifiers", &IDENTIFIERS), optional("hashes", &HASHES)]);
static HASHES: Shape = Shape::Object(&[
    optional("md5", &TEXT),
    optional("sha1", &TEXT),
    optional("sha-256", &TEXT),
    optional("sha-384", &TEXT),
    optional("sha-512", &TEXT),
    optional("sha3-224", &TEXT),
    optional("sha3-256", &TEXT),
    optional("sha3-384", &TEXT),
    optional("sha3-512", &TEXT),
    optional("blake2s-256", &TEXT),
    optional("blake2b-256", &TEXT),
    optional("blake2b-512", &TEXT),
]);
static IDENTIFIERS: Shape = Shape::Object(&[optional("purl", &TEXT), optional("cpe22", &TEXT), optional("cpe23", &TEXT)]);

/// A statement is kept as it is, and repeats of its document who said it and when.
static HELD: Held = Held::Members(&[
    ("@context", &ALL),
    ("@id", &ALL),
    ("author", &ALL),
    ("role", &ALL),
    ("timestamp", &ALL),
    ("last_updated", &ALL),
    ("version", &ALL),
    ("statements", &ALL),
]);

/// An OpenVEX document is one record per distinct statement.
pub(crate) fn evidence(mut document: Value<'_>, artifact_sha256: [u8; 32], max_records_bytes: usize) -> Result<Evidence, Refusal> {
    let old = is_old(&document)?;
    if old {
        lift(&mut document);
        OLD_DOCUMENT.check(&mut document, &Path::Root)?;
    } else {
        DOCUMENT.check(&mut document, &Path::Root)?;
    }
    let document_key = key(document.get("@id").unwrap_or(&Value::Null), &Path::Member(&Path::Root, "@id"))?.to_owned();
    let content_sha256 = sha256(document.to_canonical().as_bytes());

    let statements = statements(&document, old)?;
    let modified_at = micros(&document, "last_updated").or_else(|| micros(&document, "timestamp"));
    let modified_at = modified_at.or_else(|| statements.iter().map(|statement| statement.timestamp).max());
    let mut records = VexRecords::new(&document_key, max_records_bytes);
    for Statement { value, body, modified_at: own, .. } in statements {
        records.reserve(body.len())?;
        records.push(&value, body, own.or(modified_at));
    }
    let records = records.into_records();
    let document_version = if let Some(Value::Number(version)) = document.get("version") { *version as i64 } else { 1 };
    Ok(Evidence {
        format: "OpenVEX",
        media_type: MEDIA_TYPE,
        document_key,
        document_version,
        modified_at,
        artifact_sha256,
        content_sha256,
        records,
        not_held: NotHeld::of(&document, &HELD).into_paths(),
    })
}

/// Whether a document has one of the 0.0.x forms, whose context ends in its version or in none.
fn is_old(document: &Value<'_>) -> Result<bool, Refusal> {
    let version = context(document).trim_start_matches("https://openvex.dev/ns").trim_matches('/').trim_start_matches('v');
    match version {
        "" => Ok(true),
        _ if version.starts_with("0.0.") => Ok(true),
        _ if version.starts_with("0.2.") => Ok(false),
        _ => Err(Path::Member(&Path::Root, "@context").refusal(unsupported(&format!("OpenVEX {version}")))),
    }
}

/// Brings the forms of 0.0.x into those of 0.2.0; what has another form is left for the check to refuse.
fn lift(document: &mut Value<'_>) {
    let Value::Object(document) = document else { return };
    if let Some(version) = document.get("version").and_then(Value::as_text).and_then(|text| text.parse::<u32>().ok()) {
        document.insert("version", Value::Number(f64::from(version)));
    }
    let Some(Value::List(statements)) = document.get_mut("statements") else { return };
    for statement in statements {
        if let Value::Object(statement) = statement {
            lift_statement(statement);
        }
    }
}

fn lift_statement(statement: &mut Object<'_>) {
    if let Some(name @ Value::Text(_)) = statement.get("vulnerability").cloned() {
        let mut vulnerability = Object::from_iter([("name", name)]);
        if let Some(description) = statement.remove("vuln_description") {
            vulnerability.insert("description", description);
        }
        statement.insert("vulnerability", Value::Object(vulnerability));
    }
    let mut subcomponents = statement.remove("subcomponents");
    lift_ids(subcomponents.as_mut());
    lift_ids(statement.get_mut("products"));
    if let (Some(Value::List(products)), Some(subcomponents)) = (statement.get_mut("products"), subcomponents) {
        for product in products {
            if let Value::Object(product) = product {
                product.insert("subcomponents", subcomponents.clone());
            }
        }
    }
}

fn lift_ids(components: Option<&mut Value<'_>>) {
    let Some(Value::List(components)) = components else { return };
    for component in components {
        if matches!(component, Value::Text(_)) {
            let id = std::mem::replace(component, Value::Null);
            *component = Value::Object(Object::from_iter([("@id", id)]));
        }
    }
}

struct Statement<'a> {
    value: Value<'a>,
    modified_at: Option<i64>,
    timestamp: i64,
    body: String,
}

/// The statements, made whole by what they inherit, in order of time and bytes, each distinct one once.
fn statements<'a>(document: &Value<'a>, old: bool) -> Result<Vec<Statement<'a>>, Refusal> {
    let at_list = Path::Member(&Path::Root, "statements");
    let listed = document.get_list("statements");
    if listed.is_empty() {
        return Err(at_list.refusal("a document needs a statement"));
    }
    let head = head(document);
    let mut statements = Vec::with_capacity(listed.len());
    for (index, statement) in listed.iter().enumerate() {
        let at = Path::Item(&at_list, index);
        check_statement(statement, old, &at)?;
        let modified_at = micros(statement, "last_updated").or_else(|| micros(statement, "timestamp"));
        let mut value = statement.clone();
        if let Value::Object(members) = &mut value {
            let inherited = document.get("timestamp").filter(|_| members.get("timestamp").is_none());
            if let Some(inherited) = inherited {
                members.insert("timestamp", inherited.clone());
            }
            members.insert("document", head.clone());
        }
        let timestamp =
            micros(&value, "timestamp").ok_or_else(|| Path::Member(&Path::Root, "timestamp").refusal("required, but absent"))?;
        statements.push(Statement { timestamp, body: value.to_canonical(), value, modified_at });
    }
    statements.sort_by(|a, b| (a.timestamp, &a.body).cmp(&(b.timestamp, &b.body)));
    statements.dedup_by(|a, b| a.body == b.body);
    Ok(statements)
}

/// What each record repeats of its document, so that it can be read alone.
fn head<'a>(document: &Value<'a>) -> Value<'a> {
    let members = ["@id", "author", "role", "version", "timestamp", "last_updated"];
    Value::Object(members.into_iter().filter_map(|name| Some((name, document.get(name)?.clone()))).collect())
}

/// What the schema of 0.2.0 asks beyond shapes; older documents are read as they are.
fn check_statement(statement: &Value<'_>, old: bool, at: &Path<'_>) -> Result<(), Refusal> {
    if statement.get("document").is_some() {
        return Err(Path::Member(at, "document").refusal("a member that OpenVEX does not have, and whose name the ledger uses"));
    }
    let vulnerability = Path::Member(at, "vulnerability");
    if statement.get("vulnerability").and_then(|named| named.get_text("name")).is_none_or(str::is_empty) {
        return Err(Path::Member(&vulnerability, "name").refusal("must be a string that is not empty"));
    }
    let at_products = Path::Member(at, "products");
    for (index, product) in statement.get_list("products").iter().enumerate() {
        check_component(product, &Path::Item(&at_products, index))?;
    }
    match statement.get_text("status") {
        _ if old => Ok(()),
        Some("not_affected") if statement.get("justification").or(statement.get("impact_statement")).is_none() => {
            Err(at.refusal("status not_affected needs a justification or an impact_statement"))
        }
        Some("affected") if statement.get("action_statement").is_none() => Err(at.refusal("status affected needs an action_statement")),
        _ => Ok(()),
    }
}

fn check_component(component: &Value<'_>, at: &Path<'_>) -> Result<(), Refusal> {
    if component.get("@id").or(component.get("identifiers")).is_none() {
        return Err(at.refusal("needs an @id or identifiers"));
    }
    let at_subcomponents = Path::Member(at, "subcomponents");
    component
        .get_list("subcomponents")
        .iter()
        .enumerate()
        .try_for_each(|(index, part)| check_component(part, &Path::Item(&at_subcomponents, index)))
}

fn micros(value: &Value<'_>, member: &str) -> Option<i64> {
    Timestamp::parse(value.get_text(member)?).ok().map(|time| time.unix_micros)
}
