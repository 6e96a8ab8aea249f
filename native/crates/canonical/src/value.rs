use std::borrow::Cow;
use std::cmp::Ordering;
use std::collections::HashSet;

use unicode_normalization::{IsNormalized, UnicodeNormalization, is_nfc_quick};

/// A JSON value: strings and keys are NFC, numbers are IEEE doubles, members are in canonical order.
#[derive(Debug, Clone, PartialEq)]
pub enum Value<'a> {
    /// `null`
    Null,
    /// `true` or `false`
    Bool(bool),
    /// A finite double.
    Number(f64),
    /// A string in NFC.
    Text(Cow<'a, str>),
    /// An array.
    List(Vec<Value<'a>>),
    /// An object.
    Object(Object<'a>),
}

impl<'a> Value<'a> {
    /// A string value, brought into NFC.
    pub fn text(text: impl Into<Cow<'a, str>>) -> Self {
        Self::Text(nfc(text.into()))
    }

    /// The string, if this is one.
    #[must_use]
    pub fn as_text(&self) -> Option<&str> {
        if let Self::Text(text) = self { Some(text) } else { None }
    }

    /// The items, if this is an array.
    #[must_use]
    pub fn as_list(&self) -> Option<&[Value<'a>]> {
        if let Self::List(items) = self { Some(items) } else { None }
    }

    /// The object, if this is one.
    #[must_use]
    pub fn as_object(&self) -> Option<&Object<'a>> {
        if let Self::Object(object) = self { Some(object) } else { None }
    }

    /// A member of this object; `None` where this is no object, or the member is absent or null.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<&Value<'a>> {
        self.as_object()?.get(key)
    }

    /// A string member of this object.
    #[must_use]
    pub fn get_text(&self, key: &str) -> Option<&str> {
        self.get(key)?.as_text()
    }

    /// The items of an array member; none where it is absent or no array.
    #[must_use]
    pub fn get_list(&self, key: &str) -> &[Value<'a>] {
        self.get(key).and_then(Value::as_list).unwrap_or_default()
    }

    /// What kind of value this is, for a message.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Null => "null",
            Self::Bool(_) => "a boolean",
            Self::Number(_) => "a number",
            Self::Text(_) => "a string",
            Self::List(_) => "an array",
            Self::Object(_) => "an object",
        }
    }
}

/// The members of a JSON object, by UTF-16 code units of their keys (RFC 8785 §3.2.3), each key once.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Object<'a> {
    members: Vec<(Cow<'a, str>, Value<'a>)>,
}

impl<'a> Object<'a> {
    /// A member that is there and not null.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<&Value<'a>> {
        let at = self.find(key).ok()?;
        Some(&self.members[at].1).filter(|value| **value != Value::Null)
    }

    /// A member to change, if it is there and not null.
    pub fn get_mut(&mut self, key: &str) -> Option<&mut Value<'a>> {
        let at = self.find(key).ok()?;
        Some(&mut self.members[at].1).filter(|value| **value != Value::Null)
    }

    /// Sets a member.
    pub fn insert(&mut self, key: impl Into<Cow<'a, str>>, value: Value<'a>) {
        let key = nfc(key.into());
        match self.find(&key) {
            Ok(at) => self.members[at].1 = value,
            Err(at) => self.members.insert(at, (key, value)),
        }
    }

    /// Takes a member out.
    pub fn remove(&mut self, key: &str) -> Option<Value<'a>> {
        self.find(key).ok().map(|at| self.members.remove(at).1)
    }

    /// How many members there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.members.len()
    }

    /// Whether there is no member.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.members.is_empty()
    }

    /// The members in canonical order.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Value<'a>)> {
        self.members.iter().map(|(key, value)| (key.as_ref(), value))
    }

    fn find(&self, key: &str) -> Result<usize, usize> {
        self.members.binary_search_by(|member| key_order(&member.0, key))
    }
}

/// Objects with more members than this find a doubled key by hash, smaller ones by looking through them.
const FEW_MEMBERS: usize = 24;

/// Gathers the members of one object in any order. However many there are and however they are ordered, the work grows with their number.
#[derive(Debug, Default)]
pub struct ObjectBuilder<'a> {
    members: Vec<(Cow<'a, str>, Value<'a>)>,
    many: HashSet<Cow<'a, str>>,
}

impl<'a> ObjectBuilder<'a> {
    /// Whether a key, in NFC, was pushed before.
    #[must_use]
    pub fn has(&self, key: &str) -> bool {
        if self.many.is_empty() { self.members.iter().any(|member| member.0 == key) } else { self.many.contains(key) }
    }

    /// Adds a member whose key, in NFC, is new.
    pub fn push(&mut self, key: Cow<'a, str>, value: Value<'a>) {
        if !self.many.is_empty() {
            self.many.insert(key.clone());
        } else if self.members.len() == FEW_MEMBERS {
            self.many.extend(self.members.iter().map(|member| member.0.clone()));
            self.many.insert(key.clone());
        }
        self.members.push((key, value));
    }

    /// The object.
    #[must_use]
    pub fn build(mut self) -> Object<'a> {
        if !self.members.is_sorted_by(|a, b| key_order(&a.0, &b.0).is_le()) {
            self.members.sort_by(|a, b| key_order(&a.0, &b.0));
        }
        Object { members: self.members }
    }
}

impl<'a> FromIterator<(&'a str, Value<'a>)> for Object<'a> {
    fn from_iter<I: IntoIterator<Item = (&'a str, Value<'a>)>>(members: I) -> Self {
        let mut object = Self::default();
        for (key, value) in members {
            object.insert(key, value);
        }
        object
    }
}

/// UTF-16 code unit order. It differs from byte order only above U+D7FF, so keys in ASCII are compared as bytes.
fn key_order(a: &str, b: &str) -> Ordering {
    if a.is_ascii() && b.is_ascii() { a.cmp(b) } else { a.encode_utf16().cmp(b.encode_utf16()) }
}

/// Unicode Normalization Form C (UAX #15).
#[must_use]
pub fn nfc(text: Cow<'_, str>) -> Cow<'_, str> {
    if text.is_ascii() || is_nfc_quick(text.chars()) == IsNormalized::Yes { text } else { Cow::Owned(text.nfc().collect()) }
}
