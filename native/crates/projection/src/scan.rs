use crate::projection::{Field, Node, NodeId, Projection, Type, head_of};
use crate::text::string_end;

/// Deepest nesting taken, as `contracts/limits.ts` has it for documents.
pub const DEPTH_LIMIT: u32 = 128;

/// What stopped a scan, and where.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Stop {
    pub(crate) at: usize,
    pub(crate) why: Why,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Why {
    NotJson,
    Unmapped,
    Twice,
    Type(&'static str),
    Depth,
}

type Scanned = Result<(), Stop>;

/// One pass over one record.
pub(crate) struct Scan<'a> {
    bytes: &'a [u8],
    at: usize,
    projection: &'a Projection,
}

impl<'a> Scan<'a> {
    pub(crate) fn new(projection: &'a Projection, bytes: &'a [u8]) -> Self {
        Self { bytes, at: 0, projection }
    }

    pub(crate) fn run(mut self, root: NodeId) -> Scanned {
        self.value(root, 0)?;
        if self.at == self.bytes.len() { Ok(()) } else { self.stop(Why::NotJson) }
    }

    #[inline]
    fn stop<T>(&self, why: Why) -> Result<T, Stop> {
        Err(Stop { at: self.at, why })
    }

    #[inline]
    fn peek(&self) -> u8 {
        self.bytes.get(self.at).copied().unwrap_or(0)
    }

    #[inline]
    fn take(&mut self, wanted: u8) -> Scanned {
        if self.peek() == wanted {
            self.at += 1;
            return Ok(());
        }
        self.stop(Why::NotJson)
    }

    fn value(&mut self, node: NodeId, depth: u32) -> Scanned {
        let projection = self.projection;
        let Node { of, nullable } = projection.node(node);
        match (of, self.peek()) {
            (Type::Text, b'"') => self.text(),
            (Type::Object(fields), b'{') => self.object(fields, depth + 1),
            (Type::Array(items), b'[') => self.array(*items, depth + 1),
            (Type::Map(values), b'{') => self.map(*values, depth + 1),
            (Type::Number, b'-' | b'0'..=b'9') => self.number(),
            (Type::Boolean, b't' | b'f') => self.word(),
            (Type::Scalar, b'"' | b'-' | b'0'..=b'9' | b't' | b'f' | b'n') | (Type::Any, _) => self.any(node, depth),
            (_, b'n') if *nullable => self.word(),
            (of, b'"' | b'{' | b'[' | b'-' | b'0'..=b'9' | b't' | b'f' | b'n') => self.stop(Why::Type(of.name())),
            _ => self.stop(Why::NotJson),
        }
    }

    /// Any JSON value; `node` is the node of the elements too.
    fn any(&mut self, node: NodeId, depth: u32) -> Scanned {
        match self.peek() {
            b'"' => self.text(),
            b'{' => self.map(node, depth + 1),
            b'[' => self.array(node, depth + 1),
            b'-' | b'0'..=b'9' => self.number(),
            _ => self.word(),
        }
    }

    #[inline]
    fn text(&mut self) -> Scanned {
        match string_end(self.bytes, self.at + 1) {
            Ok(end) => {
                self.at = end;
                Ok(())
            }
            Err(at) => Err(Stop { at, why: Why::NotJson }),
        }
    }

    /// Members are looked up by comparing bytes with `"name":`, from the field after the last one: canonical JSON has them in order.
    fn object(&mut self, fields: &'a [Field], depth: u32) -> Scanned {
        if !self.enter(b'}', depth)? {
            return Ok(());
        }
        let mut seen = Seen::default();
        let mut likely = 0;
        loop {
            let rest = &self.bytes[self.at.min(self.bytes.len())..];
            let head = head_of(rest);
            let after = fields[likely..].iter().position(|field| field.is_at(rest, head)).map(|index| likely + index);
            let Some(found) = after.or_else(|| fields[..likely].iter().position(|field| field.is_at(rest, head))) else {
                return self.unmapped();
            };
            if !seen.first_time(found) {
                return self.stop(Why::Twice);
            }
            let field = &fields[found];
            self.at += field.literal.len();
            self.value(field.node, depth)?;
            likely = found + 1;
            if !self.more(b'}')? {
                return Ok(());
            }
        }
    }

