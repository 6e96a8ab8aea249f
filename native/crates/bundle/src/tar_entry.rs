//! Tar headers as this bundle writes them: POSIX.1-1988 ustar, and POSIX.1-2001 pax where ustar cannot hold path or size.

/// Unit of a tar archive: headers and padded content are whole blocks.
pub const BLOCK: usize = 512;
/// The two zero blocks that end an archive (POSIX.1 pax, "ustar Interchange Format").
pub const END: [u8; 2 * BLOCK] = [0; 2 * BLOCK];
/// First second that eleven octal digits cannot hold; the same holds for a size.
pub const OCTAL_LIMIT: u64 = 1 << 33;
/// No header is longer: a pax header, its record with a path of 4096 bytes and a size, and the ustar header.
pub const LONGEST_HEADER: usize = 12 * BLOCK;

const NAME_BYTES: usize = 100;
const PREFIX_BYTES: usize = 155;
const PAX_NAME: &[u8] = b"././@PaxHeader";

/// What a header says of its member.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    pub path: String,
    pub size_bytes: u64,
    pub mtime: u64,
}

/// The header blocks of a member, pax header included: a function of path, size and time alone.
pub fn header(path: &str, size_bytes: u64, mtime: u64) -> Vec<u8> {
    let split = if path.is_ascii() { split(path) } else { None };
    let records = pax_records(path, size_bytes, split.is_none());
    let (prefix, name) = split.unwrap_or(("", shortened(path)));
    let stated_size = if size_bytes < OCTAL_LIMIT { size_bytes } else { 0 };

    let mut blocks = Vec::with_capacity(BLOCK);
    if !records.is_empty() {
        blocks.extend_from_slice(&ustar(b"", PAX_NAME, b'x', records.len() as u64, mtime));
        blocks.extend_from_slice(records.as_bytes());
        blocks.resize(blocks.len() + padding(records.len() as u64), 0);
    }
    blocks.extend_from_slice(&ustar(prefix.as_bytes(), name.as_bytes(), b'0', stated_size, mtime));
    blocks
}

/// Zero bytes that follow the content, so that it ends with a block.
pub fn padding(size_bytes: u64) -> usize {
    (size_bytes.wrapping_neg() % BLOCK as u64) as usize
}

/// Header, content and padding of a member, or `None` when the size is beyond all bounds.
pub fn entry_bytes(path: &str, size_bytes: u64) -> Option<u64> {
    let header = header(path, size_bytes, 0).len() as u64;
    size_bytes.checked_add(header)?.checked_add(padding(size_bytes) as u64)
}

/// Reads the header that stands at the start of `plain`; `None` unless it is, byte for byte, one that [`header`] writes.
pub fn parse(plain: &[u8]) -> Option<Entry> {
    let (records, block) = match plain.get(156)? {
        b'x' => {
            let length = octal(plain.get(124..136)?)?;
            let end = BLOCK.checked_add(usize::try_from(length).ok().filter(|length| *length < LONGEST_HEADER)?)?;
            (std::str::from_utf8(plain.get(BLOCK..end)?).ok()?, plain.get(end.next_multiple_of(BLOCK)..)?)
        }
        _ => ("", plain),
    };
    let path = match pax_value(records, "path") {
        Some(path) => path.to_owned(),
        None => joined(text(block.get(345..500)?)?, text(block.get(..NAME_BYTES)?)?),
    };
    let size_bytes = match pax_value(records, "size") {
        Some(size) => size.parse().ok()?,
        None => octal(block.get(124..136)?)?,
    };
    let entry = Entry { path, size_bytes, mtime: octal(block.get(136..148)?)? };
    plain.starts_with(&header(&entry.path, entry.size_bytes, entry.mtime)).then_some(entry)
}

/// Prefix and name, split at the last slash that makes both fit; `None` where ustar cannot hold the path.
fn split(path: &str) -> Option<(&str, &str)> {
    if path.len() <= NAME_BYTES {
        return Some(("", path));
    }
    let slash = path.as_bytes()[..path.len().min(PREFIX_BYTES + 1)].iter().rposition(|byte| *byte == b'/')?;
    let (prefix, name) = (&path[..slash], &path[slash + 1..]);
    (name.len() <= NAME_BYTES).then_some((prefix, name))
}

