use stella_canonical::{Object, Refusal, Value};

use crate::ecosystem::purl_of;
use crate::evidence::{Evidence, Kind, MAX_KEY_BYTES, Record, sha256};
use crate::hash_length;
use crate::selectors::Selectors;

/// Of text in columns, as IANA registered it.
const MEDIA_TYPE: &str = "text/tab-separated-values";
const COLUMNS: [&str; 5] = ["group", "artifact", "version", "classifier", "sha1"];

/// A row of an index of a Maven repository: group, artifact, version, classifier (`-` or nothing: none) and SHA-1 in hexadecimal (`N/A` or
/// nothing: not known), with a tab between them. It is one record of kind `jar`, whose key is all that the row says: rows that say the same
/// are one, and rows that differ stay apart.
///
/// Source: trivy-java-db, the rows that its crawler writes and its builder reads.
pub(crate) fn evidence(row: &[u8]) -> Result<Evidence, Refusal> {
    let text = std::str::from_utf8(row).map_err(|error| Refusal::at_byte(row, error.valid_up_to(), "text that is not UTF-8"))?;
    let columns: Vec<&str> = text.split('\t').collect();
    let [group, artifact, version, classifier, sha1] = columns[..] else {
        return Err(Refusal::at_byte(
            row,
            0,
            format!("a row has 5 columns with tabs between them ({}), and this has {}", COLUMNS.join(", "), columns.len()),
        ));
    };
    let begins = |index: usize| columns[..index].iter().map(|column| column.len() + 1).sum::<usize>();
    for (index, column) in columns.iter().enumerate() {
        if index < 3 && column.is_empty() {
            return Err(Refusal::at_byte(row, begins(index), format!("{} is empty", COLUMNS[index])));
        }
        let odd = |char: char| char.is_control() || char.is_whitespace() || char == ':';
        if let Some((place, _)) = column.char_indices().find(|(_, char)| odd(*char)) {
            let reason = format!("{} with white space, a control character or a colon", COLUMNS[index]);
            return Err(Refusal::at_byte(row, begins(index) + place, reason));
        }
    }
    let classifier = Some(classifier).filter(|text| !matches!(*text, "" | "-"));
    let sha1 = Some(sha1).filter(|text| !matches!(*text, "" | "N/A"));
    if let Some(digits) = sha1.and_then(|text| hash_length::missed("SHA-1", text)) {
        return Err(Refusal::at_byte(row, begins(4), format!("sha1 is neither {digits} hexadecimal digits nor N/A")));
    }
    let sha1 = sha1.map(str::to_lowercase);
    // No part holds a colon, so that no two rows that differ have one key.
    let key = [group, artifact, version, classifier.unwrap_or_default(), sha1.as_deref().unwrap_or_default()].join(":");
    let key = key.trim_end_matches(':').to_owned();
    if key.len() > MAX_KEY_BYTES {
        return Err(Refusal::at_byte(row, 0, format!("coordinates of {} bytes; at most {MAX_KEY_BYTES} are allowed", key.len())));
    }
    let body = body([
        ("artifact_id", Some(artifact)),
        ("classifier", classifier),
        ("group_id", Some(group)),
        ("sha1", sha1.as_deref()),
        ("version", Some(version)),
    ]);
    let record = Record {
        kind: Kind::Jar,
        record_key: key,
        modified_at: None,
        body_sha256: sha256(body.as_bytes()),
        body,
        subject_folder: None,
        selectors: selectors(group, artifact, version),
    };
    Ok(Evidence::of_record("Maven index", MEDIA_TYPE, sha256(row), record))
}

fn body(members: [(&'static str, Option<&str>); 5]) -> String {
    let told = members.into_iter().filter_map(|(name, text)| Some((name, Value::text(text?.to_owned()))));
    Value::Object(Object::from_iter(told)).to_canonical()
}

fn selectors(group: &str, artifact: &str, version: &str) -> Selectors {
    let mut selectors = Selectors::default();
    if let Some(mut purl) = purl_of("Maven", &format!("{group}:{artifact}"))
        && purl.with_version(version.to_owned()).is_ok()
    {
        selectors.add_package(&purl.to_string());
    }
    selectors
}
