//! What the writer makes of records, and which records it refuses.

mod in_memory;

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use in_memory::{Ledger, MAPPING, Row};
use proptest::prelude::*;
use sha2::{Digest, Sha256};
use stella_jsonl::{Monitor, RangeReader, Ranges, Record, WriteError, WriteOptions, Written, write_json_lines};
use stella_projection::Projection;

fn options(path: &Path, readers: usize) -> WriteOptions {
    let projection = Projection::compile(MAPPING).expect("the mapping is good");
    WriteOptions { projection, level: 3, frame_bytes: 4096, readers, max_withheld: 3, path: path.into() }
}

fn write_as(ledger: &Ledger, change: impl FnOnce(&mut WriteOptions)) -> Result<(Written, Vec<u8>), WriteError> {
    let dir = tempfile::tempdir().expect("a folder");
    let mut options = options(&dir.path().join("out"), 2);
    change(&mut options);
    let path = options.path.clone();
    let written = write_json_lines(ledger, options, &Monitor::default(), &Arc::new(AtomicBool::new(false)))?;
    Ok((written, std::fs::read(path).expect("it was written")))
}

fn write(ledger: &Ledger) -> Result<(Written, Vec<u8>), WriteError> {
    write_as(ledger, |_| {})
}

fn refusal(rows: Vec<Row>) -> WriteError {
    write(&Ledger { ranges: vec![rows] }).expect_err("it must be refused")
}

fn lines(ledger: &Ledger) -> Vec<u8> {
    ledger.ranges.iter().flatten().flat_map(|row| [row.body.as_bytes(), b"\n"].concat()).collect()
}

/// Plain sizes of the frames of a file.
fn frames(mut bytes: &[u8]) -> Vec<usize> {
    let mut sizes = Vec::new();
    while !bytes.is_empty() {
        let length = zstd::zstd_safe::find_frame_compressed_size(bytes).expect("a frame");
        let size = zstd::zstd_safe::get_frame_content_size(&bytes[..length]).expect("a header").expect("the content size is in it");
        assert_eq!(bytes[4] & 4, 4, "the checksum flag");
        sizes.push(usize::try_from(size).expect("small"));
        bytes = &bytes[length..];
    }
    sizes
}

fn numbered(ranges: &[usize], size: usize) -> Ledger {
    let mut numbers = 0..;
    Ledger {
        ranges: ranges.iter().map(|count| numbers.by_ref().take(*count).map(|number| Row::numbered(number, size)).collect()).collect(),
    }
}

#[test]
fn lines_come_out_as_they_went_in_and_the_result_describes_the_file() {
    let ledger = numbered(&[30, 1, 0, 17], 700);
    let (written, file) = write(&ledger).expect("written");
    let plain = lines(&ledger);
    assert_eq!(zstd::decode_all(&file[..]).expect("zstd"), plain);
    assert_eq!((written.records, written.plain_bytes, written.size_bytes), (48, plain.len() as u64, file.len() as u64));
    assert_eq!(written.sha256, stella_digest::hex(&Sha256::digest(&file)));
    assert_eq!(written.withheld, []);
}

#[test]
fn frames_end_at_the_record_that_fills_them_and_at_the_end_of_a_range() {
    let ledger = numbered(&[10, 10], 1000);
    let line = ledger.ranges[0][0].body.len() + 1;
    let (_, file) = write_as(&ledger, |options| options.frame_bytes = 3 * line).expect("written");
    assert_eq!(frames(&file), [3 * line, 3 * line, 3 * line, line, 3 * line, 3 * line, 3 * line, line]);
    let (_, file) = write_as(&ledger, |options| options.frame_bytes = 3 * line + 1).expect("written");
    assert_eq!(frames(&file), [4 * line, 4 * line, 2 * line, 4 * line, 4 * line, 2 * line]);
}

