use crate::text::string_end;

/// Where in a record a byte lies.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// JSON pointer (RFC 6901) of the innermost member or element around the byte.
    pub pointer: String,
    /// True when the byte lies in the name of that member, not in its value.
    pub in_name: bool,
}

enum Level {
    /// The name of the member at hand, as written, quotes and all.
    Object(std::ops::Range<usize>),
    Array(usize),
}

/// Finds the JSON pointer for a byte of a record. Slow: for messages and reports. On text that is not JSON it does what it can.
#[must_use]
pub fn locate(record: &[u8], target: usize) -> Place {
    let mut levels: Vec<Level> = Vec::new();
    let mut at = 0;
    let mut name_next = false;
    while at < record.len() {
        let byte = record[at];
        let end = if byte == b'"' { string_end(record, at + 1).unwrap_or(record.len()) } else { at + 1 };
        let is_name = byte == b'"' && name_next;
        if let (true, Some(Level::Object(name))) = (is_name, levels.last_mut()) {
            *name = at..end;
        }
        if end > target {
            return Place { pointer: pointer(record, &levels, byte), in_name: is_name };
        }
        name_next = match byte {
            b'{' => {
                levels.push(Level::Object(0..0));
                true
            }
            b'[' => {
                levels.push(Level::Array(0));
                false
            }
            b'}' | b']' => {
                levels.pop();
                false
            }
            b',' => next_of(levels.last_mut()),
            _ => false,
        };
        at = end;
    }
    Place { pointer: pointer(record, &levels, 0), in_name: false }
}

/// Counts an array on; true in an object, where a name follows.
fn next_of(level: Option<&mut Level>) -> bool {
    match level {
        Some(Level::Array(index)) => {
            *index += 1;
            false
        }
        Some(Level::Object(_)) => true,
        None => false,
    }
}

fn pointer(record: &[u8], levels: &[Level], stopped_at: u8) -> String {
    let mut pointer = String::new();
    for level in levels {
        match level {
            Level::Object(name) if name.len() >= 2 => {
                pointer.push('/');
                pointer.push_str(&unescape(&record[name.start + 1..name.end - 1]).replace('~', "~0").replace('/', "~1"));
            }
            Level::Object(_) => {}
            Level::Array(index) => pointer.push_str(&format!("/{index}")),
        }
    }
    // A closing bracket belongs to the container, not to its last member.
    if matches!(stopped_at, b'}' | b']') {
        pointer.truncate(pointer.rfind('/').unwrap_or(0));
    }
    pointer
}

/// The text of a JSON string's inside, best effort.
fn unescape(raw: &[u8]) -> String {
    let quoted = [b"\"", raw, b"\""].concat();
    serde_json::from_slice(&quoted).unwrap_or_else(|_| String::from_utf8_lossy(raw).into_owned())
}
