use stella_canonical::{Refusal, Value};
use stella_digest::hex;

use crate::evidence::{Kind, NAME_BYTES, Record, sha256};
use crate::selectors::Selectors;

/// Gathers the VEX records of one document, within the bytes that they may have together.
pub(crate) struct VexRecords<'d> {
    document_key: &'d str,
    most: usize,
    left: usize,
    records: Vec<Record>,
}

impl<'d> VexRecords<'d> {
    pub(crate) fn new(document_key: &'d str, max_bytes: usize) -> Self {
        Self { document_key, most: max_bytes, left: max_bytes, records: Vec::new() }
    }

    /// Takes bytes that are about to be made, so that what a small document could grow into is refused before it is there.
    pub(crate) fn reserve(&mut self, bytes: usize) -> Result<(), Refusal> {
        self.left =
            self.left.checked_sub(bytes).ok_or_else(|| Refusal::whole(format!("its statements make more than {} bytes", self.most)))?;
        Ok(())
    }

    /// Adds a statement whose bytes were reserved.
    pub(crate) fn push(&mut self, statement: &Value<'_>, body: String, modified_at: Option<i64>) {
        let body_sha256 = sha256(body.as_bytes());
        self.records.push(Record {
            kind: Kind::Vex,
            // Publishers give one id to several documents, and statements have none or share one: only content tells them apart.
            record_key: format!("{}#{}", self.document_key, hex(&body_sha256[..NAME_BYTES])),
            modified_at,
            body_sha256,
            body,
            subject_folder: None,
            selectors: selectors(statement),
        });
    }

    /// Each distinct statement once, by key.
    pub(crate) fn into_records(mut self) -> Vec<Record> {
        self.records.sort_by(|a, b| a.record_key.cmp(&b.record_key));
        self.records.dedup_by(|a, b| a.record_key == b.record_key);
        self.records
    }
}

/// About the bytes of a value in canonical form, escapes left out.
pub(crate) fn bytes_of(value: &Value<'_>) -> usize {
    match value {
        Value::Text(text) => text.len() + 3,
        Value::List(items) => 2 + items.iter().map(bytes_of).sum::<usize>(),
        Value::Object(object) => 2 + object.iter().map(|(name, value)| name.len() + 4 + bytes_of(value)).sum::<usize>(),
        Value::Null | Value::Bool(_) | Value::Number(_) => 8,
    }
}

/// Members of a product, beside its `@id` and identifiers, that a filter may name it by.
const NAMES: [(&str, &str); 4] = [("csaf", "product_id"), ("csaf", "name"), ("cyclonedx", "bom_ref"), ("cyclonedx", "name")];

fn selectors(statement: &Value<'_>) -> Selectors {
    let mut selectors = Selectors::default();
    for product in statement.get_list("products") {
        for id in identifiers(product) {
            selectors.add_product(id);
            selectors.add_package(id);
        }
        for name in NAMES.iter().filter_map(|(source, member)| product.get(source)?.get_text(member)) {
            selectors.add_product(name);
        }
        for id in product.get_list("subcomponents").iter().flat_map(identifiers) {
            selectors.add_package(id);
        }
    }
    selectors
}

fn identifiers<'v>(component: &'v Value<'_>) -> Vec<&'v str> {
    let named = component.get("identifiers").and_then(Value::as_object);
    component
        .get_text("@id")
        .into_iter()
        .chain(named.into_iter().flat_map(|named| named.iter().filter_map(|(_, id)| id.as_text())))
        .collect()
}
