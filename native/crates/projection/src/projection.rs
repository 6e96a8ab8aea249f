use crate::mapping::{Mapping, MappingError, Shape};
use crate::pointer::locate;
use crate::scan::{DEPTH_LIMIT, Scan, Stop, Why};

/// Most members that one object of a mapping may have.
const FIELD_LIMIT: usize = 128;

pub(crate) type NodeId = u32;

/// A compiled mapping. One is shared by all threads.
#[derive(Debug)]
pub struct Projection {
    id: String,
    nodes: Vec<Node>,
    root: NodeId,
}

#[derive(Debug)]
pub(crate) struct Node {
    pub(crate) of: Type,
    pub(crate) nullable: bool,
}

#[derive(Debug)]
pub(crate) enum Type {
    Object(Vec<Field>),
    Array(NodeId),
    Map(NodeId),
    Text,
    Number,
    Boolean,
    Scalar,
    Any,
}

#[derive(Debug)]
pub(crate) struct Field {
    /// `"name":` as it stands in canonical JSON.
    pub(crate) literal: Box<[u8]>,
    pub(crate) node: NodeId,
    /// The first eight bytes of the literal, and which of them count.
    head: u64,
    mask: u64,
}

impl Field {
    fn new(literal: Box<[u8]>, node: NodeId) -> Self {
        let (mut head, mut mask) = ([0; 8], [0; 8]);
        for (index, byte) in literal.iter().take(8).enumerate() {
            (head[index], mask[index]) = (*byte, 0xff);
        }
        Self { literal, node, head: u64::from_le_bytes(head), mask: u64::from_le_bytes(mask) }
    }

    /// Whether the member at the front of `rest` is this one; `head` is its first eight bytes.
    #[inline]
    pub(crate) fn is_at(&self, rest: &[u8], head: u64) -> bool {
        (head ^ self.head) & self.mask == 0 && (self.literal.len() <= 8 || rest.starts_with(&self.literal))
    }
}

/// The first eight bytes, zeros where there are fewer. No literal holds a zero.
#[inline]
pub(crate) fn head_of(rest: &[u8]) -> u64 {
    match rest.first_chunk::<8>() {
        Some(head) => u64::from_le_bytes(*head),
        None => rest.iter().rev().fold(0, |head, byte| head << 8 | u64::from(*byte)),
    }
}

impl Type {
    pub(crate) fn name(&self) -> &'static str {
        match self {
            Self::Object(_) | Self::Map(_) => "an object",
            Self::Array(_) => "an array",
            Self::Text => "a string",
            Self::Number => "a number",
            Self::Boolean => "a boolean",
            Self::Scalar => "a scalar",
            Self::Any => "a value",
        }
    }
}

/// Why a record is not what its mapping allows.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{reason}")]
pub struct Mismatch {
    /// JSON pointer (RFC 6901) of the member or element; empty for the record itself.
    pub field: String,
    /// What is wrong with it.
    pub reason: String,
}

impl Projection {
    /// Compiles a mapping document; see [`Mapping`].
    ///
    /// # Errors
    /// When the text is not a mapping, or an object of it has more than 128 members.
    pub fn compile(text: &str) -> Result<Self, MappingError> {
        let mapping = Mapping::parse(text)?;
        let mut projection = Self { id: mapping.id, nodes: Vec::new(), root: 0 };
        projection.root = projection.add(&mapping.root)?;
        Ok(projection)
    }

    /// The `id` of the mapping document.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.id
    }

    /// Checks one record.
    ///
    /// # Errors
    /// When the bytes are not compact JSON, a member is unmapped or comes twice, or a value is of another type.
    #[inline]
    pub fn check(&self, record: &[u8]) -> Result<(), Mismatch> {
        if std::str::from_utf8(record).is_err() {
            return Err(Mismatch { field: String::new(), reason: "the record is not UTF-8".into() });
        }
        Scan::new(self, record).run(self.root).map_err(|stop| self.explain(record, stop))
    }

    pub(crate) fn node(&self, id: NodeId) -> &Node {
        &self.nodes[id as usize]
    }

    fn add(&mut self, shape: &Shape) -> Result<NodeId, MappingError> {
        let (of, nullable) = match shape {
            Shape::Object { fields, nullable, .. } => (self.fields(fields.iter())?, *nullable),
            Shape::Array { items, nullable } => (Type::Array(self.add(items)?), *nullable),
            Shape::Map { values, nullable } => (Type::Map(self.add(values)?), *nullable),
            Shape::String { nullable } => (Type::Text, *nullable),
            Shape::Number { nullable } => (Type::Number, *nullable),
            Shape::Boolean { nullable } => (Type::Boolean, *nullable),
            Shape::Scalar {} => (Type::Scalar, true),
            Shape::Any {} => (Type::Any, true),
        };
        self.nodes.push(Node { of, nullable });
        NodeId::try_from(self.nodes.len() - 1).map_err(|_| unusable("too many nodes"))
    }

    fn fields<'a>(&mut self, fields: impl ExactSizeIterator<Item = (&'a String, &'a Shape)>) -> Result<Type, MappingError> {
        if fields.len() > FIELD_LIMIT {
            return Err(unusable("an object with more than 128 members"));
        }
        let compiled = fields.map(|(name, shape)| {
            let literal = format!("{}:", serde_json::to_string(name)?).into_bytes().into_boxed_slice();
            Ok(Field::new(literal, self.add(shape)?))
        });
        Ok(Type::Object(compiled.collect::<Result<_, MappingError>>()?))
    }

    #[cold]
    fn explain(&self, record: &[u8], stop: Stop) -> Mismatch {
        let field = locate(record, stop.at).pointer;
        let reason = match stop.why {
            Why::NotJson => format!("the record is not compact JSON at byte {}", stop.at),
            Why::Unmapped => format!("{} has no mapping for this member", self.id),
            Why::Twice => "the member comes twice".into(),
            Why::Type(wanted) => format!("{} wants {wanted} here", self.id),
            Why::Depth => format!("the record is nested deeper than {DEPTH_LIMIT}"),
        };
        Mismatch { field, reason }
    }
}

fn unusable(what: &str) -> MappingError {
    MappingError(serde::de::Error::custom(what))
}