#[test]
fn nothing_to_write_gives_one_empty_frame() {
    for ranges in [vec![], vec![vec![]], vec![vec![], vec![]]] {
        let (written, file) = write(&Ledger { ranges }).expect("written");
        assert_eq!((written.records, frames(&file)), (0, vec![0]));
        assert_eq!(zstd::decode_all(&file[..]).expect("zstd"), b"");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn bytes_do_not_depend_on_the_number_of_threads(counts in prop::collection::vec(0..60_usize, 1..12), size in 100..3000_usize) {
        let ledger = numbered(&counts, size);
        let one = write_as(&ledger, |options| options.readers = 1).expect("written");
        for readers in [2, 3, 7] {
            let more = write_as(&ledger, |options| options.readers = readers).expect("written");
            prop_assert_eq!(&more, &one);
        }
    }
}

#[test]
fn a_body_that_was_altered_is_refused() {
    let mut row = Row::numbered(1, 100);
    row.body = row.body.replacen('0', "1", 1);
    let error = refusal(vec![Row::numbered(0, 100), row.clone()]);
    assert_eq!((error.code, error.record_key), ("record/digest-mismatch", Some(row.key.clone())));
    row.digest.clear();
    assert_eq!(refusal(vec![row]).code, "record/digest-mismatch");
}

#[test]
fn keys_must_ascend_within_a_range_and_across_ranges() {
    let row = |number| Row::numbered(number, 100);
    assert_eq!(refusal(vec![row(2), row(1)]).code, "record/order");
    assert_eq!(refusal(vec![row(1), row(1)]).code, "record/order");
    for second in [1, 2] {
        let error = write(&Ledger { ranges: vec![vec![row(1), row(2)], vec![], vec![row(second)]] }).expect_err("it must be refused");
        assert_eq!((error.code, error.record_key), ("record/order", Some(row(second).key)));
    }
    // Bytes, not characters: U+FF21 is after U+1F600 for UTF-16 and before it here.
    let named = |key: &str| Row::new(key, "{}");
    assert!(write(&Ledger { ranges: vec![vec![named("\u{ff21}"), named("\u{1f600}")]] }).is_ok());
    assert!(write(&Ledger { ranges: vec![vec![named(""), named("a")]] }).is_ok());
}

#[test]
fn a_member_without_a_mapping_is_refused_with_record_and_field() {
    let error = refusal(vec![Row::new("A", "{\"id\":\"A\"}"), Row::new("B", "{\"id\":\"B\",\"new\":{\"x\":1}}")]);
    assert_eq!((error.code, error.record_key.as_deref(), error.field.as_deref()), ("record/schema-mismatch", Some("B"), Some("/new")));
    assert_eq!(refusal(vec![Row::new("A", "{\"id\":\"A\"} ")]).code, "record/schema-mismatch");
}

#[test]
fn several_records_that_are_refused_are_named_at_once_up_to_a_limit() {
    let strange = |key: &str| Row::new(key, "{\"id\":7}");
    let error = refusal(vec![strange("A"), Row::new("B", "{\"id\":\"B\"}"), strange("C")]);
    assert_eq!((error.record_key.as_deref(), error.field.as_deref()), (Some("A"), Some("/id")));
    assert!(error.message.ends_with("; also record C, field /id: test-1 wants a string here"), "{}", error.message);
    let error = refusal((10..30).map(|number| strange(&number.to_string())).collect());
    assert!(error.message.contains("record 19,") && !error.message.contains("record 20,"), "{}", error.message);
    assert!(error.message.ends_with("; and maybe more"), "{}", error.message);
}

#[test]
fn credentials_are_redacted_in_values_and_withhold_the_record_in_names() {
    let token = format!("ghp_{}", "a1".repeat(18));
    let rows = vec![
        Row::new("A", &format!("{{\"any\":{{\"x\":[\"\\n{token}\"]}},\"id\":\"A\"}}")),
        Row::new("B", &format!("{{\"any\":{{\"{token}\":1}},\"id\":\"B\"}}")),
        Row::new("C", "{\"id\":\"C\"}"),
    ];
    let (written, file) = write(&Ledger { ranges: vec![rows] }).expect("written");
    let text = String::from_utf8(zstd::decode_all(&file[..]).expect("zstd")).expect("text");
    assert_eq!(text, "{\"any\":{\"x\":[\"\\n[redacted:github-token]\"]},\"id\":\"A\"}\n{\"id\":\"C\"}\n");
    assert_eq!(written.records, 2);
    let seen: Vec<_> = written.withheld.iter().map(|w| (w.record_key.as_str(), w.detector, w.pointer.as_deref(), w.action)).collect();
    let name = format!("/any/{token}");
    assert_eq!(seen[0], ("A", "github-token", Some("/any/x/0"), "redact"));
    assert_eq!((seen[1].0, seen[1].1, seen[1].3), ("B", "github-token", "withhold"));
    assert!(seen[1].2.is_none_or(|pointer| pointer != name), "the report must not hold the credential");
}

#[test]
fn errors_do_not_repeat_a_credential() {
    let token = format!("ghp_{}", "a1".repeat(18));
    let told = "[redacted:github-token]#1";
    let key = format!("{token}#1");
    let mut altered = Row::new(&key, "{}");
    altered.digest[0] ^= 1;
    let name = format!("{{\"id\":\"A\",\"{token}\":1}}");
    for rows in [vec![Row::new(&key, &name)], vec![altered], vec![Row::new("z", "{}"), Row::new(&key, "{}")]] {
        let error = refusal(rows);
        assert_eq!(error.record_key.as_deref(), Some(told), "{error:?}");
        assert!(!format!("{error:?} {error}").contains(&token), "{error:?}");
    }
}

#[test]
fn too_many_credentials_end_the_writing() {
    let row = |number: usize| Row::new(&format!("K{number}"), &format!("{{\"text\":\"npm_{}\"}}", "a1".repeat(18)));
    let ranges = |count: usize| Ledger { ranges: (0..count).map(|number| vec![row(number)]).collect() };
    assert_eq!(write(&ranges(3)).expect("at the limit").0.withheld.len(), 3);
    assert_eq!(write(&ranges(4)).expect_err("over the limit").code, "record/too-many-credentials");
    assert_eq!(refusal((0..4).map(row).collect()).code, "record/too-many-credentials");
}

#[test]
#[cfg(target_os = "linux")] // Elsewhere there is no /dev/full.
fn a_full_disk_is_told_from_other_failures_of_the_file() {
    let ledger = numbered(&[200], 1000);
    let on = |path: &str| write_as(&ledger, |options| options.path = path.into()).expect_err("it must fail").code;
    assert_eq!(on("/dev/full"), "blob/full");
    assert_eq!(on("/nonexistent/folder/file"), "native/io");
}

#[test]
fn a_raised_flag_stops_the_writing() {
    let monitor = Monitor::default();
    monitor.cancel.store(true, Ordering::Relaxed);
    let dir = tempfile::tempdir().expect("a folder");
    let stop = Arc::new(AtomicBool::new(false));
    let error = write_json_lines(&numbered(&[50, 50], 500), options(&dir.path().join("out"), 2), &monitor, &stop).expect_err("cancelled");
    assert_eq!(error.code, "native/cancelled");
    assert!(stop.load(Ordering::Relaxed), "the readers are told");
}

#[test]
fn progress_counts_the_records() {
    let dir = tempfile::tempdir().expect("a folder");
    let monitor = Monitor::default();
    write_json_lines(&numbered(&[50, 50], 500), options(&dir.path().join("out"), 2), &monitor, &Arc::default()).expect("written");
    assert_eq!(monitor.records.load(Ordering::Relaxed), 100);
}

/// A source that fails in one range, and one whose reader panics.
struct Faulty {
    panics: bool,
}

impl Ranges for Faulty {
    type Reader = Self;

    fn count(&self) -> usize {
        40
    }

    fn open(&self) -> Result<Self, WriteError> {
        Ok(Self { panics: self.panics })
    }
}

impl RangeReader for Faulty {
    fn read(&mut self, range: usize, mut each: impl FnMut(Record<'_>) -> Result<(), WriteError>) -> Result<(), WriteError> {
        if range == 30 {
            assert!(!self.panics, "the reader's own fault");
            return Err(WriteError::new("db/unavailable", "gone"));
        }
        let row = Row::numbered(range, 20_000);
        each(Record { key: row.key.as_bytes(), body: row.body.as_bytes(), digest: &row.digest, source: None })
    }
}

#[test]
fn the_failure_of_one_reader_ends_all() {
    let dir = tempfile::tempdir().expect("a folder");
    for readers in [1, 3] {
        let options = options(&dir.path().join("out"), readers);
        let error = write_json_lines(&Faulty { panics: false }, options, &Monitor::default(), &Arc::default()).expect_err("gone");
        assert_eq!(error.code, "db/unavailable");
    }
}

#[test]
#[should_panic(expected = "a scoped thread panicked")]
fn the_panic_of_one_reader_ends_all() {
    let dir = tempfile::tempdir().expect("a folder");
    let _ = write_json_lines(&Faulty { panics: true }, options(&dir.path().join("out"), 3), &Monitor::default(), &Arc::default());
}
