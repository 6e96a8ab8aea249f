//! Uploads in, COPY rows and refusals out: splitting, archives, order, limits, cancellation.

use std::io::Write;
use std::path::Path;

use proptest::prelude::*;
use stella_intake::{ArchiveLimits, COLUMNS, Cancel, Format, Intake, IntakeError, IntakeOptions, Mappings, Summary};
use tempfile::NamedTempFile;

const MAX_BYTES: usize = 4_096;

const ARCHIVES: ArchiveLimits = ArchiveLimits {
    max_entries: 5_000_000,
    max_decompressed_bytes: 1 << 38,
    max_ratio: 200,
    ratio_free_bytes: 16 << 20,
    max_nesting: 2,
    max_window_log: 27,
};

fn options(path: &Path) -> IntakeOptions {
    IntakeOptions {
        path: path.to_owned(),
        source_name: "upload".into(),
        source_uri: None,
        format: Format::Auto,
        max_document_bytes: MAX_BYTES,
        max_depth: 32,
        archives: ARCHIVES,
        max_refused: 1_000,
        max_not_held: 1_000,
        mappings: Mappings::default(),
        threads: 2,
    }
}

fn upload(content: &[u8]) -> NamedTempFile {
    let mut file = NamedTempFile::new().expect("a temporary file");
    file.write_all(content).expect("written");
    file
}

fn run(options: IntakeOptions) -> Result<(Vec<Vec<u8>>, Summary), IntakeError> {
    let mut intake = Intake::open(options, &Cancel::default())?;
    let mut chunks = Vec::new();
    while let Some(chunk) = intake.next_chunk()? {
        assert!(intake.summary().is_none(), "no summary before the end");
        chunks.push(chunk);
    }
    assert!(intake.next_chunk()?.is_none());
    let summary = intake.summary().expect("a summary at the end").clone();
    Ok((chunks, summary))
}

/// Number, record key, source and raw bytes of each row.
fn rows(stream: &[u8]) -> Vec<(i64, String, String, Option<Vec<u8>>)> {
    let row = |fields: Vec<Option<Vec<u8>>>| {
        let text = |at: usize| String::from_utf8(fields[at].clone().expect("not null")).expect("text");
        let seq = i64::from_be_bytes(fields[0].clone().expect("not null").try_into().expect("eight bytes"));
        (seq, text(2), text(13), fields[11].clone())
    };
    fields(stream).into_iter().map(row).collect()
}

/// The fields of each row, by a reader of COPY BINARY that is not the writer's.
fn fields(stream: &[u8]) -> Vec<Vec<Option<Vec<u8>>>> {
    let mut rest = stream.strip_prefix(b"PGCOPY\n\xff\r\n\0\0\0\0\0\0\0\0\0").expect("a signature");
    let mut take = |count: usize| {
        let (taken, left) = rest.split_at(count);
        rest = left;
        taken.to_vec()
    };
    let mut rows = Vec::new();
    loop {
        let fields = i16::from_be_bytes(take(2).try_into().expect("two bytes"));
        if fields == -1 {
            assert!(rest.is_empty());
            return rows;
        }
        assert_eq!(fields, COLUMNS as i16);
        let mut field = || {
            let length = i32::from_be_bytes(take(4).try_into().expect("four bytes"));
            usize::try_from(length).ok().map(&mut take)
        };
        rows.push((0..COLUMNS).map(|_| field()).collect());
    }
}

fn outcome(content: &[u8]) -> (Vec<String>, Vec<String>, u64) {
    let file = upload(content);
    let (chunks, summary) = run(options(file.path())).expect("an intake");
    let taken = rows(&chunks.concat()).into_iter().map(|(seq, key, source, _)| format!("{seq} {key} {source}")).collect();
    let refused = summary.refused.iter().map(|refused| format!("{} {} {}", refused.source, refused.position, refused.reason)).collect();
    (taken, refused, summary.read)
}

