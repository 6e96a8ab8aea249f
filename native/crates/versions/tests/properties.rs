//! What holds for every order, whatever the texts; and that nothing panics.

#![allow(clippy::unwrap_used)]

use std::cmp::Ordering;

use proptest::prelude::*;
use stella_versions::{Installed, Order, Verdict, evaluate};

const ORDERS: [Order; 10] = [
    Order::SemVer,
    Order::SemVerBuild,
    Order::Pep440,
    Order::Maven,
    Order::NuGet,
    Order::RubyGems,
    Order::Packagist,
    Order::Debian,
    Order::Rpm,
    Order::Alpine,
];

/// Texts that are versions in many of the orders.
const VERSION: &str =
    "(v|0:|1:|1!)?(0|1|2|10|01)([.~^_+-]?(0|1|00|10|a|b|m|B|rc|cr|alpha|dev|post|pre|p|ga|sp|r1|x|final|snapshot|foo)){0,4}";

/// Versions as Maven's documentation has them. Of others its own order goes in circles.
const MAVEN_VERSION: &str =
    "(0|1|2|10)(\\.(0|1|10|00)){0,2}([.-]?(a|alpha|b|m|rc|cr|sp|ga|final|foo|snapshot)(0|1|2|10)?|-(a|beta|rc|foo)[.-](0|1|2))?";

fn texts() -> impl Strategy<Value = String> {
    prop_oneof![8 => VERSION, 1 => "[0-9a-zA-Z.+~^_:!-]{0,12}", 1 => ".{0,12}"]
}

fn event_names() -> impl Strategy<Value = &'static str> {
    prop_oneof![Just("introduced"), Just("fixed"), Just("last_affected"), Just("limit")]
}

fn is_affected(verdict: &Verdict) -> bool {
    matches!(verdict, Verdict::Affected { .. })
}

