use std::io::{self, BufRead, Cursor, Read};

use stella_canonical::{Place, Refusal, is_complete};
use stella_evidence::{Form, unreadable};

use crate::batch::{Batches, Stop};
use crate::intake_options::{Format, IntakeOptions};

/// May stand before UTF-8 text, and is none of it.
const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

/// Splits one file into documents: JSON lines and rows of an index line by line, anything else whole.
///
/// A file whose first text is `{` holds lines if its first line is a JSON value by itself and more text follows, or if its second line is
/// one and the file as a whole is not: so neither a broken first line nor a pretty-printed document misleads. Memory: one document, or
/// two lines; each at most `max_bytes`.
pub(crate) fn split_file(mut reader: impl BufRead, name: &str, options: &IntakeOptions, out: &mut Batches) -> Result<(), Stop> {
    let max_bytes = options.max_document_bytes;
    if let Some(refusal) = unreadable(reader.fill_buf()?) {
        return out.refuse(name, &refusal);
    }
    if options.format == Format::MavenIndex {
        let beginning = reader.fill_buf()?;
        if beginning.is_empty() {
            return out.refuse(name, &Refusal::whole("an empty document"));
        }
        if beginning.starts_with(BYTE_ORDER_MARK) {
            reader.consume(BYTE_ORDER_MARK.len());
        }
        return lines(reader, (name, Form::MavenRow), 1, max_bytes, out);
    }
    let mut text = Vec::new();
    let first = match next_text_line(&mut reader, &mut text, max_bytes)? {
        Appended::End => return out.refuse(name, &Refusal::whole("an empty document")),
        Appended::TooLong if text.trim_ascii().is_empty() => return out.refuse(name, &too_large(max_bytes)),
        Appended::TooLong => {
            let line = text[..text.len() - 1].iter().filter(|byte| **byte == b'\n').count() as u64 + 1;
            return after_long_line(reader, name, line, max_bytes, out);
        }
        Appended::Line(start) => start,
    };
    match text[first..].strip_prefix(BYTE_ORDER_MARK).unwrap_or(&text[first..]).trim_ascii_start().first() {
        Some(b'{') => split_json(reader, name, text, max_bytes, out),
        Some(b'[') => out.refuse(name, &Refusal::whole("a JSON array of documents; write them as JSON lines, one document a line")),
        _ => whole(reader, name, text, max_bytes, out),
    }
}

/// `text` holds the file up to the end of its first line that is not blank.
fn split_json(mut reader: impl BufRead, name: &str, mut text: Vec<u8>, max_bytes: usize, out: &mut Batches) -> Result<(), Stop> {
    let first_end = text.len();
    let second = next_text_line(&mut reader, &mut text, max_bytes)?;
    let starts_lines = match second {
        Appended::End => false,
        _ if is_complete(&text[..first_end]) => true,
        Appended::Line(start) if is_object(&text[start..]) => {
            let read = append_rest(&mut reader, &mut text, max_bytes)?;
            read == Rest::TooLong || !is_complete(&text)
        }
        Appended::Line(_) => false,
        Appended::TooLong => return out.refuse(name, &too_large(max_bytes)),
    };
    if starts_lines {
        lines(Cursor::new(text).chain(reader), (name, Form::Line), 1, max_bytes, out)
    } else {
        whole(reader, name, text, max_bytes, out)
    }
}

fn is_object(line: &[u8]) -> bool {
    line.trim_ascii_start().starts_with(b"{") && is_complete(line)
}

/// One document, `text` being its beginning.
fn whole(mut reader: impl BufRead, name: &str, mut text: Vec<u8>, max_bytes: usize, out: &mut Batches) -> Result<(), Stop> {
    match append_rest(&mut reader, &mut text, max_bytes)? {
        Rest::TooLong => out.refuse(name, &too_large(max_bytes)),
        Rest::Whole => out.document(name.to_owned(), Form::File, 1, &text),
    }
}

