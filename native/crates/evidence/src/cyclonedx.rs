use stella_canonical::{Refusal, Timestamp, Value};
use stella_digest::hex;

use crate::cyclonedx_graph::{each_component, graph, subject};
use crate::cyclonedx_own_refs::full_name;
use crate::cyclonedx_refs::refs;
use crate::cyclonedx_shape::{BOM, HELD};
use crate::cyclonedx_values::{self, drop_malformed_purls};
use crate::cyclonedx_vex::Statements;
use crate::detect::unsupported;
use crate::evidence::{Evidence, Kind, NAME_BYTES, Record, key, sha256};
use crate::not_held::NotHeld;
use crate::selectors::Selectors;
use crate::shape::Path;
use crate::subject_folder::subject_folder;
use crate::vex_records::VexRecords;

/// IANA media type registry.
pub(crate) const JSON_MEDIA_TYPE: &str = "application/vnd.cyclonedx+json";
pub(crate) const XML_MEDIA_TYPE: &str = "application/vnd.cyclonedx+xml";
const SPEC_VERSIONS: [&str; 5] = ["1.2", "1.3", "1.4", "1.5", "1.6"];

/// Names and purls that are longer make no document key; the digest of the document does.
const MAX_NAMED_KEY_BYTES: usize = 512;

/// A bill of materials is one record, its graph, where it has components or a subject; and one for each statement on a vulnerability. A
/// document of vulnerabilities without components is statements alone.
pub(crate) fn evidence(
    mut document: Value<'_>,
    media_type: &'static str,
    artifact_sha256: [u8; 32],
    max_records_bytes: usize,
) -> Result<Evidence, Refusal> {
    let spec_version = document.get_text("specVersion").unwrap_or_default();
    if !spec_version.is_empty() && !SPEC_VERSIONS.contains(&spec_version) {
        return Err(Path::Member(&Path::Root, "specVersion").refusal(unsupported(&format!("CycloneDX {spec_version}"))));
    }
    BOM.check(&mut document, &Path::Root)?;
    let has_components = !document.get_list("components").is_empty();
    let has_vulnerabilities = !document.get_list("vulnerabilities").is_empty();
    let is_bom = has_components || (subject(&document).is_some() && !has_vulnerabilities);
    if !is_bom && !has_vulnerabilities {
        return Err(Refusal::whole("a bill of materials needs components, a metadata.component, or vulnerabilities"));
    }

    let mut not_held = NotHeld::of(&document, &HELD);
    drop_malformed_purls(&mut document, &mut not_held);
    let document_key = document_key(&document, is_bom, &artifact_sha256)?;
    let modified_at =
        document.get("metadata").and_then(|metadata| metadata.get_text("timestamp")).and_then(|text| Timestamp::parse(text).ok());
    let modified_at = modified_at.map(|time| time.unix_micros);
    cyclonedx_values::check(&document)?;
    let refs = refs(&document)?;
    let mut vex = VexRecords::new(&document_key, max_records_bytes);
    Statements::of(&document, &document_key, &refs).add_all(&mut vex, &mut not_held)?;

    let graph = is_bom.then(|| graph(&document, &refs, &mut not_held));
    let mut records: Vec<Record> = graph.iter().map(|graph| sbom(&document, graph, &document_key, modified_at, &artifact_sha256)).collect();
    records.extend(vex.into_records());
    if records.is_empty() {
        return Err(
            Path::Member(&Path::Root, "vulnerabilities").refusal("no vulnerability with an id and an analysis, so nothing is stated")
        );
    }
    Ok(Evidence {
        format: "CycloneDX",
        media_type,
        document_version: if let Some(Value::Number(version)) = document.get("version") { *version as i64 } else { 1 },
        modified_at,
        artifact_sha256,
        content_sha256: artifact_sha256,
        records,
        not_held: not_held.into_paths(),
        document_key,
    })
}

fn sbom(document: &Value<'_>, graph: &Value<'_>, document_key: &str, modified_at: Option<i64>, artifact_sha256: &[u8; 32]) -> Record {
    let body = graph.to_canonical();
    let subject = subject(document);
    let folder = subject_folder(
        subject.and_then(|named| named.get_text("name")).unwrap_or_default(),
        subject.and_then(|named| named.get_text("version")),
    );
    Record {
        kind: Kind::Sbom,
        // Several tools may describe one subject: only content tells their documents apart.
        record_key: format!("{document_key}#{}", hex(&artifact_sha256[..NAME_BYTES])),
        modified_at,
        body_sha256: sha256(body.as_bytes()),
        body,
        subject_folder: Some(folder),
        selectors: selectors(document),
    }
}

/// The serial number, else the subject's purl, else its group, name and version, else the digest of the document. Statements without a serial
/// number are known by the digest alone: a publisher issues several documents on one subject, and none of them replaces another.
fn document_key(document: &Value<'_>, is_bom: bool, artifact_sha256: &[u8; 32]) -> Result<String, Refusal> {
    if let Some(serial) = document.get("serialNumber") {
        return key(serial, &Path::Member(&Path::Root, "serialNumber")).map(str::to_owned);
    }
    let named = subject(document).filter(|_| is_bom).and_then(|subject| {
        let purl = subject.get_text("purl").map(str::to_owned);
        purl.or_else(|| Some(format!("{}@{}", full_name(subject), subject.get_text("version")?)))
    });
    let named = named.filter(|name| name.len() <= MAX_NAMED_KEY_BYTES && !name.chars().any(char::is_control));
    Ok(named.unwrap_or_else(|| format!("sha256:{}", hex(artifact_sha256))))
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
        selectors.add_package(subject.get_text("purl").unwrap_or_default());
    }
    each_component(document, &mut |component| selectors.add_package(component.get_text("purl").unwrap_or_default()));
    selectors
}
