//! The scanner agrees with serde_json on what JSON is.

use proptest::prelude::*;
use serde_json::Value;
use stella_projection::Projection;

fn anything() -> Projection {
    Projection::compile(r#"{"id":"any","version":1,"root":{"kind":"any"}}"#).expect("the mapping is good")
}

fn json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        "\\PC{0,40}".prop_map(Value::from),
        any::<String>().prop_map(Value::from),
    ];
    leaf.prop_recursive(5, 64, 8, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..8).prop_map(Value::from),
            prop::collection::hash_map(any::<String>(), inner, 0..8).prop_map(|members| members.into_iter().collect()),
        ]
    })
}

/// True when the text has white space outside of strings, which the scanner refuses and JSON does not.
fn has_white_space(text: &str) -> bool {
    let (mut inside, mut escaped) = (false, false);
    text.bytes().any(|byte| {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if inside => escaped = true,
            b'"' => inside = !inside,
            _ => {}
        }
        !inside && matches!(byte, b' ' | b'\n' | b'\r' | b'\t')
    })
}

proptest! {
    #[test]
    fn what_serde_json_writes_passes(value in json()) {
        let text = value.to_string();
        prop_assert_eq!(anything().check(text.as_bytes()), Ok(()), "{}", text);
    }

    #[test]
    fn mutations_pass_exactly_when_serde_json_reads_them(
        value in json(),
        edits in prop::collection::vec((any::<prop::sample::Index>(), 0..4_u8, prop::sample::select(&b"\"\\{}[]:,0123456789-+.eEtfnulu/ \n\x01\x7fa"[..])), 1..4),
    ) {
        let mut bytes = value.to_string().into_bytes();
        for (place, edit, byte) in edits {
            let at = place.index(bytes.len().max(1));
            match edit {
                0 if at < bytes.len() => bytes[at] = byte,
                1 => bytes.insert(at.min(bytes.len()), byte),
                2 if at < bytes.len() => { bytes.remove(at); }
                _ => bytes.truncate(at),
            }
        }
        let passes = anything().check(&bytes).is_ok();
        match std::str::from_utf8(&bytes) {
            Ok(text) if !has_white_space(text) => {
                prop_assert_eq!(passes, serde_json::from_str::<Value>(text).is_ok(), "{}", text);
            }
            _ => prop_assert!(!passes),
        }
    }

    #[test]
    fn the_scanner_takes_any_bytes_without_a_panic(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        let _ = anything().check(&bytes);
        let _ = stella_projection::locate(&bytes, bytes.len() / 2);
    }
}
