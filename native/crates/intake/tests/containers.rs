//! Archives and compressed data, honest and hostile.

mod uploading;

use uploading::{ARCHIVES, Entry, MAX_BYTES, Outcome, advisory, gzip, outcome, tar, zip, zstd};

const NOTHING: [&str; 0] = [];

fn taken(content: &[u8]) -> Vec<String> {
    let Outcome { taken, refused, read } = outcome(content);
    assert_eq!((refused.as_slice(), read), (&[] as &[String], taken.len() as u64));
    taken
}

#[test]
fn every_container_is_found_by_content() {
    let lines = [advisory("2"), advisory("3")].join(&b'\n');
    let files: [(&str, &[u8]); 2] = [("one.json", &advisory("1")), ("many.jsonl", &lines)];
    let entries = [
        Entry::stored("one.json", &advisory("1")),
        Entry::stored("folder/", b""),
        Entry::deflated("folder/many.jsonl", &lines),
        Entry { method: 93, data: zstd(&advisory("4")), ..Entry::stored("four.json", &advisory("4")) },
    ];
    let all = ["DOC-1", "DOC-2", "DOC-3"];
    for content in [tar(&files), zstd(&tar(&files)), gzip(&tar(&files))] {
        assert_eq!(taken(&content), all);
    }
    assert_eq!(taken(&zip(&entries)), ["DOC-1", "DOC-2", "DOC-3", "DOC-4"]);
    assert_eq!(taken(&zstd(&lines)), ["DOC-2", "DOC-3"]);
    assert_eq!(taken(&[zstd(&advisory("1")), zstd(b"\n"), zstd(&advisory("2"))].concat()), ["DOC-1", "DOC-2"], "several frames");
    assert_eq!(taken(&gzip(&advisory("1"))), ["DOC-1"]);
    assert_eq!(taken(&zip(&[])), NOTHING);
    assert_eq!(outcome(&tar(&[])).read, 0);
}

#[test]
fn an_archive_in_an_archive_has_its_name_in_front() {
    let inner = zip(&[Entry::deflated("a.json", &advisory("1")), Entry::deflated("b.json", b"{")]);
    let packed = zstd(&tar(&[("c.json", &advisory("2")), ("d.json", b"{"), ("e.json.gz", &gzip(&advisory("3")))]));
    let outcome = outcome(&tar(&[("sets/all.zip", &inner), ("sets/x.tar.zst", &packed), ("y.json.zst", &zstd(&advisory("4")))]));
    assert_eq!(outcome.taken, ["DOC-1", "DOC-2", "DOC-3", "DOC-4"]);
    let broken = "1:1: truncated: EOF while parsing an object";
    assert_eq!(outcome.refused, [format!("sets/all.zip/b.json {broken}"), format!("sets/x.tar.zst/d.json {broken}")]);
    assert_eq!(outcome.read, 6);
}

#[test]
fn places_are_counted_from_the_beginning_of_their_own_archive() {
    let entries = [Entry::deflated("../a.json", b"{}"), Entry::deflated("../b.json", b"{}")];
    let own = outcome(&zip(&entries)).refused;
    let within = outcome(&tar(&[("c.json", &advisory("1")), ("in/z.zip", &zip(&entries))])).refused;
    assert_eq!(within, own.iter().map(|refused| format!("in/z.zip/{refused}")).collect::<Vec<_>>());
}

#[test]
fn a_tar_with_a_damaged_first_header_is_known_for_one() {
    let mut damaged = tar(&[("a.json", &advisory("1"))]);
    damaged[3] ^= 1;
    assert_eq!(outcome(&damaged).refused, ["upload byte 0: a damaged tar header; the rest of the archive is not read"]);
}

#[test]
fn containers_too_deep_are_refused_and_the_rest_goes_on() {
    let one = tar(&[("a.json", &advisory("1"))]);
    let two = zip(&[Entry::stored("t.tar", &one)]);
    for (content, refusal) in [
        (
            tar(&[("z.zip", &two), ("b.json", &advisory("2"))]),
            "z.zip/t.tar 1:1: an archive within two others, what is sent counting as one where it is an archive; unpack the outer ones",
        ),
        (
            tar(&[("z.zst", &zstd(&zstd(b"{}"))), ("b.json", &advisory("2"))]),
            "z.zst 1:1: compressed data within compressed data; decompress the outer one",
        ),
        (
            zstd(&tar(&[("z.zip", &zip(&[])), ("b.json", &advisory("2"))])),
            "z.zip 1:1: a zip archive within compressed data; unpack the outer one",
        ),
    ] {
        let outcome = outcome(&content);
        assert_eq!((outcome.taken, outcome.refused), (vec!["DOC-2".to_owned()], vec![refusal.to_owned()]));
    }
    assert_eq!(taken(&two), ["DOC-1"]);
}

