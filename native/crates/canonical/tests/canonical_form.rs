//! The canonical form against the vectors of RFC 8785, and what is refused, with its position.

use proptest::prelude::*;
use stella_canonical::{JsonLimits, Value, is_complete, parse};

const LIMITS: JsonLimits = JsonLimits { max_depth: 16, max_values: 1_000 };

fn canonical(text: &str) -> String {
    parse(text.as_bytes(), &LIMITS).map(|value| value.to_canonical()).unwrap_or_else(|refusal| panic!("{text}: {refusal:?}"))
}

fn refused(document: &[u8]) -> (String, String) {
    let refusal = parse(document, &LIMITS).expect_err("must be refused");
    (refusal.place.to_string(), refusal.reason)
}

#[test]
fn parse_and_write_give_the_vectors_of_rfc_8785() {
    let section_3_2_2 = r#"{"numbers": [333333333.33333329, 1E30, 4.50, 2e-3, 0.000000000000000000000000001],
        "string": "\u20ac$\u000F\u000aA'\u0042\u0022\u005c\\\"\/", "literals": [null, true, false]}"#;
    assert_eq!(
        canonical(section_3_2_2),
        "{\"literals\":[null,true,false],\"numbers\":[333333333.3333333,1e+30,4.5,0.002,1e-27],\"string\":\"€$\\u000f\\nA'B\\\"\\\\\\\\\\\"/\"}"
    );
    // Section 3.2.3, but U+FB33 (dalet with dagesh) decomposes in NFC to U+05D3 U+05BC and so sorts elsewhere.
    let section_3_2_3 = r#"{"\u20ac": 1, "\r": 2, "\u0080": 3, "1": 4, "\ud83d\ude00": 5, "\u00f6": 6, "\uff21": 7, "</script>": 8}"#;
    assert_eq!(canonical(section_3_2_3), "{\"\\r\":2,\"1\":4,\"</script>\":8,\"\u{80}\":3,\"ö\":6,\"€\":1,\"\u{1F600}\":5,\"\u{FF21}\":7}");
}

#[test]
fn numbers_are_written_as_in_appendix_b_of_rfc_8785() {
    for (bits, text) in [
        (0x0000000000000000u64, "0"),
        (0x8000000000000000, "0"),
        (0x0000000000000001, "5e-324"),
        (0x8000000000000001, "-5e-324"),
        (0x7fefffffffffffff, "1.7976931348623157e+308"),
        (0xffefffffffffffff, "-1.7976931348623157e+308"),
        (0x4340000000000000, "9007199254740992"),
        (0xc340000000000000, "-9007199254740992"),
        (0x4430000000000000, "295147905179352830000"),
        (0x44b52d02c7e14af5, "9.999999999999997e+22"),
        (0x44b52d02c7e14af6, "1e+23"),
        (0x44b52d02c7e14af7, "1.0000000000000001e+23"),
        (0x444b1ae4d6e2ef4e, "999999999999999700000"),
        (0x444b1ae4d6e2ef4f, "999999999999999900000"),
        (0x444b1ae4d6e2ef50, "1e+21"),
        (0x3eb0c6f7a0b5ed8c, "9.999999999999997e-7"),
        (0x3eb0c6f7a0b5ed8d, "0.000001"),
        (0x41b3de4355555553, "333333333.3333332"),
        (0x41b3de4355555554, "333333333.33333325"),
        (0x41b3de4355555555, "333333333.3333333"),
        (0xbecbf647612f3696, "-0.0000033333333333333333"),
        (0x43143ff3c1cb0959, "1424953923781206.2"),
    ] {
        assert_eq!(Value::Number(f64::from_bits(bits)).to_canonical(), text);
    }
}

#[test]
fn strings_and_keys_are_nfc() {
    assert_eq!(canonical("{\"e\u{301}\": \"A\u{30a}\u{1100}\u{1161}\"}"), "{\"é\":\"Å가\"}");
    assert_eq!(canonical("\u{feff}[\"\\u0065\\u0301\"]"), "[\"é\"]");
}

#[test]
fn integers_that_a_double_holds_exactly_pass_and_others_do_not() {
    assert_eq!(
        canonical("[9007199254740992, 18014398509481984, 18446744073709551616, -9223372036854775808, 9007199254740993.0]"),
        "[9007199254740992,18014398509481984,18446744073709552000,-9223372036854776000,9007199254740992]"
    );
    for number in ["9007199254740993", "-9007199254740993", "18446744073709551615", "18446744073709551617", "-9223372036854775809"] {
        let (position, reason) = refused(format!("{{\"a\":\n  \"9007199254740993\", \"b\": {number}}}").as_bytes());
        assert!(position.starts_with("2:") && reason.contains("exactly"), "{number}: {position} {reason}");
    }
}