/// Of three texts: the first to the second, that to the third, and the first to the third.
fn is_transitive(orders: [Option<Ordering>; 3]) -> bool {
    let [Some(there), Some(on), Some(across)] = orders else { return true };
    if there == on || on.is_eq() { across == there } else { there.is_ne() || across == on }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn every_order_is_a_total_preorder_of_what_it_reads(first in texts(), second in texts(), third in texts()) {
        for order in ORDERS {
            for text in [&first, &second, &third] {
                prop_assert!(matches!(order.compare(text, text), None | Some(Ordering::Equal)), "{order:?} {text}");
            }
            prop_assert_eq!(order.compare(&first, &second), order.compare(&second, &first).map(Ordering::reverse), "{:?}", order);
            let there_and_on = [order.compare(&first, &second), order.compare(&second, &third), order.compare(&first, &third)];
            prop_assert!(order == Order::Maven || is_transitive(there_and_on), "{order:?}");
        }
    }

    #[test]
    fn mavens_order_is_transitive_over_documented_versions(first in MAVEN_VERSION, second in MAVEN_VERSION, third in MAVEN_VERSION) {
        let order = Order::Maven;
        prop_assert!(is_transitive([order.compare(&first, &second), order.compare(&second, &third), order.compare(&first, &third)]));
    }

    #[test]
    fn what_two_texts_are_does_not_depend_on_each_other(left in texts(), right in texts()) {
        for order in ORDERS {
            let each = order.compare(&left, &left).is_some() && order.compare(&right, &right).is_some();
            prop_assert_eq!(order.compare(&left, &right).is_some(), each, "{:?}", order);
        }
    }

    #[test]
    fn any_bytes_are_an_advisory_that_says_nothing_or_something(bytes in prop::collection::vec(any::<u8>(), 0..200), version in ".{0,20}") {
        let verdict = evaluate(&bytes, |_, _, _| true, Installed { version: &version, distro: None });
        prop_assert_eq!(is_affected(&verdict), false, "{}", verdict.reason());
    }

    #[test]
    fn any_record_gets_a_verdict_with_a_reason(
        ecosystem in prop_oneof![Just("npm"), Just("PyPI"), Just("Maven"), Just("Debian:12"), Just("CRAN"), Just("Alpine:v3.20")],
        kind in prop_oneof![3 => Just("SEMVER"), 6 => Just("ECOSYSTEM"), 1 => Just("GIT"), 1 => Just("OTHER")],
        events in prop::collection::vec((event_names(), prop_oneof![1 => Just("0".to_owned()), 4 => texts()]), 0..6),
        versions in prop::collection::vec(texts(), 0..3),
        version in texts(),
    ) {
        let events: Vec<_> = events.iter().map(|(name, version)| serde_json::json!({ *name: version })).collect();
        let package = serde_json::json!({ "ecosystem": ecosystem, "name": "a" });
        let affected = serde_json::json!([{ "package": package, "versions": versions, "ranges": [{ "type": kind, "events": events }] }]);
        let verdict = evaluate(serde_json::json!({ "affected": affected }).to_string().as_bytes(), |_, name, _| name == "a", Installed { version: &version, distro: None });
        prop_assert!(!verdict.reason().is_empty());
        if versions.contains(&version) {
            prop_assert!(is_affected(&verdict));
        }
    }

    /// Versions `0` to `19` against a walk over sorted events, as the schema writes it down.
    #[test]
    fn ranges_hold_what_the_algorithm_of_the_schema_holds(
        events in prop::collection::btree_map(1_u32..19, 0_usize..3, 0..7),
        limit in prop::option::of(0_u32..20),
        turn in any::<prop::sample::Index>(),
    ) {
        const NAMES: [&str; 3] = ["introduced", "fixed", "last_affected"];
        let walk: Vec<(u32, &str)> = [(0, "introduced")].into_iter().chain(events.iter().map(|(at, name)| (*at, NAMES[*name]))).collect();
        let mut written: Vec<_> = walk.iter().map(|(at, name)| serde_json::json!({ *name: at.to_string() })).collect();
        let turn = turn.index(written.len());
        written.rotate_left(turn);
        written.extend(limit.map(|limit| serde_json::json!({ "limit": limit.to_string() })));
        let range = serde_json::json!({ "type": "SEMVER", "events": written });
        let text = serde_json::json!({ "affected": [{ "package": { "ecosystem": "npm", "name": "a" }, "ranges": [range] }] }).to_string();
        for version in 0_u32..20 {
            let mut expected = false;
            for (at, name) in &walk {
                match *name {
                    "introduced" if version >= *at => expected = true,
                    "fixed" if version >= *at => expected = false,
                    "last_affected" if version > *at => expected = false,
                    _ => {}
                }
            }
            expected &= limit.is_none_or(|limit| version < limit);
            let verdict = evaluate(text.as_bytes(), |_, _, _| true, Installed { version: &version.to_string(), distro: None });
            prop_assert_eq!(is_affected(&verdict), expected, "{} {:?} {}", version, verdict, text);
        }
    }
}

#[test]
fn deep_and_long_input_is_refused_and_not_followed() {
    let deep = format!("{}{}", r#"{"affected":"#, "[".repeat(200_000));
    let ignored = format!(r#"{{"database_specific":{}{},"affected":[]}}"#, "[".repeat(100_000), "]".repeat(100_000));
    assert!(matches!(evaluate(deep.as_bytes(), |_, _, _| true, Installed { version: "1", distro: None }), Verdict::Unknown { .. }));
    assert!(!matches!(evaluate(ignored.as_bytes(), |_, _, _| true, Installed { version: "1", distro: None }), Verdict::Affected { .. }));
    for order in ORDERS {
        for text in ["1-".repeat(512), "1a".repeat(512), "~".repeat(1024), "1.".repeat(512), "-".repeat(1024)] {
            order.compare(&text, "1");
        }
    }
}
