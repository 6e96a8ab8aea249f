use crate::not_held::{ALL, Held};
use crate::shape::{Shape, TEXT, TEXTS, TIME, optional, required};

/// What is read of a document, as CSAF 2.0 asks it (docs.oasis-open.org/csaf/csaf/v2.0, `csaf_json_schema.json`).
pub(crate) static DOCUMENT: Shape = Shape::Object(&[
    required("document", &HEAD),
    optional("product_tree", &TREE),
    optional("vulnerabilities", &Shape::List(&VULNERABILITY)),
]);
static HEAD: Shape = Shape::Object(&[
    required("category", &TEXT),
    required("csaf_version", &TEXT),
    required("publisher", &Shape::Object(&[required("category", &TEXT), required("name", &TEXT), required("namespace", &TEXT)])),
    required("title", &TEXT),
    required("tracking", &TRACKING),
]);
static TRACKING: Shape = Shape::Object(&[
    required("id", &TEXT),
    required("version", &TEXT),
    required("status", &Shape::OneOf(&["draft", "final", "interim"])),
    required("initial_release_date", &TIME),
    required("current_release_date", &TIME),
]);

static TREE: Shape = Shape::Object(&[
    optional("branches", &BRANCHES),
    optional("full_product_names", &Shape::List(&PRODUCT)),
    optional("relationships", &Shape::List(&RELATIONSHIP)),
    optional("product_groups", &Shape::List(&Shape::Object(&[required("group_id", &TEXT), required("product_ids", &TEXTS)]))),
]);
static BRANCHES: Shape = Shape::List(&BRANCH);
static BRANCH: Shape =
    Shape::Object(&[required("category", &TEXT), required("name", &TEXT), optional("branches", &BRANCHES), optional("product", &PRODUCT)]);
static PRODUCT: Shape =
    Shape::Object(&[required("product_id", &TEXT), required("name", &TEXT), optional("product_identification_helper", &HELPER)]);
static HELPER: Shape = Shape::Object(&[
    optional("purl", &TEXT),
    optional("cpe", &TEXT),
    optional("hashes", &Shape::List(&HASHES)),
    optional("model_numbers", &TEXTS),
    optional("serial_numbers", &TEXTS),
    optional("skus", &TEXTS),
]);
static HASHES: Shape =
    Shape::Object(&[required("file_hashes", &Shape::List(&Shape::Object(&[required("algorithm", &TEXT), required("value", &TEXT)])))]);
static RELATIONSHIP: Shape = Shape::Object(&[
    required("category", &TEXT),
    required("full_product_name", &PRODUCT),
    required("product_reference", &TEXT),
    required("relates_to_product_reference", &TEXT),
]);

static VULNERABILITY: Shape = Shape::Object(&[
    optional("cve", &TEXT),
    optional("ids", &Shape::List(&Shape::Object(&[required("text", &TEXT)]))),
    optional("title", &TEXT),
    optional("notes", &Shape::List(&Shape::Object(&[required("category", &TEXT), required("text", &TEXT)]))),
    optional("product_status", &PRODUCT_STATUS),
    optional("flags", &Shape::List(&FLAG)),
    optional("threats", &Shape::List(&DETAIL)),
    optional("remediations", &Shape::List(&DETAIL)),
]);
static PRODUCT_STATUS: Shape = Shape::Object(&[
    optional("first_affected", &TEXTS),
    optional("first_fixed", &TEXTS),
    optional("fixed", &TEXTS),
    optional("known_affected", &TEXTS),
    optional("known_not_affected", &TEXTS),
    optional("last_affected", &TEXTS),
    optional("recommended", &TEXTS),
    optional("under_investigation", &TEXTS),
]);
static FLAG: Shape = Shape::Object(&[
    required(
        "label",
        &Shape::OneOf(&[
            "component_not_present",
            "inline_mitigations_already_exist",
            "vulnerable_code_cannot_be_controlled_by_adversary",
            "vulnerable_code_not_in_execute_path",
            "vulnerable_code_not_present",
        ]),
    ),
    optional("product_ids", &TEXTS),
    optional("group_ids", &TEXTS),
]);
static DETAIL: Shape = Shape::Object(&[
    required("category", &TEXT),
    required("details", &TEXT),
    optional("url", &TEXT),
    optional("product_ids", &TEXTS),
    optional("group_ids", &TEXTS),
]);

/// What statements carry, as far as products use it; what single statements leave out is added while they are made.
pub(crate) static HELD: Held =
    Held::Members(&[("document", &HEAD_HELD), ("product_tree", &TREE_HELD), ("vulnerabilities", &VULNERABILITY_HELD)]);
static HEAD_HELD: Held = Held::Members(&[
    ("category", &ALL),
    ("csaf_version", &ALL),
    ("publisher", &Held::Members(&[("category", &ALL), ("name", &ALL), ("namespace", &ALL)])),
    ("title", &ALL),
    (
        "tracking",
        &Held::Members(&[
            ("id", &ALL),
            ("version", &ALL),
            ("status", &ALL),
            ("initial_release_date", &ALL),
            ("current_release_date", &ALL),
        ]),
    ),
]);
static TREE_HELD: Held = Held::Members(&[
    ("branches", &BRANCH_HELD),
    ("full_product_names", &PRODUCT_HELD),
    (
        "relationships",
        &Held::Members(&[
            ("category", &ALL),
            ("full_product_name", &Held::Members(&[("product_id", &ALL), ("name", &ALL)])),
            ("product_reference", &ALL),
            ("relates_to_product_reference", &ALL),
        ]),
    ),
    ("product_groups", &Held::Members(&[("group_id", &ALL), ("product_ids", &ALL)])),
]);
static BRANCH_HELD: Held = Held::Members(&[("category", &ALL), ("name", &ALL), ("branches", &BRANCH_HELD), ("product", &PRODUCT_HELD)]);
static PRODUCT_HELD: Held = Held::Members(&[
    ("product_id", &ALL),
    ("name", &ALL),
    (
        "product_identification_helper",
        &Held::Members(&[
            ("purl", &ALL),
            ("cpe", &ALL),
            ("hashes", &Held::Members(&[("file_hashes", &ALL)])),
            ("model_numbers", &ALL),
            ("serial_numbers", &ALL),
            ("skus", &ALL),
        ]),
    ),
]);
static VULNERABILITY_HELD: Held = Held::Members(&[
    ("cve", &ALL),
    ("ids", &Held::Members(&[("text", &ALL)])),
    // A note of category `description` or `summary` is carried; the others are added while statements are made.
    ("notes", &ALL),
    (
        "product_status",
        &Held::Members(&[
            ("first_affected", &ALL),
            ("first_fixed", &ALL),
            ("fixed", &ALL),
            ("known_affected", &ALL),
            ("known_not_affected", &ALL),
            ("last_affected", &ALL),
            ("under_investigation", &ALL),
        ]),
    ),
    ("flags", &Held::Members(&[("label", &ALL), ("product_ids", &ALL), ("group_ids", &ALL)])),
    ("threats", &Held::Members(&[("category", &ALL), ("details", &ALL), ("product_ids", &ALL), ("group_ids", &ALL)])),
    ("remediations", &Held::Members(&[("category", &ALL), ("details", &ALL), ("url", &ALL), ("product_ids", &ALL), ("group_ids", &ALL)])),
]);
