use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use stella_digest::hex;

use crate::write::Kind;

/// Folder of the layout in an export.
const FOLDER: &str = "trivy/oci";
/// The content of an empty config (OCI image specification 1.1, "Guidance for an empty descriptor").
const EMPTY: &[u8] = b"{}";

/// The layer of the artifact.
pub(crate) struct Layer<'a> {
    pub(crate) sha256: &'a str,
    pub(crate) size_bytes: u64,
}

/// The files of an OCI image layout (image specification 1.1) beside the layer, by path: the artifact as Trivy pulls it, of one layer
/// whose media type and title are exactly those that upstream's has (trivy `pkg/db/db.go`, `pkg/javadb/client.go`,
/// `pkg/oci/artifact.go`).
pub(crate) fn layout(kind: &Kind, layer: &Layer<'_>, created: &str) -> Vec<(String, Vec<u8>)> {
    let manifest = bytes(&json!({
        "schemaVersion": 2,
        "mediaType": "application/vnd.oci.image.manifest.v1+json",
        "artifactType": "application/vnd.aquasec.trivy.config.v1+json",
        "config": descriptor("application/vnd.oci.empty.v1+json", EMPTY),
        "layers": [{
            "mediaType": kind.media_type,
            "digest": format!("sha256:{}", layer.sha256),
            "size": layer.size_bytes,
            "annotations": { "org.opencontainers.image.title": kind.title },
        }],
        "annotations": { "org.opencontainers.image.created": created },
    }));
    let mut tagged = descriptor("application/vnd.oci.image.manifest.v1+json", &manifest);
    tagged["annotations"] = json!({ "org.opencontainers.image.ref.name": kind.tag });
    let index = json!({ "schemaVersion": 2, "mediaType": "application/vnd.oci.image.index.v1+json", "manifests": [tagged] });
    vec![
        (format!("{FOLDER}/oci-layout"), bytes(&json!({ "imageLayoutVersion": "1.0.0" }))),
        (format!("{FOLDER}/index.json"), bytes(&index)),
        (blob(&digest(EMPTY)), EMPTY.to_vec()),
        (blob(&digest(&manifest)), manifest),
    ]
}

/// Path of a blob.
pub(crate) fn blob(sha256: &str) -> String {
    format!("{FOLDER}/blobs/sha256/{sha256}")
}

fn descriptor(media_type: &str, content: &[u8]) -> Value {
    json!({ "mediaType": media_type, "digest": format!("sha256:{}", digest(content)), "size": content.len() })
}

fn digest(content: &[u8]) -> String {
    hex(&Sha256::digest(content))
}

fn bytes(value: &Value) -> Vec<u8> {
    value.to_string().into_bytes()
}