    /// The member at hand has no mapping, unless it is no member at all. A mapped name that is written with escapes counts as unmapped.
    #[cold]
    fn unmapped(&mut self) -> Scanned {
        let at = self.at;
        self.take(b'"')?;
        self.at = at;
        self.text()?;
        self.take(b':')?;
        Err(Stop { at, why: Why::Unmapped })
    }

    fn map(&mut self, values: NodeId, depth: u32) -> Scanned {
        if !self.enter(b'}', depth)? {
            return Ok(());
        }
        loop {
            if self.peek() != b'"' {
                return self.stop(Why::NotJson);
            }
            self.text()?;
            self.take(b':')?;
            self.value(values, depth)?;
            if !self.more(b'}')? {
                return Ok(());
            }
        }
    }

    fn array(&mut self, items: NodeId, depth: u32) -> Scanned {
        if !self.enter(b']', depth)? {
            return Ok(());
        }
        let texts = matches!(self.projection.node(items).of, Type::Text);
        loop {
            if texts && self.peek() == b'"' {
                self.text()?
            } else {
                self.value(items, depth)?
            }
            if !self.more(b']')? {
                return Ok(());
            }
        }
    }

    /// Steps over the opening bracket. False when the closing one follows at once.
    fn enter(&mut self, close: u8, depth: u32) -> Result<bool, Stop> {
        if depth > DEPTH_LIMIT {
            return self.stop(Why::Depth);
        }
        self.at += 1;
        if self.peek() != close {
            return Ok(true);
        }
        self.at += 1;
        Ok(false)
    }

    /// Steps over a comma (true) or the closing bracket (false).
    #[inline]
    fn more(&mut self, close: u8) -> Result<bool, Stop> {
        let byte = self.peek();
        if byte != b',' && byte != close {
            return self.stop(Why::NotJson);
        }
        self.at += 1;
        Ok(byte == b',')
    }

    fn word(&mut self) -> Scanned {
        let rest = &self.bytes[self.at.min(self.bytes.len())..];
        let Some(word) = [&b"null"[..], b"true", b"false"].into_iter().find(|word| rest.starts_with(word)) else {
            return self.stop(Why::NotJson);
        };
        self.at += word.len();
        Ok(())
    }

    /// `-? (0 | [1-9][0-9]*) (\.[0-9]+)? ([eE][+-]?[0-9]+)?`, within the range of a double.
    fn number(&mut self) -> Scanned {
        let start = self.at;
        if self.peek() == b'-' {
            self.at += 1;
        }
        match self.peek() {
            b'0' => self.at += 1,
            _ => self.digits()?,
        }
        if self.peek() == b'.' {
            self.at += 1;
            self.digits()?;
        }
        let long = self.at - start > 300;
        if matches!(self.peek(), b'e' | b'E') {
            self.at += 1;
            if matches!(self.peek(), b'+' | b'-') {
                self.at += 1;
            }
            self.digits()?;
        } else if !long {
            return Ok(());
        }
        let finite = std::str::from_utf8(&self.bytes[start..self.at]).is_ok_and(|text| text.parse::<f64>().is_ok_and(f64::is_finite));
        if finite { Ok(()) } else { self.stop(Why::NotJson) }
    }

    fn digits(&mut self) -> Scanned {
        let start = self.at;
        while self.peek().is_ascii_digit() {
            self.at += 1;
        }
        if self.at > start { Ok(()) } else { self.stop(Why::NotJson) }
    }
}

/// Which of up to 128 fields of one object have come.
#[derive(Default)]
struct Seen(u128);

impl Seen {
    #[inline]
    fn first_time(&mut self, index: usize) -> bool {
        let bit = 1 << (index & 127);
        let fresh = self.0 & bit == 0;
        self.0 |= bit;
        fresh
    }
}
