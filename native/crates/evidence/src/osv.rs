use stella_canonical::{Refusal, Timestamp, Value};

use crate::detect::unsupported;
use crate::evidence::{Evidence, Kind, Record, key, sha256};
use crate::selectors::Selectors;
use crate::shape::{ANY_OBJECT, Path, Shape, TEXT, TEXTS, TIME, optional, required};

/// There is no registered media type for OSV.
pub(crate) const JSON_MEDIA_TYPE: &str = "application/json";
/// RFC 9512.
pub(crate) const YAML_MEDIA_TYPE: &str = "application/yaml";

/// What the OSV schema 1.7 asks of the members that are read or rebuilt later (ossf.github.io/osv-schema).
pub(crate) static ADVISORY: Shape = Shape::Object(&[
    required("id", &TEXT),
    required("modified", &TIME),
    optional("published", &TIME),
    optional("withdrawn", &TIME),
    optional("schema_version", &TEXT),
    optional("aliases", &TEXTS),
    optional("upstream", &TEXTS),
    optional("related", &TEXTS),
    optional("summary", &TEXT),
    optional("details", &TEXT),
    optional("severity", &SEVERITIES),
    optional("affected", &Shape::List(&AFFECTED)),
    optional("references", &Shape::List(&REFERENCE)),
    optional("credits", &Shape::List(&CREDIT)),
    optional("database_specific", &ANY_OBJECT),
]);
static SEVERITIES: Shape = Shape::List(&Shape::Object(&[required("type", &TEXT), required("score", &TEXT)]));
static REFERENCE: Shape = Shape::Object(&[required("type", &TEXT), required("url", &TEXT)]);
static CREDIT: Shape = Shape::Object(&[required("name", &TEXT), optional("type", &TEXT), optional("contact", &TEXTS)]);
static AFFECTED: Shape = Shape::Object(&[
    optional("package", &Shape::Object(&[required("ecosystem", &TEXT), required("name", &TEXT), optional("purl", &TEXT)])),
    optional("severity", &SEVERITIES),
    optional("ranges", &Shape::List(&RANGE)),
    optional("versions", &TEXTS),
    optional("ecosystem_specific", &ANY_OBJECT),
    optional("database_specific", &ANY_OBJECT),
]);
static RANGE: Shape = Shape::Object(&[
    required("type", &TEXT),
    optional("repo", &TEXT),
    required("events", &Shape::List(&EVENT)),
    optional("database_specific", &ANY_OBJECT),
]);
static EVENT: Shape =
    Shape::Object(&[optional("introduced", &TEXT), optional("fixed", &TEXT), optional("last_affected", &TEXT), optional("limit", &TEXT)]);
/// What an event tells, one of them each.
const EVENTS: [&str; 4] = ["introduced", "fixed", "last_affected", "limit"];

/// An OSV document is one advisory.
pub(crate) fn evidence(mut document: Value<'_>, media_type: &'static str, artifact_sha256: [u8; 32]) -> Result<Evidence, Refusal> {
    let version = document.get_text("schema_version").unwrap_or("1.0.0");
    if version.split('.').next() != Some("1") {
        return Err(Path::Member(&Path::Root, "schema_version").refusal(unsupported(&format!("OSV {version}"))));
    }
    ADVISORY.check(&mut document, &Path::Root)?;
    check_events(&document)?;
    let id = key(document.get("id").unwrap_or(&Value::Null), &Path::Member(&Path::Root, "id"))?.to_owned();
    let modified_at = document.get_text("modified").and_then(|text| Timestamp::parse(text).ok()).map(|time| time.unix_micros);

    let body = document.to_canonical();
    let body_sha256 = sha256(body.as_bytes());
    let selectors = selectors(&document);
    let record = Record { kind: Kind::Advisory, record_key: id, modified_at, body, body_sha256, subject_folder: None, selectors };
    Ok(Evidence::of_record("OSV", media_type, artifact_sha256, record))
}

fn check_events(document: &Value<'_>) -> Result<(), Refusal> {
    each(document, "affected", &Path::Root, |affected, at| {
        each(affected, "ranges", at, |range, at| {
            if range.get_list("events").is_empty() {
                return Err(Path::Member(at, "events").refusal("a range needs an event"));
            }
            each(range, "events", at, |event, at| {
                let told = EVENTS.iter().filter(|told| event.get(told).is_some()).count();
                if told == 1 { Ok(()) } else { Err(at.refusal(format!("an event is one of {}", EVENTS.join(", ")))) }
            })
        })
    })
}

fn each(
    parent: &Value<'_>,
    member: &str,
    at: &Path<'_>,
    check: impl Fn(&Value<'_>, &Path<'_>) -> Result<(), Refusal>,
) -> Result<(), Refusal> {
    let at_list = Path::Member(at, member);
    parent.get_list(member).iter().enumerate().try_for_each(|(index, item)| check(item, &Path::Item(&at_list, index)))
}

/// By what an advisory is found: its ecosystems, and its packages without a version, since what is affected is a range.
fn selectors(document: &Value<'_>) -> Selectors {
    let mut selectors = Selectors::default();
    for package in document.get_list("affected").iter().filter_map(|affected| affected.get("package")) {
        let (ecosystem, name) = (package.get_text("ecosystem").unwrap_or_default(), package.get_text("name").unwrap_or_default());
        selectors.add_ecosystem(ecosystem);
        selectors.add_advisory_package(package.get_text("purl"), ecosystem, name);
    }
    selectors
}
