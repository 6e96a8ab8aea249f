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
    Locator::new(record).locate(target)
}

/// Finds the JSON pointers for several bytes of a record, in ascending order, and goes through it once.
pub struct Locator<'a> {
    record: &'a [u8],
    at: usize,
    name_next: bool,
    levels: Vec<Level>,
}

impl<'a> Locator<'a> {
    /// Begins before the first byte.
    #[must_use]
    pub fn new(record: &'a [u8]) -> Self {
        Self { record, at: 0, name_next: false, levels: Vec::new() }
    }

    /// As [`locate`]; no target may lie before the last one.
    pub fn locate(&mut self, target: usize) -> Place {
        while let Some(&byte) = self.record.get(self.at) {
            let after = self.at + 1;
            let end = if byte == b'"' { string_end(self.record, after).unwrap_or(self.record.len()) } else { after };
            let is_name = byte == b'"' && self.name_next;
            if let (true, Some(Level::Object(name))) = (is_name, self.levels.last_mut()) {
                *name = self.at..end;
            }
            if end > target {
                return Place { pointer: pointer(self.record, &self.levels, byte), in_name: is_name };
            }
            self.pass(byte);
            self.at = end;
        }
        Place { pointer: pointer(self.record, &self.levels, 0), in_name: false }
    }

    fn pass(&mut self, byte: u8) {
        self.name_next = match byte {
            b'{' => {
                self.levels.push(Level::Object(0..0));
                true
            }
            b'[' => {
                self.levels.push(Level::Array(0));
                false
            }
            b'}' | b']' => {
                self.levels.pop();
                false
            }
            b',' => next_of(self.levels.last_mut()),
            _ => false,
        };
    }
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