#[test]
fn parse_refuses_with_line_and_column() {
    for (document, position, reason) in [
        (&b"{\"a\": 1,\n \"b\": }"[..], "2:7", "expected value"),
        (b"{\"a\": [1, 2", "1:11", "truncated: EOF while parsing a list"),
        (b"{\"a\": \"x", "1:8", "truncated: EOF while parsing a string"),
        (b"", "1:1", "truncated: EOF while parsing a value"),
        (b"{\"a\": 1}\n{}", "2:1", "text after the end of the document"),
        (b"{\"a\": 1,\n\"a\": 2}", "2:3", "doubled key \"a\""),
        ("{\"\u{e9}\": 1, \"e\\u0301\": 2}".as_bytes(), "1:19", "doubled key \"é\""),
        (b"{\"a\": \"\xff\"}", "1:8", "invalid UTF-8"),
        (b"[\"\\ud800\"]", "1:9", "a lone surrogate"),
        (b"[\"\\udc00x\"]", "1:8", "lone leading surrogate in hex escape"),
        (b"[NaN]", "1:2", "expected value"),
        (b"[1e400]", "1:6", "number out of range"),
        (b"[01]", "1:3", "invalid number"),
        (b"[\"a\tb\"]", "1:4", "control character (\\u0000-\\u001F) found while parsing a string"),
        (b"[1,]", "1:4", "trailing comma"),
        (b"[[[[[[[[[[[[[[[[[", "1:17", "nested more than 16 levels deep"),
    ] {
        let (at, why) = refused(document);
        assert_eq!((at.as_str(), why.as_str()), (position, reason), "{}", String::from_utf8_lossy(document));
    }
}

#[test]
fn parse_refuses_too_many_values_and_doubled_keys_of_large_objects() {
    let many = format!("[{}0]", "0,".repeat(1_000));
    assert_eq!(refused(many.as_bytes()).1, "more than 1000 values in one document");
    let keys: Vec<String> = (0..100).map(|key| format!("\"k{key}\":0")).collect();
    assert!(parse(format!("{{{}}}", keys.join(",")).as_bytes(), &LIMITS).is_ok());
    for doubled in [0, 23, 24, 99] {
        let text = format!("{{{},\"k{doubled}\":0}}", keys.join(","));
        assert_eq!(refused(text.as_bytes()).1, format!("doubled key \"k{doubled}\""));
    }
}

#[test]
fn is_complete_tells_a_whole_value_from_a_part() {
    assert!(is_complete(b" {\"a\": 1} \r\n") && is_complete(b"[1]"));
    assert!(!is_complete(b"{") && !is_complete(b"{} {}") && !is_complete(b""));
}

fn values() -> impl Strategy<Value = Value<'static>> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::Bool),
        any::<f64>().prop_filter("finite", |number| number.is_finite()).prop_map(Value::Number),
        any::<i32>().prop_map(|number| Value::Number(f64::from(number))),
        any::<String>().prop_map(Value::text),
    ];
    leaf.prop_recursive(4, 64, 8, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..8).prop_map(Value::List),
            prop::collection::vec((any::<String>(), inner), 0..8).prop_map(|members| {
                let mut object = stella_canonical::Object::default();
                for (key, value) in members {
                    object.insert(key, value);
                }
                Value::Object(object)
            }),
        ]
    })
}

proptest! {
    #[test]
    fn canonical_text_read_again_is_the_same_text(value in values()) {
        let text = value.to_canonical();
        prop_assert_eq!(canonical(&text), text);
    }

    #[test]
    fn canonical_text_means_the_same_to_another_reader(value in values()) {
        let text = value.to_canonical();
        let other: serde_json::Value = serde_json::from_str(&text).expect("canonical text is JSON");
        let again = other.to_string();
        let back: serde_json::Value = serde_json::from_str(&again).expect("JSON");
        prop_assert_eq!(other, back);
    }

    #[test]
    fn parse_never_panics(document in prop::collection::vec(any::<u8>(), 0..200)) {
        let _ = parse(&document, &LIMITS);
    }
}
