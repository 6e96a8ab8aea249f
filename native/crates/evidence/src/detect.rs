use stella_canonical::{Refusal, Value};

const READS: &str = "this version reads OSV, CSAF 2.0, OpenVEX, CycloneDX and SPDX 2.3";

/// Beginnings of files that are no text at all, or text of a known other kind.
const MAGIC: [(&[u8], &str); 12] = [
    (b"PK\x03\x04", "zip archive"),
    (b"PK\x05\x06", "zip archive"),
    (b"\x28\xb5\x2f\xfd", "zstd-compressed data"),
    (b"\x1f\x8b", "gzip-compressed data"),
    (b"\xfd7zXZ", "xz-compressed data"),
    (b"BZh", "bzip2-compressed data"),
    (b"%PDF", "PDF"),
    (b"\xff\xfe", "UTF-16 text"),
    (b"\xfe\xff", "UTF-16 text"),
    (b"-----BEGIN ", "PEM or OpenPGP armour"),
    (b"SPDXVersion:", "SPDX tag-value"),
    (b"DOCTYPE", "HTML"),
];

/// A format that this version reads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Format {
    Osv,
    OpenVex,
    CycloneDx,
    Csaf,
    Spdx,
}

impl Format {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Osv => "OSV",
            Self::OpenVex => "OpenVEX",
            Self::CycloneDx => "CycloneDX",
            Self::Csaf => "CSAF",
            Self::Spdx => "SPDX",
        }
    }
}

/// The reason to refuse a file by its first bytes alone, or none.
#[must_use]
pub fn unreadable(beginning: &[u8]) -> Option<Refusal> {
    let text = beginning.strip_prefix(b"\xef\xbb\xbf").unwrap_or(beginning).trim_ascii_start();
    let format = MAGIC.iter().find(|(magic, _)| beginning.starts_with(magic) || text.starts_with(magic)).map(|(_, format)| *format);
    let format = format.or_else(|| beginning[..beginning.len().min(512)].contains(&0).then_some("binary data"));
    format.map(|format| Refusal::whole(unsupported(format)))
}

/// What text is that is neither JSON nor YAML, as far as its beginning tells.
pub(crate) fn other_text(text: &str) -> &'static str {
    let first = text.split_ascii_whitespace().next().unwrap_or_default();
    let is_digest = matches!(first.len(), 40 | 64 | 96 | 128) && first.bytes().all(|byte| byte.is_ascii_hexdigit());
    if is_digest { "file of checksums" } else { "text that is neither JSON nor YAML" }
}

/// The reason that names a format which is not read.
pub(crate) fn unsupported(format: &str) -> String {
    format!("unsupported format: {format}; {READS}")
}

/// What a document is, by the members that its format requires.
pub(crate) fn detect(document: &Value<'_>) -> Result<Format, Refusal> {
    if document.as_object().is_none() {
        return Err(Refusal::whole(unsupported(&format!("{} alone", document.kind()))));
    }
    if document.get_text("bomFormat") == Some("CycloneDX") {
        return Ok(Format::CycloneDx);
    }
    if context(document).starts_with("https://openvex.dev/ns") {
        return Ok(Format::OpenVex);
    }
    if document.get("document").and_then(|head| head.get_text("csaf_version")).is_some() {
        return Ok(Format::Csaf);
    }
    if document.get_text("spdxVersion").is_some() {
        return Ok(Format::Spdx);
    }
    let other = other_format(document);
    let marks = ["id", "modified", "affected", "schema_version"].iter().filter(|mark| document.get(mark).is_some()).count();
    match other {
        None if marks >= 2 => Ok(Format::Osv),
        other => Err(Refusal::whole(unsupported(other.as_deref().unwrap_or("a document of an unknown kind")))),
    }
}

fn other_format(document: &Value<'_>) -> Option<String> {
    if context(document).contains("spdx.org/rdf/") {
        return Some("SPDX 3 JSON-LD".into());
    }
    if document.get_text("dataType") == Some("CVE_RECORD") {
        return Some("CVE record".into());
    }
    if document.get("metadata_version").and(document.get("publisher")).is_some() {
        return Some("CSAF provider metadata, which names where documents are".into());
    }
    if document.get("feed").or(document.get("service")).is_some() {
        return Some("ROLIE feed or service, which names where documents are".into());
    }
    if document.get("catalogVersion").and(document.get("vulnerabilities")).is_some() {
        return Some("catalogue of known exploited vulnerabilities".into());
    }
    if document.get("$schema").and(document.get("definitions").or(document.get("$defs"))).is_some() {
        return Some("JSON Schema".into());
    }
    document.get("runs").and(document.get_text("version")).map(|version| format!("SARIF {version}"))
}

/// The JSON-LD context, the first one where there are several.
pub(crate) fn context<'v>(document: &'v Value<'_>) -> &'v str {
    document.get_text("@context").or_else(|| document.get_list("@context").first()?.as_text()).unwrap_or_default()
}
