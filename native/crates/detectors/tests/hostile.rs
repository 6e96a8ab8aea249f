//! Text that is full of what credentials begin with takes no longer than other text, and what stands behind it is found.
//! Where each literal were searched from anew, one of these cases would take minutes.

use stella_detectors::{Detectors, resolve_markup};

const BYTES: usize = 1_000_000;

fn filled(unit: &str) -> String {
    unit.repeat(BYTES / unit.len())
}

/// What is found in much of `unit` with this behind it; of what `unit` itself is, one finding.
fn found_behind(unit: &str, text: &str) -> Vec<(&'static str, usize)> {
    let (text, mut findings) = (format!("{} {text}", filled(unit)), Vec::new());
    Detectors::new().find(text.as_bytes(), &mut findings);
    findings.into_iter().map(|finding| (finding.detector, text.len() - finding.span.end)).collect()
}

#[test]
fn many_beginnings_hide_no_credential() {
    let letters = "Ab3dEfGh1jKlMn0pQrStUvWxYz2468Ab3dEfGh1jKl";
    for (unit, own) in [
        ("-----BEGIN PRIVATE KEY-----.", None),
        ("_eyJh", None),
        ("_eyAi", None),
        ("AIza", None),
        ("xoxb-", None),
        ("secret_access_key ", None),
        ("x://a:@", None),
        ("glpat-", Some("gitlab-token")),
        ("github_pat_", Some("github-token")),
    ] {
        let own: Vec<_> = own.into_iter().map(|detector| (detector, letters.len() + 5)).collect();
        let found = found_behind(unit, &format!("ghp_{letters}"));
        assert_eq!(found, [own, vec![("github-token", 0)]].concat(), "{unit}");
    }
    let key = format!("-----BEGIN PRIVATE KEY-----\n{letters}\n-----END PRIVATE KEY-----");
    let found = found_behind("-----BEGIN PRIVATE KEY-----", &format!("; {key}"));
    assert_eq!(found, [("private-key", 0)]);
    let token = format!("eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.{letters}");
    assert_eq!(found_behind("_eyJh", &format!("{token} {token}")), [("jwt", token.len() + 1), ("jwt", 0)]);
    assert_eq!(found_behind(&"\\".repeat(BYTES), &format!("{} ", "AKIAABCDEFGH23456777 ".repeat(12))).len(), 12);
}

#[test]
fn a_header_that_many_beginnings_precede_is_read_once() {
    let (unit, tail) = ("_eyAi".repeat(3_000), "eyJzdWIiOiIxIn0.Ab3dEfGh1jKlMn0pQrSt");
    let text = filled(&format!("{unit}.{tail} "));
    let (text, mut findings) = (format!("{text}{unit}_eyJhbGciOiJIUzI1NiJ9.{tail}"), Vec::new());
    Detectors::new().find(text.as_bytes(), &mut findings);
    let starts: Vec<_> = findings.iter().map(|finding| text.len() - finding.span.start).collect();
    assert_eq!(starts, ["eyJhbGciOiJIUzI1NiJ9.".len() + tail.len()]);
}

#[test]
fn markup_that_never_ends_is_looked_for_once() {
    for open in ["<!--", "<?", "<![CDATA["] {
        let text = filled(open) + "t&#111;ken";
        let resolved = resolve_markup(text.as_bytes());
        assert!(resolved.iter().all(|text| text.ends_with(b"token")) && !resolved.is_empty(), "{open}");
    }
}
