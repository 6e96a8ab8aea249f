//! Small archives, damaged at random: no panic, no hang, bounded output and memory, and every document accounted for.
#![cfg(target_os = "linux")]

mod uploading;

use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use proptest::prelude::*;
use proptest::test_runner::TestRunner;
use uploading::{Entry, Outcome, advisory, gzip, outcome, rows_of, tar, zip, zstd};

const CASES: u32 = 1_024;

/// For an upload of a few kilobytes, which takes milliseconds.
const HANG: Duration = Duration::from_secs(60);

/// Small input may decompress to `ratio_free_bytes`, 4 MiB here; a row has a document twice, and its columns.
const MAX_OUTPUT_BYTES: usize = 32 << 20;

/// As in `memory.rs`, with what holds the output itself.
const MAX_GROWTH_KIB: u64 = 128 * 1024;

/// What may happen to bytes. Positions are fractions of the length, so that they reach all of any archive.
#[derive(Debug, Clone)]
enum Damage {
    Flip {
        at: f64,
        mask: u8,
    },
    Cut {
        at: f64,
    },
    /// Bytes of one place over those of another, or between them.
    Splice {
        from: f64,
        to: f64,
        bytes: usize,
        insert: bool,
    },
}

fn damage() -> impl Strategy<Value = Damage> {
    let place = || 0.0..1.0f64;
    prop_oneof![
        6 => (place(), 1u8..).prop_map(|(at, mask)| Damage::Flip { at, mask }),
        1 => place().prop_map(|at| Damage::Cut { at }),
        2 => (place(), place(), 1usize..700, any::<bool>())
            .prop_map(|(from, to, bytes, insert)| Damage::Splice { from, to, bytes, insert }),
    ]
}

fn damaged(mut content: Vec<u8>, damages: &[Damage]) -> Vec<u8> {
    for damage in damages {
        let length = content.len();
        let index = |at: f64| (at * length as f64) as usize;
        match *damage {
            _ if length == 0 => {}
            Damage::Flip { at, mask } => content[index(at)] ^= mask,
            Damage::Cut { at } => content.truncate(index(at)),
            Damage::Splice { from, to, bytes, insert } => {
                let piece = content[index(from)..(index(from) + bytes).min(length)].to_vec();
                let end = if insert { index(to) } else { (index(to) + piece.len()).min(length) };
                content.splice(index(to)..end, piece);
            }
        }
    }
    content
}

/// Archives of the documents 1 to 4, in every container that is read.
fn archives() -> Vec<Vec<u8>> {
    let lines = [advisory("2"), advisory("3")].join(&b'\n');
    let packed = gzip(&advisory("4"));
    let members: [(&str, &[u8]); 3] = [("one.json", &advisory("1")), ("many.jsonl", &lines), ("four.json.gz", &packed)];
    let entries = [
        Entry::stored("one.json", &advisory("1")),
        Entry::deflated("many.jsonl", &lines),
        Entry { method: 93, data: zstd(&advisory("4")), ..Entry::stored("four.json", &advisory("4")) },
    ];
    let plain = tar(&[("one.json", &advisory("1")), ("many.jsonl", &[lines.clone(), advisory("4")].join(&b'\n'))]);
    let all = [advisory("1"), lines.clone(), advisory("4")].join(&b'\n');
    let inner = tar(&[("all.zip", &zip(&entries))]);
    vec![zip(&entries), tar(&members), inner, zstd(&all), gzip(&all), zstd(&plain), gzip(&plain)]
}

/// Rows of a COPY BINARY stream: 19 bytes of header, a count and length-prefixed fields each, and -1.
fn count_rows(stream: &[u8]) -> u64 {
    let mut rest = &stream[19..];
    let mut rows = 0;
    loop {
        let (count, fields) = rest.split_first_chunk().expect("a row or the end");
        rest = fields;
        let count = i16::from_be_bytes(*count);
        if count == -1 {
            assert!(rest.is_empty(), "nothing after the end");
            return rows;
        }
        for _ in 0..count {
            let (length, value) = rest.split_first_chunk().expect("a field");
            rest = &value[usize::try_from(i32::from_be_bytes(*length)).unwrap_or(0)..];
        }
        rows += 1;
    }
}

fn peak_kib() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").expect("status");
    let line = status.lines().find(|line| line.starts_with("VmHWM:")).expect("a peak");
    line.split_ascii_whitespace().nth(1).and_then(|kib| kib.parse().ok()).expect("a number")
}

#[test]
fn damaged_archives_are_accounted_for_within_bounds() {
    let archives = archives();
    for archive in &archives {
        let Outcome { taken, refused, read } = outcome(archive);
        assert_eq!((taken.len(), refused.len(), read), (4, 0, 4), "whole");
    }
    let before = peak_kib();
    let cases = (prop::sample::select(archives), prop::collection::vec(damage(), 1..6));
    let mut runner = TestRunner::new(ProptestConfig { cases: CASES, failure_persistence: None, ..ProptestConfig::default() });
    let checked = runner.run(&cases, |(archive, damages)| {
        let content = damaged(archive, &damages);
        let (done, outcome) = mpsc::channel();
        thread::spawn(move || done.send(rows_of(&content)));
        // Also where the thread panicked.
        let (stream, summary) = outcome.recv_timeout(HANG).map_err(|error| TestCaseError::fail(error.to_string()))?;
        prop_assert_eq!(count_rows(&stream) + summary.refused.len() as u64, summary.read);
        prop_assert!(stream.len() <= MAX_OUTPUT_BYTES, "{} bytes", stream.len());
        Ok(())
    });
    checked.unwrap_or_else(|failure| panic!("{failure}"));
    let growth = peak_kib() - before;
    assert!(growth < MAX_GROWTH_KIB, "{growth} KiB");
}
