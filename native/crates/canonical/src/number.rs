use crate::refusal::Refusal;

/// Up to here every integer is a double.
const EXACT: u64 = 1 << 53;

pub(crate) const INEXACT: &str = "an integer that an IEEE 754 double does not hold exactly";

/// From here a double may stem from an integer that fits no machine word, so that only the text can tell whether it is exact.
pub(crate) const BEYOND_WORDS: f64 = 9_223_372_036_854_775_808.0;

/// The double that an integer stands for without loss, or none.
pub(crate) fn exact(magnitude: u64) -> Option<f64> {
    let double = magnitude as f64;
    (magnitude <= EXACT || stands_for(&magnitude.to_string(), double)).then_some(double)
}

/// Digits stand for a double if they are its exact value or its canonical text, which above 2^53 may end in other digits.
fn stands_for(digits: &str, double: f64) -> bool {
    format!("{double:.0}") == digits || ryu_js::Buffer::new().format_finite(double) == digits
}

/// Appends a number as ECMAScript writes it (RFC 8785 §3.2.2.3); −0 is 0.
pub(crate) fn write(number: f64, out: &mut String) {
    if number.fract() == 0.0 && number.abs() < EXACT as f64 {
        use std::fmt::Write;
        let _ = write!(out, "{}", number as i64); // Writing to a string does not fail.
    } else {
        out.push_str(ryu_js::Buffer::new().format_finite(number));
    }
}

/// Looks through a well-formed JSON text for integers that no double equals.
pub(crate) fn check_integers(text: &str) -> Result<(), Refusal> {
    let bytes = text.as_bytes();
    let mut at = 0;
    while at < bytes.len() {
        match bytes[at] {
            b'"' => at = after_string(bytes, at),
            b'-' | b'0'..=b'9' => {
                let end = bytes[at..].iter().position(|byte| !b"+-.eE0123456789".contains(byte)).map_or(bytes.len(), |length| at + length);
                if !is_exact(&text[at..end]) {
                    return Err(Refusal::at_byte(bytes, at, INEXACT));
                }
                at = end;
            }
            _ => at += 1,
        }
    }
    Ok(())
}

fn after_string(bytes: &[u8], start: usize) -> usize {
    let mut at = start + 1;
    while at < bytes.len() && bytes[at] != b'"' {
        at += if bytes[at] == b'\\' { 2 } else { 1 };
    }
    at + 1
}

fn is_exact(token: &str) -> bool {
    let digits = token.trim_start_matches('-');
    // Tokens with a fraction or an exponent mean a double to begin with.
    token.contains(['.', 'e', 'E']) || digits.len() < 16 || digits.parse::<f64>().is_ok_and(|double| stands_for(digits, double))
}
