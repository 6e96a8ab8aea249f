//! Counts the lines of a text that comes in pieces, and checks them: UTF-8, none empty, none too long, the last one ended.

/// Line count and state between two pieces.
pub struct JsonLines {
    ended: u64,
    line_bytes: u64,
    max_line_bytes: u64,
    /// Start of a character that the last piece cut in two.
    torn: Vec<u8>,
}

impl JsonLines {
    pub fn new(max_line_bytes: u64) -> Self {
        Self { ended: 0, line_bytes: 0, max_line_bytes, torn: Vec::new() }
    }

    /// Takes the next piece of text.
    ///
    /// # Errors
    /// The line that is wrong, and how, for people.
    pub fn push(&mut self, text: &[u8]) -> Result<(), String> {
        self.check_characters(text)?;
        let mut start = 0;
        for end in memchr::memchr_iter(b'\n', text) {
            self.grow(end - start)?;
            if self.line_bytes == 0 {
                return Err(format!("line {} is empty", self.ended + 1));
            }
            self.ended += 1;
            self.line_bytes = 0;
            start = end + 1;
        }
        self.grow(text.len() - start)
    }

    /// The number of lines, when the text ends with a line's end.
    ///
    /// # Errors
    /// What is wrong with the last line, for people.
    pub fn finish(self) -> Result<u64, String> {
        if !self.torn.is_empty() {
            return Err(format!("line {} is not UTF-8", self.ended + 1));
        }
        if self.line_bytes > 0 {
            return Err(format!("line {} has no end", self.ended + 1));
        }
        Ok(self.ended)
    }

    fn grow(&mut self, bytes: usize) -> Result<(), String> {
        self.line_bytes += bytes as u64;
        if self.line_bytes > self.max_line_bytes {
            return Err(format!("line {} is longer than {} bytes", self.ended + 1, self.max_line_bytes));
        }
        Ok(())
    }

    fn check_characters(&mut self, text: &[u8]) -> Result<(), String> {
        let missing = missing_bytes(&self.torn).min(text.len());
        let (completing, rest) = text.split_at(missing);
        if missing > 0 {
            self.torn.extend_from_slice(completing);
            match std::str::from_utf8(&self.torn) {
                Ok(_) => self.torn.clear(),
                Err(error) if error.error_len().is_none() => return Ok(()),
                Err(_) => return Err(format!("line {} is not UTF-8", self.ended + 1)),
            }
        }
        let Err(error) = std::str::from_utf8(rest) else { return Ok(()) };
        if error.error_len().is_none() {
            self.torn.extend_from_slice(&rest[error.valid_up_to()..]);
            return Ok(());
        }
        let before = memchr::memchr_iter(b'\n', &text[..missing + error.valid_up_to()]).count() as u64;
        Err(format!("line {} is not UTF-8", self.ended + before + 1))
    }
}

/// Bytes that a torn character still needs, by its first byte (Unicode, table 3-7).
fn missing_bytes(torn: &[u8]) -> usize {
    let width = match torn.first() {
        None => 0,
        Some(0xF0..) => 4,
        Some(0xE0..) => 3,
        Some(_) => 2,
    };
    width - torn.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn count(text: &[u8], piece_bytes: usize) -> Result<u64, String> {
        let mut lines = JsonLines::new(100);
        text.chunks(piece_bytes).try_for_each(|piece| lines.push(piece))?;
        lines.finish()
    }

    #[test]
    fn count_does_not_depend_on_how_the_text_is_cut() {
        let long = ["{}\n", &"x".repeat(101), "\n"].concat();
        let cases: [(&[u8], Result<u64, String>); 10] = [
            (b"", Ok(0)),
            ("{\"a\":\"ü漢😀\"}\n{}\n".as_bytes(), Ok(2)),
            (b"{}\n\n{}\n", Err("line 2 is empty".into())),
            (b"\n", Err("line 1 is empty".into())),
            (b"{}\n{}", Err("line 2 has no end".into())),
            (b"{}\n\xff\n", Err("line 2 is not UTF-8".into())),
            (b"{}\n\xe6\xbc", Err("line 2 is not UTF-8".into())),
            (b"{}\n\xf0\x9f\n\n", Err("line 2 is not UTF-8".into())),
            (b"{}\n\xed\xa0\x80\n", Err("line 2 is not UTF-8".into())),
            (long.as_bytes(), Err("line 2 is longer than 100 bytes".into())),
        ];
        for (text, expected) in cases {
            for piece_bytes in 1..=text.len().max(1) {
                assert_eq!(count(text, piece_bytes), expected, "{text:?} in pieces of {piece_bytes}");
            }
        }
    }
}