#[test]
fn links_devices_and_names_that_lead_outside_are_refused_and_the_rest_goes_on() {
    let mut archive = Vec::new();
    for (name, entry_type) in [
        ("up/../../x.json", tar::EntryType::Regular),
        ("link", tar::EntryType::Symlink),
        ("hard", tar::EntryType::Link),
        ("pipe", tar::EntryType::Fifo),
        ("folder/", tar::EntryType::Directory),
        ("/abs.json", tar::EntryType::Regular),
        ("good.json", tar::EntryType::Regular),
    ] {
        let content = advisory(name);
        let regular = entry_type == tar::EntryType::Regular;
        let mut header = tar::Header::new_ustar();
        header.as_old_mut().name[..name.len()].copy_from_slice(name.as_bytes());
        header.set_entry_type(entry_type);
        header.set_size(if regular { content.len() as u64 } else { 0 });
        header.set_cksum();
        archive.extend_from_slice(header.as_bytes());
        if regular {
            archive.extend_from_slice(&content);
            archive.resize(archive.len().next_multiple_of(512), 0);
        }
    }
    archive.resize(archive.len() + 1024, 0);
    let Outcome { taken, refused, read } = outcome(&archive);
    assert_eq!(taken, ["DOC-good.json"]);
    assert_eq!(
        refused,
        [
            "up/../../x.json 1:1: a name that is absolute or holds `..`, and so may lead outside the archive",
            "link 1:1: a link; archives hold files and directories alone",
            "hard 1:1: a link; archives hold files and directories alone",
            "pipe 1:1: a device or pipe; archives hold files and directories alone",
            "/abs.json 1:1: a name that is absolute or holds `..`, and so may lead outside the archive"
        ]
    );
    assert_eq!(read, 6);
}

/// What is refused of a zip archive whose second entry is good.
fn refused_of(entry: Entry) -> Vec<String> {
    let Outcome { taken, refused, read } = outcome(&zip(&[entry, Entry::deflated("good.json", &advisory("2"))]));
    assert_eq!((taken.as_slice(), read), (&["DOC-2".to_owned()][..], 2));
    refused
}

#[test]
fn hostile_entries_of_a_zip_archive_are_refused_one_by_one() {
    let good = Entry::deflated("a.json", &advisory("1"));
    let named = |name: &str| Entry::deflated(name, &advisory("1"));
    let cut = |entry: &Entry| entry.data[..entry.data.len() - 4].to_vec();
    for (entry, refusal) in [
        (named("../a.json"), "../a.json byte 0: a name that is absolute or holds `..`, and so may lead outside the archive"),
        (named("/etc/a.json"), "/etc/a.json byte 0: a name that is absolute or holds `..`, and so may lead outside the archive"),
        (named("C:\\a.json"), "C:\\a.json byte 0: a name that is absolute or holds `..`, and so may lead outside the archive"),
        (named("b\\..\\a.json"), "b\\..\\a.json byte 0: a name that is absolute or holds `..`, and so may lead outside the archive"),
        (named("a\u{1}.json"), "a\u{fffd}.json byte 0: a name with a control character"),
        (Entry { name: vec![0xff], local_name: vec![0xff], ..good.clone() }, "\u{fffd} byte 0: a name that is not UTF-8"),
        (Entry { mode: 0o120_777, ..good.clone() }, "a.json byte 0: a link; archives hold files and directories alone"),
        (Entry { mode: 0o020_666, ..good.clone() }, "a.json byte 0: a device or pipe; archives hold files and directories alone"),
        (Entry { flags: 1, ..good.clone() }, "a.json byte 0: an encrypted file, which is not read"),
        (Entry { method: 14, ..good.clone() }, "a.json byte 0: packed by a method that is not read; stored, deflated and zstd are"),
        (
            Entry { local_name: b"b.json".to_vec(), ..good.clone() },
            "a.json byte 0: a header of its own that is damaged, or says other than the directory",
        ),
        (Entry { bytes: 10, ..good.clone() }, "a.json byte 0: more than the 10 bytes that its header states"),
        (Entry { bytes: 99, ..good.clone() }, "a.json byte 0: 48 bytes, but its header states 99"),
        (Entry { crc32: 1, ..good.clone() }, "a.json byte 0: content that does not have the checksum that its header states"),
        (Entry { data: cut(&good), ..good.clone() }, "a.json byte 0: cut off: the compressed data ends early"),
        (Entry { data: vec![0xff; 20], ..good.clone() }, "a.json byte 0: damaged compressed data: corrupt deflate stream"),
        (Entry { offset: Some(1 << 30), ..good.clone() }, "a.json byte 1073741824: an entry that lies outside the archive"),
    ] {
        assert_eq!(refused_of(entry), [refusal], "{refusal}");
    }
}