fn advisory(id: &str) -> String {
    format!(r#"{{"id":"{id}","modified":"2024-01-01T00:00:00Z"}}"#)
}

fn tar(members: &[(&str, &[u8])]) -> Vec<u8> {
    let mut builder = tar::Builder::new(Vec::new());
    for (name, content) in members {
        let mut header = tar::Header::new_ustar();
        header.set_size(content.len() as u64);
        header.set_mode(0o644);
        builder.append_data(&mut header, name, *content).expect("appended");
    }
    builder.into_inner().expect("a tar")
}

#[test]
fn one_document_keeps_its_bytes() {
    let pretty = b"\n{\n  \"id\": \"A\",\n  \"modified\": \"2024-01-01T00:00:00Z\"\n}\n\n";
    let file = upload(pretty);
    let (chunks, summary) = run(options(file.path())).expect("an intake");
    assert_eq!(rows(&chunks.concat()), [(1, "A".to_owned(), "upload".to_owned(), Some(pretty.to_vec()))]);
    assert_eq!((summary.read, summary.refused.len()), (1, 0));
    let named = IntakeOptions { source_uri: Some("https://example.org/a.json".into()), ..options(file.path()) };
    assert_eq!(rows(&run(named).expect("an intake").0.concat())[0].2, "https://example.org/a.json");
}

#[test]
fn json_lines_are_taken_line_by_line() {
    let content = format!("\u{feff}{}\r\n\n{{\"id\": }}\n{}\n{{\"id\":\"C\"\n  {}", advisory("A"), advisory("B"), advisory("D"));
    let (taken, refused, read) = outcome(content.as_bytes());
    assert_eq!(taken, ["1 A upload:1", "3 B upload:4", "5 D upload:6"]);
    assert_eq!(refused, ["upload:3 3:8 expected value", "upload:5 5:9 truncated: EOF while parsing an object"]);
    assert_eq!(read, 5);
}

#[test]
fn a_broken_first_line_does_not_hide_the_lines_after_it() {
    let (taken, refused, _) = outcome(format!("{{\"id\":\"X\"\n{}\n{}\n", advisory("A"), advisory("B")).as_bytes());
    assert_eq!(taken, ["2 A upload:2", "3 B upload:3"]);
    assert_eq!(refused, ["upload:1 1:9 truncated: EOF while parsing an object"]);
    // The second line of a pretty-printed document may be a whole object too.
    let document = format!("{{\"x\": [\n{{\"y\": 1}}\n], {}", &advisory("A")[1..]);
    assert_eq!(outcome(document.as_bytes()).0, ["1 A upload"]);
    let malformed = "{\n\"id\": \"A\",\n\"modified\": 2024-01-01\n}";
    assert_eq!(outcome(malformed.as_bytes()).1, ["upload 3:17 expected `,` or `}`"]);
}

#[test]
fn empty_and_oversized_input_is_refused() {
    assert_eq!(outcome(b""), (vec![], vec!["upload 1:1 an empty document".to_owned()], 1));
    assert_eq!(outcome(b" \n\n").1, ["upload 1:1 an empty document"]);
    assert_eq!(outcome(b" \n".repeat(MAX_BYTES).as_slice()).1, ["upload 1:1 larger than the limit of 4096 bytes for a document"]);
    let exact = |bytes: usize| format!(r#"{{"id":"A","modified":"2024-01-01T00:00:00Z","x":"{}"}}"#, "x".repeat(bytes - 51));
    assert_eq!(exact(MAX_BYTES).len(), MAX_BYTES);
    assert_eq!(outcome(exact(MAX_BYTES).as_bytes()).0, ["1 A upload"]);
    assert_eq!(outcome(exact(MAX_BYTES + 1).as_bytes()).1, ["upload 1:1 larger than the limit of 4096 bytes for a document"]);
    let lines = [exact(MAX_BYTES + 1), advisory("B"), exact(3 * MAX_BYTES), exact(MAX_BYTES)].join("\n");
    let (taken, refused, _) = outcome(lines.as_bytes());
    assert_eq!(taken, ["2 B upload:2", "4 A upload:4"]);
    assert_eq!(
        refused,
        [
            "upload:1 1:1 larger than the limit of 4096 bytes for a document",
            "upload:3 3:1 larger than the limit of 4096 bytes for a document"
        ]
    );
    assert_eq!(outcome(b"[\n{}]").1, ["upload 1:1 a JSON array of documents; write them as JSON lines, one document a line"]);
}

/// Documents with `\u0000` in every string that may hold it, and what names each in the ledger, or the reason against it.
const NULS: [(&str, Result<&str, &str>); 8] = [
    (
        r#"{"id":"A","modified":"2024-01-01T00:00:00Z","schema_version":"1.\u0000","summary":"\u0000","aliases":["\u0000"],"\u0000":"\u0000",
            "affected":[{"package":{"ecosystem":"np\u0000m","name":"x\u0000","purl":"pkg:npm/x\u0000@1"},"versions":["\u0000"]},
                {"package":{"ecosystem":"npm","name":"x\u0000"}},{"package":{"ecosystem":"\u0000","name":"\u0000","purl":"pkg:npm/%00"}}]}"#,
        Ok("A"),
    ),
    (r#"{"id":"A\u0000","modified":"2024-01-01T00:00:00Z"}"#, Err("/id an identifier with a control character")),
    ("id: \"B\\0\"\nmodified: 2024-01-01T00:00:00Z\n", Err("/id an identifier with a control character")),
    (
        r#"{"@context":"https://openvex.dev/ns/v0.2.0","@id":"v","author":"\u0000","role":"\u0000","timestamp":"2024-01-01T00:00:00Z","version":1,
            "statements":[{"@id":"\u0000","vulnerability":{"name":"\u0000","@id":"\u0000"},"status":"fixed","supplier":"\u0000","products":[
                {"@id":"\u0000","identifiers":{"purl":"pkg:npm/\u0000@1","cpe23":"\u0000"},"hashes":{"\u0000":"\u0000"},
                    "subcomponents":[{"@id":"pkg:oci/a@1?tag=\u0000&repository_url=%00"}]}]}]}"#,
        Ok("v#"),
    ),
    (
        r#"{"@context":"https://openvex.dev/ns/v0.2.0","@id":"v\u0000","author":"a","timestamp":"2024-01-01T00:00:00Z","version":1,
            "statements":[{"vulnerability":{"name":"x"},"status":"fixed"}]}"#,
        Err("/@id an identifier with a control character"),
    ),
    (
        r#"{"bomFormat":"CycloneDX","specVersion":"1.6","metadata":{"component":{"type":"\u0000","name":"n\u0000","version":"\u0000",
            "bom-ref":"\u0000","purl":"pkg:npm/n@\u0000","cpe":"\u0000"}},"components":[{"type":"\u0000","name":"\u0000","version":"\u0000",
            "purl":"pkg:oci/n@1?tag=%00","licenses":[{"expression":"\u0000"}],"hashes":[{"alg":"\u0000","content":"\u0000"}]}],
            "dependencies":[{"ref":"\u0000","dependsOn":["\u0000"]}]}"#,
        Ok("sha256:"),
    ),
    (
        r#"{"bomFormat":"CycloneDX","specVersion":"1.6","serialNumber":"urn:uuid:\u0000","components":[{"type":"a","name":"b"}]}"#,
        Err("/serialNumber an identifier with a control character"),
    ),
    (
        r#"{"document":{"csaf_version":"2\u0000"}}"#,
        Err("/document/csaf_version unsupported format: CSAF 2\u{fffd}; this version reads OSV, CSAF 2.0, OpenVEX, CycloneDX and SPDX 2.3"),
    ),
];

