use stella_canonical::{Object, Refusal, Timestamp, Value};

use crate::csaf_shape::{DOCUMENT, HELD};
use crate::csaf_statements::Statements;
use crate::csaf_tree::ProductTree;
use crate::csaf_version::ordinal;
use crate::detect::unsupported;
use crate::evidence::{Evidence, key, sha256};
use crate::not_held::NotHeld;
use crate::shape::Path;
use crate::vex_records::VexRecords;

/// There is no registered media type for CSAF; its files are served as this one (CSAF 2.0, 7.1).
const MEDIA_TYPE: &str = "application/json";
/// The profile whose documents must say why a product is not affected, and what to do where one is (CSAF 2.0, 4.5).
const VEX_PROFILE: &str = "csaf_vex";

/// A CSAF 2.0 document is one record for each vulnerability, status and set of details (justification, impact, action) that its products
/// share.
pub(crate) fn evidence(mut document: Value<'_>, artifact_sha256: [u8; 32], max_records_bytes: usize) -> Result<Evidence, Refusal> {
    let at_head = Path::Member(&Path::Root, "document");
    let version = document.get("document").and_then(|head| head.get_text("csaf_version")).unwrap_or_default().to_owned();
    if version != "2.0" {
        return Err(Path::Member(&at_head, "csaf_version").refusal(unsupported(&format!("CSAF {version}"))));
    }
    DOCUMENT.check(&mut document, &Path::Root)?;

    let head = document.get("document").unwrap_or(&Value::Null);
    let tracking = head.get("tracking").unwrap_or(&Value::Null);
    let at_tracking = Path::Member(&at_head, "tracking");
    let document_key = document_key(head, &at_head)?;
    let document_version = ordinal(tracking.get_text("version").unwrap_or_default()).ok_or_else(|| {
        Path::Member(&at_tracking, "version")
            .refusal("must be a whole number or a version of Semantic Versioning, its parts below a million")
    })?;
    let modified = tracking.get("current_release_date").unwrap_or(&Value::Null);
    let modified_at = modified.as_text().and_then(|text| Timestamp::parse(text).ok()).map(|time| time.unix_micros);

    let mut not_held = NotHeld::of(&document, &HELD);
    let tree = ProductTree::of(&document, &document_key)?;
    let told_of = told_of(head, tracking, &document_key);
    let mut records = VexRecords::new(&document_key, max_records_bytes);
    let mut statements = Statements {
        tree: &tree,
        is_vex: head.get_text("category") == Some(VEX_PROFILE),
        timestamp: modified,
        document: &told_of,
        modified_at,
        records: &mut records,
        not_held: &mut not_held,
        named: 0,
    };
    let at_list = Path::Member(&Path::Root, "vulnerabilities");
    for (index, vulnerability) in document.get_list("vulnerabilities").iter().enumerate() {
        let at = Path::Item(&at_list, index);
        if vulnerability.get_text("cve").is_some_and(|id| !is_cve(id)) {
            return Err(Path::Member(&at, "cve").refusal("must be a CVE id such as CVE-2021-44228"));
        }
        statements.add(vulnerability, &at)?;
    }
    let records = records.into_records();
    if records.is_empty() {
        let category = head.get_text("category").unwrap_or_default();
        return Err(
            at_list.refusal(format!("no vulnerability with a product status: a CSAF document of category {category} that states nothing"))
        );
    }
    Ok(Evidence {
        format: "CSAF",
        media_type: MEDIA_TYPE,
        document_version,
        modified_at,
        artifact_sha256,
        content_sha256: sha256(document.to_canonical().as_bytes()),
        records,
        not_held: not_held.into_paths(),
        document_key,
    })
}

/// CSAF 2.0, 3.2.3.2.
fn is_cve(id: &str) -> bool {
    let number = id.strip_prefix("CVE-").and_then(|rest| rest.split_once('-'));
    let is_digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    number.is_some_and(|(year, number)| year.len() == 4 && number.len() >= 4 && is_digits(year) && is_digits(number))
}

/// Publishers' namespaces tell tracking ids apart (CSAF 2.0, 3.2.1.12.4).
fn document_key(head: &Value<'_>, at: &Path<'_>) -> Result<String, Refusal> {
    let at_publisher = Path::Member(at, "publisher");
    let at_tracking = Path::Member(at, "tracking");
    let of = |member: &str| head.get(member).unwrap_or(&Value::Null);
    let namespace = key(of("publisher").get("namespace").unwrap_or(&Value::Null), &Path::Member(&at_publisher, "namespace"))?;
    let at_id = Path::Member(&at_tracking, "id");
    let id = key(of("tracking").get("id").unwrap_or(&Value::Null), &at_id)?;
    if id.trim() != id {
        return Err(at_id.refusal("must not begin or end with white space"));
    }
    let named = Value::text(format!("{namespace}#{id}"));
    key(&named, &at_id).map(str::to_owned)
}

/// What each record repeats of its document, so that it can be read alone.
fn told_of<'a>(head: &Value<'a>, tracking: &Value<'a>, document_key: &str) -> Value<'a> {
    let publisher = head.get("publisher").unwrap_or(&Value::Null);
    let mut csaf = Object::default();
    let mut told = Object::from_iter([("@id", Value::text(document_key.to_owned()))]);
    for (from, member, name) in [
        (head, "category", "category"),
        (head, "title", "title"),
        (publisher, "namespace", "publisher_namespace"),
        (tracking, "id", "tracking_id"),
        (tracking, "status", "tracking_status"),
        (tracking, "version", "tracking_version"),
    ] {
        csaf.insert(name, from.get(member).cloned().unwrap_or(Value::Null));
    }
    for (from, member, name) in [
        (publisher, "name", "author"),
        (publisher, "category", "role"),
        (tracking, "initial_release_date", "timestamp"),
        (tracking, "current_release_date", "last_updated"),
    ] {
        told.insert(name, from.get(member).cloned().unwrap_or(Value::Null));
    }
    told.insert("csaf", Value::Object(csaf));
    Value::Object(told)
}
