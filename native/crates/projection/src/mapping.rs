use std::collections::BTreeMap;

use serde::Deserialize;

/// A mapping document: `{"id", "version", "root"}`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Mapping {
    /// Name and schema version, `osv-1.7` for instance.
    pub id: String,
    /// Counts the editions of the mapping itself.
    pub version: u32,
    /// What a record may be.
    pub root: Shape,
}

/// What a value may be. `nullable` lets `null` stand in its place.
#[derive(Debug, Clone, Deserialize)]
#[serde(tag = "kind", rename_all = "lowercase", deny_unknown_fields)]
pub enum Shape {
    /// An object with these members and no others.
    Object {
        /// Members by name. None is required: what a record must have is checked at ingest.
        fields: BTreeMap<String, Shape>,
        /// What to do with other members.
        others: Others,
        /// Whether `null` may stand here.
        #[serde(default)]
        nullable: bool,
    },
    /// An array of one shape.
    Array {
        /// The shape of each element.
        items: Box<Shape>,
        /// Whether `null` may stand here.
        #[serde(default)]
        nullable: bool,
    },
    /// An object with any member names and values of one shape.
    Map {
        /// The shape of each member's value.
        values: Box<Shape>,
        /// Whether `null` may stand here.
        #[serde(default)]
        nullable: bool,
    },
    /// A string.
    String {
        /// Whether `null` may stand here.
        #[serde(default)]
        nullable: bool,
    },
    /// A number.
    Number {
        /// Whether `null` may stand here.
        #[serde(default)]
        nullable: bool,
    },
    /// `true` or `false`.
    Boolean {
        /// Whether `null` may stand here.
        #[serde(default)]
        nullable: bool,
    },
    /// A string, number, boolean or `null`.
    Scalar {},
    /// Any JSON value. It is checked to be JSON.
    Any {},
}

/// What to do with a member that has no mapping. Dropping it in silence is not among the choices.
#[derive(Debug, Clone, Copy, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
pub enum Others {
    /// The record is refused.
    Refuse,
}

/// Why a mapping document cannot be used.
#[derive(Debug, thiserror::Error)]
#[error("the mapping cannot be read: {0}")]
pub struct MappingError(#[from] pub(crate) serde_json::Error);

impl Mapping {
    /// Reads a mapping document.
    ///
    /// # Errors
    /// When the text is not JSON or not of this form.
    pub fn parse(text: &str) -> Result<Self, MappingError> {
        Ok(serde_json::from_str(text)?)
    }
}
