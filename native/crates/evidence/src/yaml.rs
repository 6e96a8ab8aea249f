use std::borrow::Cow;

use saphyr_parser::{Event, Marker, Parser, ScalarStyle, ScanError, Span, StrInput, Tag};
use stella_canonical::{JsonLimits, ObjectBuilder, Place, Refusal, Value, nfc};

use crate::detect::{other_text, unsupported};
use crate::shape::Shape;

/// Larger YAML documents are refused: advisories are a thousandth of this, and YAML is slow to read.
const MAX_BYTES: usize = 4 * 1024 * 1024;

/// Reads one YAML 1.2 document that means JSON: core schema scalars, string keys, no aliases (so that nothing grows), no tags but `!!str`.
///
/// `shape` tells where the format asks for strings: a plain `1.10` or `2021-01-01T00:00:00Z` stays the text it is there.
pub(crate) fn parse<'a>(document: &'a [u8], limits: &JsonLimits, shape: &'static Shape) -> Result<Value<'a>, Refusal> {
    if document.len() > MAX_BYTES {
        return Err(Refusal::whole(format!("a YAML document of {} bytes; at most {MAX_BYTES} are read", document.len())));
    }
    let text = std::str::from_utf8(document).map_err(|error| Refusal::at_byte(document, error.valid_up_to(), "invalid UTF-8"))?;
    let mut reader = Reader { events: Parser::new_from_str(text), limits: *limits, values: 0 };
    match reader.stream(shape) {
        Ok(value @ Value::Object(_)) => Ok(value),
        Err(refusal) if is_mapping(text) => Err(refusal),
        Ok(_) | Err(_) => Err(Refusal::whole(unsupported(other_text(text)))),
    }
}

/// Whether a text means to be a YAML mapping of an advisory, so that its faults are worth telling.
fn is_mapping(text: &str) -> bool {
    text.lines().any(|line| line.starts_with("id:") || line.starts_with("modified:"))
}

struct Reader<'a> {
    events: Parser<'a, StrInput<'a>>,
    limits: JsonLimits,
    values: usize,
}

impl<'a> Reader<'a> {
    fn next(&mut self) -> Result<(Event<'a>, Span), Refusal> {
        match self.events.next_event() {
            Some(Ok(event)) => Ok(event),
            Some(Err(error)) => Err(malformed(&error)),
            None => Err(Refusal::whole("truncated YAML")),
        }
    }

