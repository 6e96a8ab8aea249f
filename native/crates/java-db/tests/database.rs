//! What becomes of records, read back from the archive by SQLite.

#![allow(clippy::unwrap_used)]

use std::fs::File;
use std::io::Read;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use stella_artifact::{Export, ExportOptions};
use stella_java_db::{Contents, JavaDbError, Mapper, write_export};

enum Record {
    Sbom(&'static str, String),
    Jar(&'static str, String),
}

struct Built {
    export: Export<Contents>,
    /// Group, artifact, version and SHA-1 in hexadecimal, in the order of the tables.
    rows: Vec<[String; 4]>,
    omitted: Vec<String>,
    database: Vec<u8>,
}

fn options(scratch: &Path, path: &Path, stop: Arc<AtomicBool>) -> ExportOptions {
    ExportOptions {
        scratch: scratch.into(),
        allow_empty: false,
        level: 3,
        path: path.into(),
        metadata: "{}\n".into(),
        mtime: 1_700_000_000,
        threads: 2,
        oci: None,
        stop,
    }
}

/// Builds a database of records, which mappers of so much memory take in turn.
fn build(records: &[Record], mappers: usize, memory_bytes: usize) -> Result<Built, JavaDbError> {
    let folder = tempfile::tempdir()?;
    let mut mappers: Vec<Mapper> = (0..mappers).map(|_| Mapper::new(folder.path(), memory_bytes)).collect();
    for (index, record) in records.iter().enumerate() {
        let turn = index % mappers.len();
        match record {
            Record::Sbom(key, body) => mappers[turn].take_sbom(key, body.as_bytes())?,
            Record::Jar(key, body) => mappers[turn].take_jar(key, body.as_bytes())?,
        }
    }
    let path = folder.path().join("files");
    let options = options(folder.path(), &path, Arc::default());
    let export = write_export(mappers, &options)?;
    let [archive, omissions] = &export.written.parts[..] else { panic!("two parts: {:?}", export.written.parts) };
    let (mut file, mut bytes) = (File::open(&path)?, Vec::new());
    file.read_to_end(&mut bytes)?;
    let omitted = zstd::decode_all(&bytes[omissions.offset as usize..])?;
    let unpacked = folder.path().join("unpacked");
    std::fs::create_dir(&unpacked)?;
    let mut tar = Command::new("tar").args(["-xzf", "-", "-C"]).arg(&unpacked).stdin(Stdio::piped()).spawn()?;
    std::io::Write::write_all(&mut tar.stdin.take().unwrap(), &bytes[..archive.size_bytes as usize])?;
    assert!(tar.wait()?.success());
    let database = unpacked.join("trivy-java.db");
    let db = rusqlite::Connection::open(&database).unwrap();
    let query = "SELECT group_id, a.artifact_id, version, lower(hex(sha1)), archive_type FROM indices i JOIN artifacts a ON a.id = i.artifact_id ORDER BY i.rowid";
    let mut query = db.prepare(query).unwrap();
    let rows = query.query_map([], |row| {
        assert_eq!(row.get::<_, String>(4)?, "jar");
        Ok([row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?])
    });
    let rows = rows.unwrap().collect::<Result<_, _>>().unwrap();
    let omitted = String::from_utf8(omitted).unwrap().lines().map(str::to_owned).collect();
    Ok(Built { export, rows, omitted, database: std::fs::read(&database)? })
}

fn sha1(digit: char) -> String {
    digit.to_string().repeat(40)
}

fn jar(key: &'static str, [group, artifact, version]: [&str; 3], classifier: Option<&str>, sha1: Option<&str>) -> Record {
    let mut body = serde_json::json!({ "group_id": group, "artifact_id": artifact, "version": version });
    for (name, text) in [("classifier", classifier), ("sha1", sha1)] {
        if let Some(text) = text {
            body[name] = text.into();
        }
    }
    Record::Jar(key, body.to_string())
}

fn sbom(key: &'static str, components: &serde_json::Value) -> Record {
    Record::Sbom(
        key,
        serde_json::json!({ "format": "CycloneDX", "spec_version": "1.6", "components": components, "dependencies": [] }).to_string(),
    )
}

#[test]
fn components_and_jars_become_rows_by_coordinates_and_each_statement_is_written_or_named() {
    let purl = |text: &str, hashes: &[(&str, String)]| {
        let hashes: Vec<_> = hashes.iter().map(|(alg, content)| serde_json::json!({ "alg": alg, "content": content })).collect();
        serde_json::json!({ "ref": text, "purl": text, "hashes": hashes })
    };
    let of = |text: &str, digit| purl(text, &[("SHA-1", sha1(digit))]);
    let records = [
        sbom(
            "urn:sbom",
            &serde_json::json!([
                of("pkg:maven/org.b/web@2?type=war", 'B'),
                of("pkg:maven/org.a/core@1.0-%CE%B2", 'a'),
                of("pkg:maven/org.a/parent@1?type=pom", 'c'),
                purl("pkg:maven/org.a/no-digest@1", &[("SHA-256", sha1('0'))]),
                of("pkg:maven/org.a/no-version", 'd'),
                of("pkg:maven/no-group@1", 'e'),
                of("pkg:maven/org.a/caf%E9@1", 'e'),
                of("pkg:maven/org/a/path@1", 'e'),
                of("pkg:maven/org.a/renamed@9", 'a'),
                of("pkg:npm/left-pad@1.3.0", 'f'),
                { "ref": "no purl", "hashes": [{ "alg": "SHA-1", "content": sha1('f') }] },
            ]),
        ),
        jar("org.a:core:1.0", ["org.a", "core", "1.0-β"], None, Some(&sha1('a'))),
        jar("org.a:core:1.0:sources", ["org.a", "core", "1.0"], Some("sources"), Some(&sha1('1'))),
        jar("org.a:unknown:1", ["org.a", "unknown", "1"], None, None),
    ];
    let Built { export, rows, omitted, .. } = build(&records, 1, 1 << 20).unwrap();
    let row = |group: &str, artifact: &str, version: &str, digit| [group.to_owned(), artifact.into(), version.into(), sha1(digit)];
    assert_eq!(rows, [row("org.a", "core", "1.0", '1'), row("org.a", "core", "1.0-β", 'a'), row("org.b", "web", "2", 'b')]);
    assert_eq!((export.contents.artifacts, export.contents.jars, export.contents.written), (2, 3, 4));
    assert_eq!(
        omitted,
        [
            r#"{"id":"org.a:unknown:1","reason":"no-sha1"}"#,
            r#"{"id":"urn:sbom","package":"pkg:maven/no-group@1","reason":"coordinates"}"#,
            r#"{"id":"urn:sbom","package":"pkg:maven/org.a/caf%E9@1","reason":"coordinates"}"#,
            r#"{"id":"urn:sbom","package":"pkg:maven/org.a/no-digest@1","reason":"no-sha1"}"#,
            r#"{"id":"urn:sbom","package":"pkg:maven/org.a/no-version","reason":"no-version"}"#,
            r#"{"id":"urn:sbom","package":"pkg:maven/org.a/parent@1?type=pom","reason":"pom"}"#,
            r#"{"id":"urn:sbom","package":"pkg:maven/org.a/renamed@9","reason":"same-sha1"}"#,
            r#"{"id":"urn:sbom","package":"pkg:maven/org/a/path@1","reason":"coordinates"}"#,
        ]
    );
    assert_eq!(export.contents.omitted.values().sum::<u64>(), 8);
}

#[test]
fn of_coordinates_with_one_digest_those_without_a_classifier_come_first() {
    let digest = sha1('a');
    let given = |artifact, classifier| jar("k", ["org.a", artifact, "1"], classifier, Some(&digest));
    let Built { rows, .. } = build(&[given("a-copy", Some("all")), given("original", None), given("z", None)], 2, 1 << 20).unwrap();
    assert_eq!(rows, [["org.a".to_owned(), "original".into(), "1".into(), digest]]);
}

#[test]
fn what_an_index_states_comes_before_what_a_bill_of_materials_says() {
    let claimed =
        serde_json::json!([{ "ref": "x", "purl": "pkg:maven/aaa/harmless@9", "hashes": [{ "alg": "SHA-1", "content": sha1('a') }] }]);
    let Built { rows, omitted, .. } =
        build(&[sbom("urn:sbom", &claimed), jar("k", ["org.z", "core", "1"], Some("all"), Some(&sha1('a')))], 2, 1 << 20).unwrap();
    assert_eq!(rows, [["org.z".to_owned(), "core".into(), "1".into(), sha1('a')]]);
    assert_eq!(omitted, [r#"{"id":"urn:sbom","package":"pkg:maven/aaa/harmless@9","reason":"same-sha1"}"#]);
}

#[test]
fn what_could_grow_without_end_is_named() {
    let many: Vec<_> = (0..17).map(|at| serde_json::json!({ "alg": "SHA-1", "content": format!("{at:040x}") })).collect();
    let long = format!("pkg:maven/org.a/core@1?x={}", "y".repeat(5_000));
    let components = serde_json::json!([
        { "ref": "a", "purl": "pkg:maven/org.a/many@1", "hashes": many },
        { "ref": "b", "purl": long, "hashes": [{ "alg": "SHA-1", "content": sha1('a') }] },
        { "ref": "c", "purl": "pkg:maven/org.a/ok@1", "hashes": [{ "alg": "SHA-1", "content": sha1('c') }] },
    ]);
    let Built { rows, omitted, .. } = build(&[sbom("urn:sbom", &components)], 1, 1 << 20).unwrap();
    assert_eq!(rows.len(), 1);
    let cut = &long[..512];
    assert_eq!(
        omitted,
        [
            format!(r#"{{"id":"urn:sbom","package":"{cut}","reason":"coordinates"}}"#),
            r#"{"id":"urn:sbom","package":"pkg:maven/org.a/many@1","reason":"many-sha1"}"#.into(),
        ]
    );
}

#[test]
fn order_memory_and_number_of_mappers_change_no_byte() {
    // Every ninth has the digest of another, every eleventh none; classifiers come and go.
    let keyed = |index: u32| {
        let digest = format!("{:08x}", (index - index % 9 / 8).wrapping_mul(2_654_435_761)).repeat(5);
        let artifact = format!("artifact-{}", index / 7);
        let sha1 = (!index.is_multiple_of(11)).then_some(digest.as_str());
        jar("k", ["org.example", &artifact, &format!("1.{}", index % 7)], index.is_multiple_of(5).then_some("all"), sha1)
    };
    let ascending: Vec<_> = (0..20_000).map(keyed).collect();
    let descending: Vec<_> = (0..20_000).rev().map(keyed).collect();
    let one = build(&ascending, 1, 64 << 20).unwrap();
    let three = build(&descending, 3, 100_000).unwrap();
    assert_eq!(one.rows.len() + one.omitted.len(), 20_000);
    assert!(one.omitted.iter().any(|line| line.contains("same-sha1")) && one.omitted.iter().any(|line| line.contains("no-sha1")));
    assert!(one.database == three.database && one.omitted == three.omitted, "the same bytes");
    assert_eq!(one.export.written, three.export.written);
}

#[test]
fn the_schema_is_trivys_word_for_word_and_the_file_has_no_gap() {
    let built = build(&[jar("k", ["org.a", "core", "1"], None, Some(&sha1('a')))], 1, 1 << 20).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("trivy-java.db");
    std::fs::write(&path, built.database).unwrap();
    let db = rusqlite::Connection::open(&path).unwrap();
    let schema: Vec<String> = db
        .prepare("SELECT sql FROM sqlite_schema ORDER BY name")
        .unwrap()
        .query_map([], |row| row.get(0))
        .unwrap()
        .map(Result::unwrap)
        .collect();
    assert_eq!(
        schema,
        [
            "CREATE TABLE artifacts(id INTEGER PRIMARY KEY, group_id TEXT, artifact_id TEXT)",
            "CREATE UNIQUE INDEX artifacts_idx ON artifacts(artifact_id, group_id)",
            "CREATE TABLE indices(artifact_id INTEGER, version TEXT, sha1 BLOB, archive_type TEXT, foreign key (artifact_id) references artifacts(id))",
            "CREATE INDEX indices_artifact_idx ON indices(artifact_id)",
            "CREATE UNIQUE INDEX indices_sha1_idx ON indices(sha1)",
        ]
    );
    let pragma = |name: &str| db.query_row(&format!("PRAGMA {name}"), [], |row| row.get::<_, i64>(0)).unwrap();
    assert_eq!((pragma("page_size"), pragma("freelist_count")), (4096, 0));
}

#[test]
fn hostile_coordinates_are_named_and_damaged_records_refused() {
    let digest = sha1('a');
    let long = "x".repeat(513);
    let records = [
        jar("nul", ["org\u{0}a", "b", "1"], None, Some(&digest)),
        jar("long", ["org.a", &long, "1"], None, Some(&digest)),
        jar("ok", ["g", "a", "1"], None, Some(&digest)),
    ];
    let Built { rows, omitted, .. } = build(&records, 1, 1 << 20).unwrap();
    assert_eq!(rows.len(), 1);
    assert_eq!(omitted, [r#"{"id":"long","reason":"coordinates"}"#, r#"{"id":"nul","reason":"coordinates"}"#]);
    assert!(matches!(build(&records[..2], 1, 1 << 20), Err(JavaDbError::Empty { omitted: 2 })));
    assert!(matches!(build(&[Record::Jar("k", "[]".into())], 1, 1 << 20), Err(JavaDbError::Record(_))));
    assert!(matches!(build(&[Record::Sbom("k", r#"{"components":7}"#.into())], 1, 1 << 20), Err(JavaDbError::Record(_))));
}

#[test]
fn what_is_stopped_fails_and_leaves_no_database() {
    let folder = tempfile::tempdir().unwrap();
    let mut mapper = Mapper::new(folder.path(), 1 << 20);
    mapper.take_jar("k", br#"{"artifact_id":"a","group_id":"g","sha1":"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa","version":"1"}"#).unwrap();
    let stop = Arc::new(AtomicBool::new(true));
    let path = folder.path().join("files");
    assert!(matches!(write_export(vec![mapper], &options(folder.path(), &path, stop)), Err(JavaDbError::Io(_))));
    assert!(!path.exists() && !folder.path().join("trivy-java.db").exists());
}
