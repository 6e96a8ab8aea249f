use stella_canonical::{JsonLimits, Refusal, parse};

use crate::detect::{Format, detect, unreadable, unsupported};
use crate::evidence::{Evidence, sha256};
use crate::{csaf, cyclonedx, cyclonedx_xml, maven_index, openvex, osv, spdx, yaml};

/// Bounds on what one document may become.
#[derive(Debug, Clone, Copy)]
pub struct EvidenceLimits {
    /// Depth and number of JSON values.
    pub json: JsonLimits,
    /// Bytes of all bodies of one document together: a statement repeats its document's head, so a small document could grow.
    pub max_records_bytes: usize,
    /// Bytes of one body, which is a line of an export: canonical numbers and normalized characters may be longer than those received.
    pub max_body_bytes: usize,
}

/// What kind of text a document comes in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// A file of its own: JSON, YAML or XML.
    File,
    /// A line of a JSON lines file.
    Line,
    /// A row of an index of a Maven repository.
    MavenRow,
}

/// Reads one document and normalizes it to records.
///
/// # Errors
/// A refusal with line and column where the text is at fault, with a JSON pointer where its meaning is, and always with a reason.
pub fn read_document(document: &[u8], form: Form, limits: &EvidenceLimits) -> Result<Evidence, Refusal> {
    let evidence = read(document, form, limits)?;
    let (longest, most) = (evidence.records.iter().map(|record| record.body.len()).max().unwrap_or_default(), limits.max_body_bytes);
    if longest > most {
        return Err(Refusal::whole(format!("a record of {longest} bytes in canonical form; at most {most} are allowed")));
    }
    Ok(evidence)
}

fn read(document: &[u8], form: Form, limits: &EvidenceLimits) -> Result<Evidence, Refusal> {
    if let Some(refusal) = unreadable(document) {
        return Err(refusal);
    }
    if form == Form::MavenRow {
        return maven_index::evidence(document);
    }
    let artifact_sha256 = sha256(document);
    if form == Form::File && beginning(document) == Some(b'<') {
        let (value, not_held) = cyclonedx_xml::parse(document, &limits.json)?;
        let mut evidence = cyclonedx::evidence(value, cyclonedx::XML_MEDIA_TYPE, artifact_sha256, limits.max_records_bytes)?;
        evidence.not_held.extend(not_held.into_paths());
        return Ok(evidence);
    }
    // JSON documents of every format read here are objects; an array is JSON too, to be refused as such.
    if form == Form::File && !matches!(beginning(document), None | Some(b'{' | b'[')) {
        let value = yaml::parse(document, &limits.json, &osv::ADVISORY)?;
        return match detect(&value)? {
            Format::Osv => osv::evidence(value, osv::YAML_MEDIA_TYPE, artifact_sha256),
            other => Err(Refusal::whole(unsupported(&format!("{} in YAML", other.name())))),
        };
    }
    let value = parse(document, &limits.json)?;
    match detect(&value)? {
        Format::Osv => osv::evidence(value, osv::JSON_MEDIA_TYPE, artifact_sha256),
        Format::OpenVex => openvex::evidence(value, artifact_sha256, limits.max_records_bytes),
        Format::CycloneDx => cyclonedx::evidence(value, cyclonedx::JSON_MEDIA_TYPE, artifact_sha256, limits.max_records_bytes),
        Format::Csaf => csaf::evidence(value, artifact_sha256, limits.max_records_bytes),
        Format::Spdx => spdx::evidence(value, artifact_sha256),
    }
}

/// The first byte that is no white space.
fn beginning(document: &[u8]) -> Option<u8> {
    let text = document.strip_prefix(b"\xef\xbb\xbf").unwrap_or(document);
    text.trim_ascii_start().first().copied()
}
