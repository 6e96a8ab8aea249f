use crate::not_held::{ALL, Held};
use crate::shape::{Shape, TEXT, TEXTS, TIME, optional, required};

/// What is read of a bill of materials, as CycloneDX 1.2 to 1.6 ask it (github.com/CycloneDX/specification, `bom-1.6.schema.json`).
pub(crate) static BOM: Shape = Shape::Object(&[
    required("specVersion", &TEXT),
    optional("serialNumber", &TEXT),
    optional("version", &Shape::Counting),
    optional("metadata", &METADATA),
    optional("components", &COMPONENTS),
    optional("services", &SERVICES),
    optional("dependencies", &Shape::List(&DEPENDENCY)),
    optional("vulnerabilities", &Shape::List(&VULNERABILITY)),
]);
static METADATA: Shape = Shape::Object(&[
    optional("timestamp", &TIME),
    optional("component", &COMPONENT),
    optional("authors", &Shape::List(&Shape::Object(&[optional("name", &TEXT)]))),
    optional("supplier", &Shape::Object(&[optional("name", &TEXT)])),
]);
static COMPONENTS: Shape = Shape::List(&COMPONENT);
static COMPONENT: Shape = Shape::Object(&[
    required("type", &TEXT),
    required("name", &TEXT),
    optional("group", &TEXT),
    optional("bom-ref", &TEXT),
    optional("version", &TEXT),
    optional("purl", &TEXT),
    optional("cpe", &TEXT),
    optional("hashes", &Shape::List(&Shape::Object(&[required("alg", &TEXT), required("content", &TEXT)]))),
    optional("licenses", &Shape::List(&LICENSE)),
    optional("components", &COMPONENTS),
]);
static LICENSE: Shape =
    Shape::Object(&[optional("expression", &TEXT), optional("license", &Shape::Object(&[optional("id", &TEXT), optional("name", &TEXT)]))]);
static SERVICES: Shape = Shape::List(&SERVICE);
static SERVICE: Shape =
    Shape::Object(&[required("name", &TEXT), optional("bom-ref", &TEXT), optional("version", &TEXT), optional("services", &SERVICES)]);
static DEPENDENCY: Shape = Shape::Object(&[required("ref", &TEXT), optional("dependsOn", &TEXTS)]);
static VULNERABILITY: Shape = Shape::Object(&[
    optional("bom-ref", &TEXT),
    optional("id", &TEXT),
    optional("source", &Shape::Object(&[optional("url", &TEXT)])),
    optional("references", &Shape::List(&Shape::Object(&[optional("id", &TEXT)]))),
    optional("description", &TEXT),
    optional("recommendation", &TEXT),
    optional("workaround", &TEXT),
    optional("analysis", &ANALYSIS),
    optional("affects", &Shape::List(&Shape::Object(&[required("ref", &TEXT), optional("versions", &Shape::List(&VERSION))]))),
]);
static ANALYSIS: Shape = Shape::Object(&[
    optional("state", &Shape::OneOf(&["resolved", "resolved_with_pedigree", "exploitable", "in_triage", "false_positive", "not_affected"])),
    optional(
        "justification",
        &Shape::OneOf(&[
            "code_not_present",
            "code_not_reachable",
            "requires_configuration",
            "requires_dependency",
            "requires_environment",
            "protected_by_compiler",
            "protected_at_runtime",
            "protected_at_perimeter",
            "protected_by_mitigating_control",
        ]),
    ),
    optional("response", &TEXTS),
    optional("detail", &TEXT),
    optional("firstIssued", &TIME),
    optional("lastUpdated", &TIME),
]);
static VERSION: Shape = Shape::Object(&[
    optional("version", &TEXT),
    optional("range", &TEXT),
    optional("status", &Shape::OneOf(&["affected", "unaffected", "unknown"])),
]);

/// What the graph and the statements carry.
pub(crate) static HELD: Held = Held::Members(&[
    ("$schema", &ALL),
    ("bomFormat", &ALL),
    ("specVersion", &ALL),
    ("serialNumber", &ALL),
    ("version", &ALL),
    ("metadata", &Held::Members(&[("timestamp", &ALL), ("component", &COMPONENT_HELD)])),
    ("components", &COMPONENT_HELD),
    ("dependencies", &Held::Members(&[("ref", &ALL), ("dependsOn", &ALL)])),
    ("vulnerabilities", &VULNERABILITY_HELD),
]);
static COMPONENT_HELD: Held = Held::Members(&[
    ("type", &ALL),
    ("group", &ALL),
    ("name", &ALL),
    ("bom-ref", &ALL),
    ("version", &ALL),
    ("purl", &ALL),
    ("cpe", &ALL),
    ("hashes", &ALL),
    ("licenses", &Held::Members(&[("expression", &ALL), ("license", &Held::Members(&[("id", &ALL), ("name", &ALL)]))])),
    ("components", &COMPONENT_HELD),
]);
static VULNERABILITY_HELD: Held = Held::Members(&[
    ("bom-ref", &ALL),
    ("id", &ALL),
    ("source", &Held::Members(&[("url", &ALL)])),
    ("references", &Held::Members(&[("id", &ALL)])),
    ("description", &ALL),
    ("recommendation", &ALL),
    ("workaround", &ALL),
    ("analysis", &ALL),
    ("affects", &Held::Members(&[("ref", &ALL), ("versions", &ALL)])),
]);
