//! Strict JSON in, one canonical form out: RFC 8785 (JCS) over strings in Unicode NFC, and RFC 3339 times in UTC.
//!
//! What is refused, with `line:column` and a reason: text that is not UTF-8, malformed or truncated JSON, text after the value, doubled
//! keys (also keys that become equal by NFC), lone surrogates, nesting or value counts over the limits, and integers that an IEEE double
//! does not hold exactly. One leading UTF-8 byte order mark is passed over (RFC 8259 §8.1 allows a reader to).

mod number;
mod parse;
mod refusal;
mod timestamp;
mod value;
mod write;

pub use parse::{JsonLimits, is_complete, parse};
pub use refusal::{Place, Refusal};
pub use timestamp::{Timestamp, TimestampError};
pub use value::{Object, ObjectBuilder, Value, nfc};