    fn stream(&mut self, shape: &'static Shape) -> Result<Value<'a>, Refusal> {
        let mut value = None;
        loop {
            match self.next()? {
                (Event::StreamStart | Event::DocumentEnd | Event::Nothing, _) => {}
                (Event::DocumentStart(_), span) if value.is_some() => return Err(at(span.start, "a second YAML document in one file")),
                (Event::DocumentStart(_), _) => {
                    let first = self.next()?;
                    value = Some(self.node(first, Some(shape), 0)?);
                }
                (Event::StreamEnd, _) => return value.ok_or_else(|| Refusal::whole("an empty document")),
                (_, span) => return Err(at(span.start, "misplaced YAML content")),
            }
        }
    }

    fn node(&mut self, (event, span): (Event<'a>, Span), shape: Option<&'static Shape>, depth: usize) -> Result<Value<'a>, Refusal> {
        self.values += 1;
        if self.values > self.limits.max_values {
            return Err(at(span.start, format!("more than {} values in one document", self.limits.max_values)));
        }
        if depth >= self.limits.max_depth && matches!(event, Event::SequenceStart(..) | Event::MappingStart(..)) {
            return Err(at(span.start, format!("nested more than {} levels deep", self.limits.max_depth)));
        }
        match event {
            Event::Scalar(text, style, _, tag) => {
                let wants_text = matches!(shape, Some(Shape::Text | Shape::Time | Shape::OneOf(_)));
                let is_text = style != ScalarStyle::Plain || is_string(tag.as_deref(), span.start)?;
                if is_text { Ok(Value::text(text)) } else { plain(text, wants_text, span.start) }
            }
            Event::SequenceStart(_, tag) => {
                is_string(tag.as_deref(), span.start)?;
                self.sequence(shape.and_then(Shape::item), depth)
            }
            Event::MappingStart(_, tag) => {
                is_string(tag.as_deref(), span.start)?;
                self.mapping(shape, depth)
            }
            Event::Alias(_) => Err(at(span.start, "a YAML alias, which is not read")),
            _ => Err(at(span.start, "misplaced YAML content")),
        }
    }

    fn sequence(&mut self, item: Option<&'static Shape>, depth: usize) -> Result<Value<'a>, Refusal> {
        let mut items = Vec::new();
        loop {
            match self.next()? {
                (Event::SequenceEnd, _) => return Ok(Value::List(items)),
                next => items.push(self.node(next, item, depth + 1)?),
            }
        }
    }

    fn mapping(&mut self, shape: Option<&'static Shape>, depth: usize) -> Result<Value<'a>, Refusal> {
        let mut object = ObjectBuilder::default();
        loop {
            let (key, place) = match self.next()? {
                (Event::MappingEnd, _) => return Ok(Value::Object(object.build())),
                (Event::Scalar(key, ..), span) => (nfc(key), span.start),
                (_, span) => return Err(at(span.start, "a YAML key that is no string")),
            };
            if object.has(&key) {
                let shown: String = key.chars().take(64).collect();
                return Err(at(place, format!("doubled key {shown:?}")));
            }
            let next = self.next()?;
            let value = self.node(next, shape.and_then(|shape| shape.member(&key)), depth + 1)?;
            object.push(key, value);
        }
    }
}

/// Whether a tag says that a scalar is a string; other tags are refused.
fn is_string(tag: Option<&Tag>, place: Marker) -> Result<bool, Refusal> {
    match tag {
        None => Ok(false),
        Some(tag) if tag.is_yaml_core_schema() && tag.suffix == "str" => Ok(true),
        Some(tag) => Err(at(place, format!("the YAML tag {}{}, which is not read", tag.handle, tag.suffix))),
    }
}

/// A plain scalar by the core schema of YAML 1.2.2 §10.3.2.
fn plain<'a>(text: Cow<'a, str>, wants_text: bool, place: Marker) -> Result<Value<'a>, Refusal> {
    match text.as_ref() {
        "" | "~" | "null" | "Null" | "NULL" => return Ok(Value::Null),
        _ if wants_text => return Ok(Value::text(text)),
        "true" | "True" | "TRUE" => return Ok(Value::Bool(true)),
        "false" | "False" | "FALSE" => return Ok(Value::Bool(false)),
        ".nan" | ".NaN" | ".NAN" | ".inf" | ".Inf" | ".INF" | "+.inf" | "-.inf" => {
            return Err(at(place, "a number that JSON does not have"));
        }
        _ => {}
    }
    let radix = text.strip_prefix("0x").map(|digits| (digits, 16)).or_else(|| text.strip_prefix("0o").map(|digits| (digits, 8)));
    if let Some((digits, radix)) = radix {
        return u64::from_str_radix(digits, radix)
            .map_or_else(|_| Ok(Value::text(text.clone())), |number| integer(&number.to_string(), place));
    }
    if !is_number(&text) {
        return Ok(Value::text(text));
    }
    let unsigned = text.trim_start_matches(['+', '-']);
    if unsigned.bytes().all(|byte| byte.is_ascii_digit()) {
        let digits = unsigned.trim_start_matches('0');
        let digits = if digits.is_empty() { "0" } else { digits };
        let sign = if text.starts_with('-') { "-" } else { "" };
        return integer(&format!("{sign}{digits}"), place);
    }
    match text.parse::<f64>() {
        Ok(number) if number.is_finite() => Ok(Value::Number(number)),
        _ => Err(at(place, "a number out of range")),
    }
}

/// An integer under the rules of the JSON reader.
fn integer<'a>(digits: &str, place: Marker) -> Result<Value<'a>, Refusal> {
    let limits = JsonLimits { max_depth: 0, max_values: 1 };
    match stella_canonical::parse(digits.as_bytes(), &limits) {
        Ok(Value::Number(number)) => Ok(Value::Number(number)),
        Ok(_) => Err(at(place, "no integer")),
        Err(refusal) => Err(at(place, refusal.reason)),
    }
}

/// `[-+]? ( \. [0-9]+ | [0-9]+ ( \. [0-9]* )? ) ( [eE] [-+]? [0-9]+ )?`
fn is_number(text: &str) -> bool {
    let unsigned = text.strip_prefix(['+', '-']).unwrap_or(text);
    let (mantissa, exponent) = unsigned.split_once(['e', 'E']).map_or((unsigned, None), |(mantissa, exponent)| (mantissa, Some(exponent)));
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    let powered = exponent.is_none_or(|exponent| {
        let power = exponent.strip_prefix(['+', '-']).unwrap_or(exponent);
        !power.is_empty() && digits(power)
    });
    digits(whole) && digits(fraction) && !(whole.is_empty() && fraction.is_empty()) && powered
}

fn malformed(error: &ScanError) -> Refusal {
    at(*error.marker(), format!("malformed YAML: {}", error.info()))
}

fn at(place: Marker, reason: impl Into<String>) -> Refusal {
    Refusal::new(Place::Text { line: place.line().max(1) as u64, column: place.col() as u64 + 1 }, reason)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::osv::ADVISORY;

    const LIMITS: JsonLimits = JsonLimits { max_depth: 8, max_values: 100 };

    fn read(text: &str) -> String {
        match parse(text.as_bytes(), &LIMITS, &ADVISORY) {
            Ok(value) => value.to_canonical(),
            Err(refusal) => format!("{}: {}", refusal.place, refusal.reason),
        }
    }

    #[test]
    fn parse_keeps_versions_and_times_as_strings_and_resolves_other_scalars() {
        assert_eq!(
            read(
                "id: 2021\nmodified: 2021-01-01T00:00:00Z\nsummary:\naffected:\n- versions: [1.10, 0x10, true, '2']\ndatabase_specific: {a: 1.50, b: [yes, True, ~, 0x1F, 0o17, -007, 1e3, 1.2.3, .5]}\n"
            ),
            r#"{"affected":[{"versions":["1.10","0x10","true","2"]}],"database_specific":{"a":1.5,"b":["yes",true,null,31,15,-7,1000,"1.2.3",0.5]},"id":"2021","modified":"2021-01-01T00:00:00Z","summary":null}"#
        );
        assert_eq!(
            read("id: !!str 1\nx: !!str 2\nkey with \u{e9}: |\n  a\n  b\n"),
            "{\"id\":\"1\",\"key with é\":\"a\\nb\\n\",\"x\":\"2\"}"
        );
    }

    #[test]
    fn parse_refuses_with_line_and_column() {
        for (text, told) in [
            ("id: a\nid: b\n", "2:1: doubled key \"id\""),
            ("id: &x a\nsummary: *x\n", "2:10: a YAML alias, which is not read"),
            ("id: a\nx: !!binary aGk=\n", "2:4: the YAML tag tag:yaml.org,2002:binary, which is not read"),
            ("id: a\n? [1]\n: b\n", "2:3: a YAML key that is no string"),
            ("id: a\n---\nid: b\n", "2:1: a second YAML document in one file"),
            ("id: a\nx: .inf\n", "2:4: a number that JSON does not have"),
            ("id: a\nx: 9007199254740993\n", "2:4: an integer that an IEEE 754 double does not hold exactly"),
            ("id: a\nx: [[[[[[[[[1]]]]]]]]]\n", "2:11: nested more than 8 levels deep"),
            ("id: a\nx: 'open\n", "2:4: malformed YAML: while scanning a quoted scalar, found unexpected end of stream"),
        ] {
            assert_eq!(read(text), told, "{text}");
        }
    }

    #[test]
    fn parse_calls_other_text_by_its_name() {
        for text in ["# Read me\n\nSome words: or not.\nMore words", "just words", "- a\n- b\n", "a\tb\tc\n"] {
            assert!(read(text).starts_with("1:1: unsupported format: text that is neither JSON nor YAML"), "{}", read(text));
        }
    }
}