/// After a first line over the limit: it is refused alone if lines follow it, else the file is.
fn after_long_line(mut reader: impl BufRead, name: &str, line: u64, max_bytes: usize, out: &mut Batches) -> Result<(), Stop> {
    let mut text = Vec::new();
    let second = next_text_line(&mut reader, &mut text, max_bytes)?;
    if !matches!(second, Appended::Line(start) if is_object(&text[start..])) {
        return out.refuse(name, &too_large(max_bytes));
    }
    out.refuse(&format!("{name}:{line}"), &too_large(max_bytes).from_line(line))?;
    lines(Cursor::new(text).chain(reader), (name, Form::Line), line + 1, max_bytes, out)
}

fn lines(mut reader: impl BufRead, (name, form): (&str, Form), first_line: u64, max_bytes: usize, out: &mut Batches) -> Result<(), Stop> {
    let mut text = Vec::new();
    for line in first_line.. {
        text.clear();
        match append_line(&mut reader, &mut text, max_bytes)? {
            Appended::End => break,
            Appended::TooLong => out.refuse(&format!("{name}:{line}"), &too_large(max_bytes).from_line(line))?,
            Appended::Line(_) if text.trim_ascii().is_empty() => {}
            Appended::Line(_) => out.document(format!("{name}:{line}"), form, line, without_line_end(&text))?,
        }
    }
    Ok(())
}

fn without_line_end(line: &[u8]) -> &[u8] {
    let line = line.strip_suffix(b"\n").unwrap_or(line);
    line.strip_suffix(b"\r").unwrap_or(line)
}

fn too_large(max_bytes: usize) -> Refusal {
    Refusal::new(Place::Text { line: 1, column: 1 }, format!("larger than the limit of {max_bytes} bytes for a document"))
}

enum Appended {
    /// A line was appended; it starts at this index.
    Line(usize),
    /// There is none.
    End,
    /// It is over the limit; its beginning was appended, and the reader stands after it.
    TooLong,
}

/// Appends lines up to and with the next that is not blank.
fn next_text_line(reader: &mut impl BufRead, text: &mut Vec<u8>, max_bytes: usize) -> io::Result<Appended> {
    loop {
        match append_line(reader, text, max_bytes)? {
            // Blank lines count towards the limit, else a file of them would be kept in memory.
            Appended::Line(start) if text[start..].trim_ascii().is_empty() && text.len() <= max_bytes => {}
            Appended::Line(start) if text[start..].trim_ascii().is_empty() => return Ok(Appended::TooLong),
            appended => return Ok(appended),
        }
    }
}

fn append_line(reader: &mut impl BufRead, text: &mut Vec<u8>, max_bytes: usize) -> io::Result<Appended> {
    let start = text.len();
    // One byte more than the limit tells a line of exactly that length from a longer one; the line end does not count.
    let read = reader.by_ref().take(max_bytes as u64 + 2).read_until(b'\n', text)?;
    if read == 0 {
        return Ok(Appended::End);
    }
    if without_line_end(&text[start..]).len() <= max_bytes {
        return Ok(Appended::Line(start));
    }
    if !text.ends_with(b"\n") {
        skip_line(reader)?;
    }
    Ok(Appended::TooLong)
}

fn skip_line(reader: &mut impl BufRead) -> io::Result<()> {
    loop {
        let buffer = reader.fill_buf()?;
        let newline = buffer.iter().position(|byte| *byte == b'\n');
        let (used, at_end) = newline.map_or((buffer.len(), buffer.is_empty()), |at| (at + 1, true));
        reader.consume(used);
        if at_end {
            return Ok(());
        }
    }
}

#[derive(PartialEq)]
enum Rest {
    Whole,
    TooLong,
}

fn append_rest(reader: &mut impl BufRead, text: &mut Vec<u8>, max_bytes: usize) -> io::Result<Rest> {
    let room = (max_bytes as u64 + 1).saturating_sub(text.len() as u64);
    reader.take(room).read_to_end(text)?;
    Ok(if text.len() > max_bytes { Rest::TooLong } else { Rest::Whole })
}