#[test]
fn nul_characters_reach_no_column_of_text_and_lose_no_document() {
    let names: Vec<String> = (0..NULS.len()).map(|number| format!("{number}.json")).collect();
    let members: Vec<_> = names.iter().zip(NULS).map(|(name, (document, _))| (name.as_str(), document.as_bytes())).collect();
    let file = upload(&tar(&members));
    let (chunks, summary) = run(options(file.path())).expect("an intake");
    let mut refused = summary.refused.iter().map(|refused| format!("{} {}", refused.position, refused.reason));
    let mut taken = fields(&chunks.concat()).into_iter();
    for (document, outcome) in NULS {
        match outcome {
            Err(reason) => assert_eq!(refused.next().as_deref(), Some(reason), "{document}"),
            Ok(key) => {
                let row = taken.next().expect("a row");
                // All but numbers, digests and the bytes received.
                for text in [1, 2, 3, 7, 12, 13].map(|at| row[at].as_deref().expect("not null")) {
                    assert!(!text.contains(&0), "{document}: {text:?}");
                }
                assert!(row[2].as_deref().is_some_and(|record_key| record_key.starts_with(key.as_bytes())), "{document}");
                assert!(row[14].as_deref().is_none_or(|folder| !folder.contains(&0)), "{document}");
            }
        }
    }
    assert_eq!((refused.next(), taken.next(), summary.read), (None, None, NULS.len() as u64));
    let one = upload(advisory("A").as_bytes());
    let source = IntakeOptions { source_uri: Some("https://example.org/\0".into()), ..options(one.path()) };
    assert_eq!(rows(&run(source).expect("an intake").0.concat())[0].2, "https://example.org/\u{fffd}");
}

