use std::borrow::Cow;
use std::cell::Cell;
use std::fmt;

use serde::de::{DeserializeSeed, Error as _, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::Deserializer;

use crate::number;
use crate::refusal::{Place, Refusal};
use crate::value::{ObjectBuilder, Value, nfc};

/// Deeper than this nothing is read whatever the limit says, since reading uses the thread's stack.
const DEPTH_CEILING: usize = 512;

const BYTE_ORDER_MARK: &str = "\u{feff}";

/// How much structure one document may have.
#[derive(Debug, Clone, Copy)]
pub struct JsonLimits {
    /// Containers within containers; at most 512 is honoured.
    pub max_depth: usize,
    /// Values in the whole document, which bounds the memory of its tree (32 bytes a value and the strings).
    pub max_values: usize,
}

/// Reads one JSON document strictly.
///
/// # Errors
/// What the crate's head lists, each with its line and column.
pub fn parse<'a>(document: &'a [u8], limits: &JsonLimits) -> Result<Value<'a>, Refusal> {
    let whole = std::str::from_utf8(document).map_err(|error| Refusal::at_byte(document, error.valid_up_to(), "invalid UTF-8"))?;
    let text = whole.strip_prefix(BYTE_ORDER_MARK).unwrap_or(whole);
    let reading = Reading { limits: *limits, values: Cell::new(0), beyond_words: Cell::new(false) };

    let mut source = Deserializer::from_str(text);
    source.disable_recursion_limit();
    let value = Seed { reading: &reading, depth: 0 }.deserialize(&mut source).map_err(refusal)?;
    source.end().map_err(|error| Refusal { reason: "text after the end of the document".into(), ..refusal(error) })?;
    if reading.beyond_words.get() {
        number::check_integers(text)?;
    }
    Ok(value)
}

/// Whether a text is one whole JSON value and nothing else, by syntax alone.
#[must_use]
pub fn is_complete(text: &[u8]) -> bool {
    serde_json::from_slice::<IgnoredAny>(text.strip_prefix(BYTE_ORDER_MARK.as_bytes()).unwrap_or(text)).is_ok()
}

fn refusal(error: serde_json::Error) -> Refusal {
    let told = error.to_string();
    let reason = told.rfind(" at line ").map_or(told.as_str(), |at| &told[..at]);
    let place = Place::Text { line: error.line().max(1) as u64, column: error.column().max(1) as u64 };
    // serde_json looks for the second half of a pair, and tells of what it found instead.
    let reason = if reason == "unexpected end of hex escape" { "a lone surrogate" } else { reason };
    let reason = if error.is_eof() { format!("truncated: {reason}") } else { reason.to_owned() };
    Refusal::new(place, reason)
}

struct Reading {
    limits: JsonLimits,
    values: Cell<usize>,
    beyond_words: Cell<bool>,
}

#[derive(Clone, Copy)]
struct Seed<'r> {
    reading: &'r Reading,
    depth: usize,
}

impl Seed<'_> {
    fn deeper<E: serde::de::Error>(self) -> Result<Self, E> {
        let most = self.reading.limits.max_depth.min(DEPTH_CEILING);
        if self.depth < most {
            Ok(Self { depth: self.depth + 1, ..self })
        } else {
            Err(E::custom(format_args!("nested more than {most} levels deep")))
        }
    }

    fn count<E: serde::de::Error>(self) -> Result<(), E> {
        let most = self.reading.limits.max_values;
        self.reading.values.set(self.reading.values.get() + 1);
        if self.reading.values.get() <= most { Ok(()) } else { Err(E::custom(format_args!("more than {most} values in one document"))) }
    }
}

impl<'de> DeserializeSeed<'de> for Seed<'_> {
    type Value = Value<'de>;

    fn deserialize<D: serde::Deserializer<'de>>(self, source: D) -> Result<Value<'de>, D::Error> {
        self.count()?;
        source.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Seed<'_> {
    type Value = Value<'de>;

    fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("a JSON value")
    }

    fn visit_unit<E>(self) -> Result<Value<'de>, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value<'de>, E> {
        Ok(Value::Bool(value))
    }

    fn visit_u64<E: serde::de::Error>(self, value: u64) -> Result<Value<'de>, E> {
        number::exact(value).map(Value::Number).ok_or_else(|| E::custom(number::INEXACT))
    }

    fn visit_i64<E: serde::de::Error>(self, value: i64) -> Result<Value<'de>, E> {
        number::exact(value.unsigned_abs()).map(|_| Value::Number(value as f64)).ok_or_else(|| E::custom(number::INEXACT))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Value<'de>, E> {
        if value.abs() >= number::BEYOND_WORDS {
            self.reading.beyond_words.set(true);
        }
        Ok(Value::Number(value))
    }

    fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Value<'de>, E> {
        Ok(Value::Text(nfc(Cow::Borrowed(text))))
    }

    fn visit_str<E>(self, text: &str) -> Result<Value<'de>, E> {
        Ok(Value::Text(nfc(Cow::Owned(text.to_owned()))))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut source: A) -> Result<Value<'de>, A::Error> {
        let seed = self.deeper()?;
        let mut items = Vec::new();
        while let Some(item) = source.next_element_seed(seed)? {
            items.push(item);
        }
        Ok(Value::List(items))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut source: A) -> Result<Value<'de>, A::Error> {
        let seed = self.deeper()?;
        let mut object = ObjectBuilder::default();
        while let Some(key) = source.next_key_seed(Key)? {
            if object.has(&key) {
                let shown: String = key.chars().take(64).collect();
                return Err(A::Error::custom(format_args!("doubled key {shown:?}")));
            }
            object.push(key, source.next_value_seed(seed)?);
        }
        Ok(Value::Object(object.build()))
    }
}

struct Key;

impl<'de> DeserializeSeed<'de> for Key {
    type Value = Cow<'de, str>;

    fn deserialize<D: serde::Deserializer<'de>>(self, source: D) -> Result<Cow<'de, str>, D::Error> {
        source.deserialize_str(self)
    }
}

impl<'de> Visitor<'de> for Key {
    type Value = Cow<'de, str>;

    fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("a key")
    }

    fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Cow<'de, str>, E> {
        Ok(nfc(Cow::Borrowed(text)))
    }

    fn visit_str<E>(self, text: &str) -> Result<Cow<'de, str>, E> {
        Ok(nfc(Cow::Owned(text.to_owned())))
    }
}
