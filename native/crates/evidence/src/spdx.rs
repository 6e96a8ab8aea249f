use stella_canonical::{Refusal, Timestamp, Value};
use stella_digest::hex;

use crate::detect::unsupported;
use crate::evidence::{Evidence, Kind, NAME_BYTES, Record, key, sha256};
use crate::not_held::{ALL, Held, NotHeld};
use crate::selectors::Selectors;
use crate::shape::{Path, Shape, TEXT, TEXTS, TIME, optional, required};
use crate::spdx_graph::{described, external, graph};
use crate::spdx_refs;
use crate::subject_folder::subject_folder;

/// IANA media type registry.
const MEDIA_TYPE: &str = "application/spdx+json";
const SPEC_VERSIONS: [&str; 2] = ["SPDX-2.2", "SPDX-2.3"];

/// What is read of a document, as SPDX 2.2 and 2.3 ask it (github.com/spdx/spdx-spec, `schemas/spdx-schema.json`).
static DOCUMENT: Shape = Shape::Object(&[
    required("SPDXID", &Shape::OneOf(&["SPDXRef-DOCUMENT"])),
    required("name", &TEXT),
    required("documentNamespace", &TEXT),
    required("creationInfo", &Shape::Object(&[required("created", &TIME)])),
    optional("documentDescribes", &TEXTS),
    optional("packages", &Shape::List(&PACKAGE)),
    optional("relationships", &Shape::List(&RELATIONSHIP)),
]);
static PACKAGE: Shape = Shape::Object(&[
    required("SPDXID", &TEXT),
    required("name", &TEXT),
    optional("versionInfo", &TEXT),
    optional("primaryPackagePurpose", &TEXT),
    optional("licenseConcluded", &TEXT),
    optional("licenseDeclared", &TEXT),
    optional("checksums", &Shape::List(&Shape::Object(&[required("algorithm", &TEXT), required("checksumValue", &TEXT)]))),
    optional("externalRefs", &Shape::List(&EXTERNAL)),
]);
static EXTERNAL: Shape =
    Shape::Object(&[required("referenceCategory", &TEXT), required("referenceType", &TEXT), required("referenceLocator", &TEXT)]);
static RELATIONSHIP: Shape =
    Shape::Object(&[required("spdxElementId", &TEXT), required("relatedSpdxElement", &TEXT), required("relationshipType", &TEXT)]);

/// What the graph carries; kinds of relationships and of references that it leaves out are added while it is made.
static HELD: Held = Held::Members(&[
    ("SPDXID", &ALL),
    ("spdxVersion", &ALL),
    ("dataLicense", &ALL),
    ("name", &ALL),
    ("documentNamespace", &ALL),
    ("creationInfo", &Held::Members(&[("created", &ALL)])),
    ("documentDescribes", &ALL),
    (
        "packages",
        &Held::Members(&[
            ("SPDXID", &ALL),
            ("name", &ALL),
            ("versionInfo", &ALL),
            ("primaryPackagePurpose", &ALL),
            ("licenseConcluded", &ALL),
            ("licenseDeclared", &ALL),
            ("checksums", &ALL),
            ("externalRefs", &Held::Members(&[("referenceCategory", &ALL), ("referenceType", &ALL), ("referenceLocator", &ALL)])),
        ]),
    ),
    ("relationships", &Held::Members(&[("spdxElementId", &ALL), ("relatedSpdxElement", &ALL), ("relationshipType", &ALL)])),
]);

/// An SPDX document is one record: its graph.
pub(crate) fn evidence(mut document: Value<'_>, artifact_sha256: [u8; 32]) -> Result<Evidence, Refusal> {
    let version = document.get_text("spdxVersion").unwrap_or_default();
    if !SPEC_VERSIONS.contains(&version) {
        let named = version.replacen("SPDX-", "SPDX ", 1);
        return Err(Path::Member(&Path::Root, "spdxVersion").refusal(unsupported(&named)));
    }
    DOCUMENT.check(&mut document, &Path::Root)?;
    let namespace = document.get("documentNamespace").unwrap_or(&Value::Null);
    let document_key = key(namespace, &Path::Member(&Path::Root, "documentNamespace"))?.to_owned();
    let created = document.get("creationInfo").and_then(|creation| creation.get_text("created"));
    let modified_at = created.and_then(|text| Timestamp::parse(text).ok()).map(|time| time.unix_micros);

    let mut not_held = NotHeld::of(&document, &HELD);
    let body = graph(&document, &mut not_held)?.to_canonical();
    spdx_refs::check(&document)?;
    let record = Record {
        kind: Kind::Sbom,
        record_key: format!("{document_key}#{}", hex(&artifact_sha256[..NAME_BYTES])),
        modified_at,
        body_sha256: sha256(body.as_bytes()),
        body,
        subject_folder: Some(folder(&document)),
        selectors: selectors(&document),
    };
    Ok(Evidence {
        format: "SPDX",
        media_type: MEDIA_TYPE,
        document_key,
        document_version: 0,
        modified_at,
        artifact_sha256,
        content_sha256: artifact_sha256,
        records: vec![record],
        not_held: not_held.into_paths(),
    })
}

/// Named after the one package that is described, else after the document.
fn folder(document: &Value<'_>) -> String {
    match described(document).as_slice() {
        [subject] => subject_folder(subject.get_text("name").unwrap_or_default(), subject.get_text("versionInfo")),
        _ => subject_folder(document.get_text("name").unwrap_or_default(), None),
    }
}

fn selectors(document: &Value<'_>) -> Selectors {
    let mut selectors = Selectors::default();
    for subject in described(document) {
        let name = subject.get_text("name").unwrap_or_default();
        selectors.add_product(name);
        if let Some(version) = subject.get_text("versionInfo") {
            selectors.add_product(&format!("{name}@{version}"));
            selectors.add_image_digest(version);
        }
        for locator in external(subject, "purl").into_iter().chain(external(subject, "cpe23Type")) {
            selectors.add_product(locator);
        }
    }
    for package in document.get_list("packages") {
        external(package, "purl").into_iter().for_each(|purl| selectors.add_package(purl));
    }
    selectors
}