#[test]
fn a_record_that_grows_over_the_limit_is_refused_and_the_rest_goes_on() {
    let numbers = vec!["-1e20"; 200].join(",");
    let growing = format!(r#"{{"id":"A","modified":"2024-01-01T00:00:00Z","x":[{numbers}]}}"#);
    let (taken, refused, read) = outcome(format!("{growing}\n{}\n", advisory("B")).as_bytes());
    assert_eq!(taken, ["2 B upload:2"]);
    assert_eq!(refused, ["upload:1 1:1 a record of 4650 bytes in canonical form; at most 4096 are allowed"]);
    assert_eq!(read, 2);
}

#[test]
fn an_archive_holds_files_of_every_kind() {
    let lines = format!("{}\n{}\n", advisory("B"), advisory("C"));
    let long = format!("{}/d.json", "long-name/".repeat(20));
    let archive = tar(&[
        ("a.json", advisory("A").as_bytes()),
        ("b.jsonl", lines.as_bytes()),
        ("empty.json", b""),
        ("y.yaml", b"id: Y\nmodified: 2024-01-01T00:00:00Z\n"),
        ("nested.tar.zst", b"\x28\xb5\x2f\xfd"),
        (&long, advisory("D").as_bytes()),
    ]);
    let (taken, refused, read) = outcome(&archive);
    assert_eq!(
        taken,
        [
            "1 A a.json".to_owned(),
            "2 B b.jsonl:1".into(),
            "3 C b.jsonl:2".into(),
            "5 Y y.yaml".into(),
            format!("7 D {}", long.replace("//", "/"))
        ]
    );
    assert_eq!(refused.len(), 2);
    assert!(
        refused[0].starts_with("empty.json 1:1 an empty document")
            && refused[1].starts_with("nested.tar.zst 1:1 cut off: the compressed data ends early")
    );
    assert_eq!(read, 7);
}

#[test]
fn a_cut_off_or_damaged_archive_gives_what_came_whole() {
    let archive = tar(&[("a.json", advisory("A").as_bytes()), ("b.json", advisory("B").as_bytes())]);
    for (length, taken, refused) in [
        (512 * 4, 2, "upload byte 2048 the archive ends without its end mark, so it may be cut off"),
        (512 * 3 + 20, 1, "b.json byte 1024 cut off: the archive ends within this file"),
        (512 * 2 + 100, 1, "upload byte 1024 the archive ends without its end mark, so it may be cut off"),
    ] {
        let (rows, refusals, _) = outcome(&archive[..length]);
        assert_eq!((rows.len(), refusals), (taken, vec![refused.to_owned()]), "{length}");
    }
    let mut damaged = archive;
    damaged[1024] ^= 1;
    let (rows, refusals, _) = outcome(&damaged);
    assert_eq!((rows.len(), refusals), (1, vec!["upload byte 1024 a damaged tar header; the rest of the archive is not read".to_owned()]));
}

#[test]
fn bytes_depend_on_neither_threads_nor_chunks() {
    let documents: Vec<String> = (0..20_000).map(|number| advisory(&format!("DOC-{number}"))).collect();
    let file = upload(documents.join("\n").as_bytes());
    let streams: Vec<Vec<u8>> = [1, 2, 7]
        .map(|threads| {
            let (chunks, summary) = run(IntakeOptions { threads, ..options(file.path()) }).expect("an intake");
            assert_eq!(summary.read, 20_000);
            let (last, others) = chunks.split_last().expect("chunks");
            assert!(others.iter().all(|chunk| (1 << 20..=4 << 20).contains(&chunk.len())) && last.len() <= 4 << 20);
            chunks.concat()
        })
        .to_vec();
    assert!(streams[0] == streams[1] && streams[1] == streams[2]);
    let keys: Vec<String> = rows(&streams[0]).into_iter().map(|row| row.1).collect();
    assert_eq!(keys, (0..20_000).map(|number| format!("DOC-{number}")).collect::<Vec<_>>());
}

#[test]
fn a_large_document_leaves_in_chunks() {
    let text = "x".repeat(9 << 20);
    let file = upload(format!(r#"{{"id":"A","modified":"2024-01-01T00:00:00Z","x":"{text}"}}"#).as_bytes());
    let (chunks, _) = run(IntakeOptions { max_document_bytes: 16 << 20, ..options(file.path()) }).expect("an intake");
    assert!(chunks.len() > 4);
    assert!(chunks.iter().all(|chunk| chunk.len() <= 4 << 20));
    assert_eq!(rows(&chunks.concat()).len(), 1);
}

#[test]
fn more_refusals_than_allowed_fail_the_intake() {
    let file = upload(format!("{}\n{}", advisory("A"), "{}\n".repeat(11)).as_bytes());
    let limited = |max_refused| run(IntakeOptions { max_refused, ..options(file.path()) });
    assert_eq!(limited(11).map(|(_, summary)| summary.refused.len()).ok(), Some(11));
    assert!(matches!(limited(10), Err(IntakeError::TooManyRefused(10))));
}

#[test]
fn an_intake_that_cannot_be_read_or_was_cancelled_says_so() {
    assert!(matches!(run(options(Path::new("/nowhere/at/all"))), Err(IntakeError::Io(_))));
    assert!(matches!(run(options(Path::new("/"))), Err(IntakeError::Io(_))));

    let file = upload(format!("{}\n", advisory("A")).repeat(200_000).as_bytes());
    let cancel = Cancel::default();
    let mut intake = Intake::open(options(file.path()), &cancel).expect("opened");
    assert!(intake.next_chunk().is_ok());
    cancel.raise();
    assert!(matches!(intake.next_chunk(), Err(IntakeError::Cancelled)));
    assert!(matches!(intake.next_chunk(), Err(IntakeError::Cancelled)) && intake.summary().is_none());
    drop(Intake::open(options(file.path()), &Cancel::default()).expect("opened")); // Ends its threads though nothing was taken.
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn any_bytes_give_a_stream_or_refusals(content in prop::collection::vec(any::<u8>(), 0..3_000)) {
        let (taken, refused, read) = outcome(&content);
        prop_assert_eq!(taken.len() + refused.len(), usize::try_from(read).expect("small"));
    }

    #[test]
    fn any_damage_to_an_archive_is_survived(at in 0usize..4_096, byte in any::<u8>(), end in 0usize..4_096) {
        let mut archive = tar(&[("a.json", advisory("A").as_bytes()), ("b.jsonl", format!("{}\n{}", advisory("B"), advisory("C")).as_bytes())]);
        let length = archive.len();
        archive[at % length] = byte;
        archive.truncate(end.max(600));
        let (taken, refused, read) = outcome(&archive);
        prop_assert_eq!(taken.len() + refused.len(), usize::try_from(read).expect("small"));
    }
}

#[test]
fn an_index_of_a_maven_repository_is_read_row_by_row_from_any_container() {
    let row = |artifact: &str| format!("org.example\t{artifact}\t1\t-\tN/A");
    let index = format!("\u{feff}{}\r\n\n{}\nno row\n{}", row("a"), row("b"), row("c"));
    let whole = tar(&[("central/0.tsv", index.as_bytes()), ("central/1.tsv", row("d").as_bytes()), ("central/2.tsv", b"")]);
    let file = upload(&whole);
    let (chunks, summary) = run(IntakeOptions { format: Format::MavenIndex, ..options(file.path()) }).expect("an intake");
    let taken: Vec<_> = rows(&chunks.concat()).into_iter().map(|(_, key, source, raw)| (key, source, raw)).collect();
    let expected = [("a", "central/0.tsv:1"), ("b", "central/0.tsv:3"), ("c", "central/0.tsv:5"), ("d", "central/1.tsv:1")];
    assert_eq!(taken, expected.map(|(name, source)| (format!("org.example:{name}:1"), source.into(), Some(row(name).into_bytes()))));
    let refused: Vec<_> = summary.refused.iter().map(|refused| (refused.source.as_str(), refused.position.as_str())).collect();
    assert_eq!((summary.read, refused), (6, vec![("central/0.tsv:4", "4:1"), ("central/2.tsv", "1:1")]));
}
