//! What a mapping lets pass, and how it names what it does not.

use stella_projection::{DEPTH_LIMIT, Locator, Mismatch, Projection, locate};

const MAPPING: &str = r#"{"id":"test-1","version":1,"root":{"kind":"object","others":"refuse","fields":{
    "a/b":{"kind":"string"},
    "any":{"kind":"any"},
    "flag":{"kind":"boolean"},
    "id":{"kind":"string"},
    "list":{"kind":"array","nullable":true,"items":{"kind":"object","others":"refuse","fields":{"name":{"kind":"string"},"rank":{"kind":"number"}}}},
    "map":{"kind":"map","values":{"kind":"string"}},
    "scalar":{"kind":"scalar"}}}}"#;

fn check(record: &str) -> Result<(), Mismatch> {
    Projection::compile(MAPPING).expect("the mapping is good").check(record.as_bytes())
}

fn refused_at(record: &str) -> String {
    check(record).expect_err(record).field
}

#[test]
fn mapped_members_pass_in_any_order() {
    for record in [
        "{}",
        r#"{"id":"x"}"#,
        r#"{"scalar":null,"id":"\u00e9\ud83d\ude00","flag":true}"#,
        r#"{"a/b":"","any":{"deep":[1,{"x":null}]},"flag":false,"id":"x","list":[{"name":"n","rank":-1.5e3},{}],"map":{"k":"v"},"scalar":7}"#,
        r#"{"list":null}"#,
        r#"{"list":[]}"#,
    ] {
        assert_eq!(check(record), Ok(()), "{record}");
    }
}

#[test]
fn unmapped_members_are_refused_by_pointer() {
    assert_eq!(refused_at(r#"{"id":"x","new":1}"#), "/new");
    assert_eq!(refused_at(r#"{"list":[{"name":"n"},{"name":"n","extra":null}]}"#), "/list/1/extra");
    assert_eq!(refused_at(r#"{"a~/c":1}"#), "/a~0~1c");
    assert_eq!(refused_at(r#"{"i\u0064":"x"}"#), "/id", "a mapped name in other letters is not canonical");
}

#[test]
fn wrong_types_are_refused_by_pointer() {
    assert_eq!(refused_at(r#"{"a/b":7}"#), "/a~1b");
    assert_eq!(refused_at(r#"{"list":[{"rank":"1"}]}"#), "/list/0/rank");
    assert_eq!(refused_at(r#"{"list":{}}"#), "/list");
    assert_eq!(refused_at(r#"{"map":{"k":"v","l":null}}"#), "/map/l");
    assert_eq!(refused_at(r#"{"flag":null}"#), "/flag");
    assert_eq!(refused_at(r#"{"scalar":[]}"#), "/scalar");
    assert_eq!(refused_at("[]"), "");
}

#[test]
fn a_member_that_comes_twice_is_refused() {
    let mismatch = check(r#"{"id":"x","flag":true,"id":"y"}"#).expect_err("twice");
    assert_eq!((mismatch.field.as_str(), mismatch.reason.as_str()), ("/id", "the member comes twice"));
}

#[test]
fn what_is_not_compact_json_is_refused() {
    for record in [
        "",
        " {}",
        "{} ",
        "{}{}",
        "{",
        r#"{"id":"x",}"#,
        r#"{"id" :"x"}"#,
        "{\"id\":\"x\"\n}",
        "{\"id\":\"a\nb\"}",
        r#"{"id":"\x"}"#,
        r#"{"id":"\ud800"}"#,
        r#"{"id":"\ud800\u0041"}"#,
        r#"{"id":"\udc00"}"#,
        r#"{"id":"x"#,
        r#"{"id":"x\"#,
        r#"{id:"x"}"#,
        r#"{"scalar":01}"#,
        r#"{"scalar":1.}"#,
        r#"{"scalar":.5}"#,
        r#"{"scalar":+1}"#,
        r#"{"scalar":1e}"#,
        r#"{"scalar":1e999}"#,
        r#"{"scalar":-}"#,
        r#"{"scalar":nul}"#,
        r#"{"any":[1,]}"#,
        r#"{"any":{"a"}}"#,
        r#"{"any":{"a":1,}}"#,
        r#"{"any":[1}"#,
    ] {
        assert!(check(record).is_err(), "{record}");
    }
}

#[test]
fn bytes_that_are_not_utf_8_are_refused() {
    let projection = Projection::compile(MAPPING).expect("the mapping is good");
    assert!(projection.check(b"{\"id\":\"\xff\"}").is_err());
}

#[test]
fn nesting_ends_at_its_limit() {
    let nested = |depth: usize| format!("{{\"any\":{}{}}}", "[".repeat(depth), "]".repeat(depth));
    assert_eq!(check(&nested(DEPTH_LIMIT as usize - 1)), Ok(()));
    assert!(check(&nested(DEPTH_LIMIT as usize)).is_err());
    assert!(check(&nested(1_000_000)).is_err());
}

#[test]
fn mappings_of_another_form_are_refused() {
    for text in [
        "",
        r#"{"id":"x","version":1,"root":{"kind":"text"}}"#,
        r#"{"id":"x","version":1,"root":{"kind":"object","fields":{},"others":"drop"}}"#,
        r#"{"id":"x","version":1,"root":{"kind":"string","nullabel":true}}"#,
    ] {
        assert!(Projection::compile(text).is_err(), "{text}");
    }
}

#[test]
fn locate_tells_names_from_values() {
    let record = br#"{"a":[{"b":"value"}],"c":"d"}"#;
    let at = |text: &str| String::from_utf8_lossy(record).find(text).expect("it is there");
    assert_eq!((locate(record, at("value")).pointer.as_str(), locate(record, at("value")).in_name), ("/a/0/b", false));
    assert_eq!((locate(record, at("b\"")).pointer.as_str(), locate(record, at("b\"")).in_name), ("/a/0/b", true));
    assert_eq!(locate(record, at("d\"")).pointer, "/c");
    let mut locator = Locator::new(record);
    for target in (0..record.len() + 2).flat_map(|target| [target, target]) {
        assert_eq!(locator.locate(target), locate(record, target), "one after the other: {target}");
    }
}