/// What readers without pax see: as many whole characters as ustar's name holds.
fn shortened(path: &str) -> &str {
    let end = (0..=path.len().min(NAME_BYTES)).rev().find(|end| path.is_char_boundary(*end));
    &path[..end.unwrap_or(0)]
}

fn joined(prefix: &str, name: &str) -> String {
    if prefix.is_empty() { name.to_owned() } else { format!("{prefix}/{name}") }
}

fn pax_records(path: &str, size_bytes: u64, with_path: bool) -> String {
    let mut records = String::new();
    if with_path {
        records += &pax_record("path", path);
    }
    if size_bytes >= OCTAL_LIMIT {
        records += &pax_record("size", &size_bytes.to_string());
    }
    records
}

/// `LENGTH KEY=VALUE\n`, where LENGTH counts the whole record, its own digits included.
fn pax_record(key: &str, value: &str) -> String {
    let rest = key.len() + value.len() + 3;
    let mut length = rest + 1;
    while length != rest + length.to_string().len() {
        length = rest + length.to_string().len();
    }
    format!("{length} {key}={value}\n")
}

fn pax_value<'a>(records: &'a str, key: &str) -> Option<&'a str> {
    let mut rest = records;
    while let Some((length, _)) = rest.split_once(' ') {
        let record = rest.get(..length.parse().ok()?)?;
        let (name, value) = record.get(length.len() + 1..)?.split_once('=')?;
        if name == key {
            return value.strip_suffix('\n');
        }
        rest = &rest[record.len()..];
    }
    None
}

fn ustar(prefix: &[u8], name: &[u8], kind: u8, size_bytes: u64, mtime: u64) -> [u8; BLOCK] {
    let mut block = [0; BLOCK];
    let mut put = |at: usize, bytes: &[u8]| block[at..at + bytes.len()].copy_from_slice(bytes);
    put(0, name);
    put(100, b"0000644");
    put(108, b"0000000");
    put(116, b"0000000");
    put(124, format!("{size_bytes:011o}").as_bytes());
    put(136, format!("{mtime:011o}").as_bytes());
    put(148, b"        ");
    put(156, &[kind]);
    put(257, b"ustar\x0000");
    put(329, b"0000000");
    put(337, b"0000000");
    put(345, prefix);
    let sum: u32 = block.iter().map(|byte| u32::from(*byte)).sum();
    block[148..155].copy_from_slice(format!("{sum:06o}\0").as_bytes());
    block
}

fn text(field: &[u8]) -> Option<&str> {
    std::str::from_utf8(field.split(|byte| *byte == 0).next()?).ok()
}

fn octal(field: &[u8]) -> Option<u64> {
    u64::from_str_radix(text(field)?, 8).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn round_trip(path: &str, size_bytes: u64) -> usize {
        let blocks = header(path, size_bytes, 1_700_000_000);
        assert_eq!(parse(&blocks), Some(Entry { path: path.to_owned(), size_bytes, mtime: 1_700_000_000 }));
        blocks.len()
    }

    #[test]
    fn parse_reads_back_what_header_wrote_in_each_form() {
        assert_eq!(round_trip("export.json", 0), BLOCK);
        assert_eq!(round_trip(&"x".repeat(100), 1), BLOCK);
        assert_eq!(round_trip(&format!("{}/{}", "p".repeat(155), "n".repeat(100)), OCTAL_LIMIT - 1), BLOCK);
        assert_eq!(round_trip(&"x".repeat(101), 1), 3 * BLOCK);
        assert_eq!(round_trip("sboms/ü/sbom.cdx.json", 1), 3 * BLOCK);
        assert_eq!(round_trip("big", OCTAL_LIMIT), 3 * BLOCK);
        assert!(round_trip(&("x".repeat(255) + "/").repeat(16)[..4095], 1 << 60) <= LONGEST_HEADER);
    }

    #[test]
    fn parse_refuses_any_header_with_a_changed_byte() {
        for path in ["a/b.json", "sboms/ü/sbom.cdx.json"] {
            let blocks = header(path, 9, 7);
            for at in 0..blocks.len() {
                let mut changed = blocks.clone();
                changed[at] ^= 1;
                assert_ne!(parse(&changed), parse(&blocks), "byte {at} of {path}");
            }
        }
    }
}