#[test]
fn entries_that_share_bytes_or_names_are_refused() {
    let kernel = Entry::deflated("a.json", &advisory("1"));
    // As in overlapping bombs: a local header is content of the entry before.
    let mut quoting = Entry::stored("q.json", b"");
    let inner = zip(std::slice::from_ref(&kernel));
    quoting.data = inner[..30 + 6 + kernel.data.len()].to_vec();
    quoting.bytes = quoting.data.len() as u32;
    let at = 30 + quoting.name.len() as u32;
    let outcome_of = |entries: &[Entry]| outcome(&zip(entries));
    let overlapping = outcome_of(&[quoting, Entry { offset: Some(at), ..kernel.clone() }]);
    assert_eq!(overlapping.taken, NOTHING);
    assert!(overlapping.refused[1].ends_with("an entry that overlaps another"), "{:?}", overlapping.refused);

    let again = Entry { offset: Some(0), ..kernel.clone() };
    let twice = outcome_of(&[kernel.clone(), again]);
    assert_eq!(
        (twice.taken, twice.refused),
        (vec!["DOC-1".to_owned()], vec!["a.json byte 0: a name that the archive had before".to_owned()])
    );
}

#[test]
fn damaged_zip_archives_are_refused_under_their_own_name() {
    let whole = zip(&[Entry::deflated("a.json", &advisory("1")), Entry::deflated("b.json", &advisory("2"))]);
    let refused = |content: &[u8]| outcome(content).refused;
    assert_eq!(refused(&whole[..whole.len() - 1]), ["upload byte 0: a zip archive without an end record, so it may be cut off"]);
    let mut outside = whole.clone();
    let end = outside.len() - 22;
    outside[end + 16..end + 20].copy_from_slice(&(end as u32).to_le_bytes());
    assert_eq!(refused(&outside), ["upload byte 0: a zip archive whose directory lies outside of it"]);
    let mut counts = whole.clone();
    counts[end + 10] = 3;
    assert_eq!(outcome(&counts).taken, ["DOC-1", "DOC-2"]);
    assert_eq!(refused(&counts), ["upload byte 0: a zip archive whose directory ends early; the rest of it is not read"]);
    let mut disks = whole.clone();
    disks[end + 4] = 1;
    assert_eq!(refused(&disks), ["upload byte 0: a zip archive over several disks, which is not read"]);
    let commented = [&whole[..whole.len() - 2], b"\x15\0PK\x05\x06 comment, no more" as &[u8]].concat();
    assert_eq!(taken(&commented), ["DOC-1", "DOC-2"]);
}

#[test]
fn bombs_are_refused_where_they_pass_a_limit() {
    let zeros = vec![b' '; 8 << 20];
    let ratio = "1:1: decompresses to more than 200 times its size, the limit";
    for (name, content) in [("z.zst", zstd(&zeros)), ("z.gz", gzip(&zeros))] {
        let outcome = outcome(&tar(&[(name, &tar(&[("inner", &zeros)])), (name, &content), ("b.json", &advisory("2"))]));
        assert_eq!(outcome.taken, ["DOC-2"]);
        assert!(outcome.refused.iter().any(|refused| refused.contains("larger than the limit of 1048576 bytes")), "{:?}", outcome.refused);
    }
    // A tar of blank space, whose members are passed over: the stream itself is too small for what it holds.
    let many: Vec<(&str, &[u8])> = vec![("blank", &zeros[..MAX_BYTES / 2]); 20];
    for content in [zstd(&tar(&many)), gzip(&tar(&many))] {
        assert_eq!(outcome(&content).refused.last().map(String::as_str), Some(format!("upload {ratio}").as_str()));
    }
    let entry = Entry::deflated("t.tar", &tar(&many));
    let bomb = outcome(&zip(&[entry, Entry::deflated("b.json", &advisory("2"))]));
    assert_eq!(
        (bomb.taken, bomb.refused.last().map(String::as_str)),
        (vec!["DOC-2".to_owned()], Some("t.tar byte 0: decompresses to more than 200 times its size, the limit"))
    );
}

#[test]
fn what_an_upload_decompresses_to_is_bounded_in_all() {
    // Text that compresses little, so that the ratio does not end it before.
    let mut state = 1u32;
    let noise: Vec<u8> = (0..9 << 20)
        .map(|_| {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            b"0123456789abcdef"[(state >> 28) as usize]
        })
        .collect();
    let packed = zstd(&noise);
    let members: Vec<(&str, &[u8])> = vec![("n.zst", &packed); 9];
    let outcome = outcome(&tar(&members));
    let refusal = format!("n.zst 1:1: the upload decompresses to more than the limit of {} bytes", ARCHIVES.max_decompressed_bytes);
    assert_eq!(outcome.read, 9);
    assert_eq!(outcome.refused.iter().filter(|refused| **refused == refusal).count(), 2, "{:?}", outcome.refused);
}

#[test]
fn a_window_that_takes_too_much_memory_is_refused() {
    let mut encoder = zstd::Encoder::new(Vec::new(), 3).expect("an encoder");
    encoder.long_distance_matching(true).expect("set");
    encoder.window_log(27).expect("set");
    std::io::Write::write_all(&mut encoder, &advisory("1")).expect("compressed");
    let refused = outcome(&encoder.finish().expect("compressed")).refused;
    assert_eq!(
        refused,
        ["upload 1:1: a zstd frame with a window over the limit of 8388608 bytes: compress it with a smaller one (zstd --long=23)"]
    );
}

#[test]
fn members_of_all_archives_are_counted() {
    let names: Vec<String> = (0..60).map(|number| format!("{number}.json")).collect();
    let documents: Vec<Vec<u8>> = (0..60).map(|number| advisory(&number.to_string())).collect();
    let members: Vec<(&str, &[u8])> = names.iter().zip(&documents).map(|(name, document)| (name.as_str(), document.as_slice())).collect();
    let entries: Vec<Entry> = members.iter().map(|(name, document)| Entry::stored(name, document)).collect();
    for (content, place) in [(tar(&members), "51200"), (zip(&entries), "0")] {
        let outcome = outcome(&content);
        assert_eq!(outcome.taken.len(), 50);
        assert_eq!(outcome.refused, [format!("upload byte {place}: more than 50 members in the archives of one upload, the limit")]);
    }
}

#[test]
fn cut_off_compressed_data_gives_what_came_whole() {
    let lines: Vec<u8> = (0..20_000).flat_map(|number| [advisory(&number.to_string()), b"\n".to_vec()].concat()).collect();
    for content in [zstd(&lines), gzip(&lines)] {
        let outcome = outcome(&content[..content.len() / 2]);
        assert!(outcome.taken.len() > 1_000, "{}", outcome.taken.len());
        assert_eq!(outcome.refused, ["upload 1:1: cut off: the compressed data ends early"]);
    }
}

#[test]
fn long_strings_and_deep_nesting_in_containers_are_refused_alone() {
    let long = [b"{\"id\":\"".to_vec(), vec![b'x'; 3 * MAX_BYTES], b"\"}".to_vec()].concat();
    let deep = [vec![b'['; 10_000], vec![b']'; 10_000]].concat();
    let deep = [b"{\"id\":\"DEEP\",\"modified\":".to_vec(), deep, b"}".to_vec()].concat();
    let entries = [Entry::deflated("long.json", &long), Entry::deflated("deep.json", &deep), Entry::stored("good.json", &advisory("1"))];
    let outcome = outcome(&zip(&entries));
    assert_eq!(outcome.taken, ["DOC-1"]);
    assert_eq!(
        outcome.refused,
        ["long.json 1:1: larger than the limit of 1048576 bytes for a document", "deep.json 1:88: nested more than 64 levels deep"]
    );
}
