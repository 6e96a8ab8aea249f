//! What is encrypted is one zstd frame: it is small, comes back whole, is read by whoever reads zstd, and nothing else than such a frame is taken.

#![allow(clippy::unwrap_used)]

use std::fs;
use std::io::{Read, Write, copy, repeat};
use std::path::PathBuf;
use std::sync::atomic::AtomicBool;

use sha2::{Digest, Sha256};
use stella_bundle::{BundleError, Member, Part};
use stella_encryption::{DataKey, DecryptBy, EncryptBy, EncryptionError, Identities, Recipients, Wanted, decrypt, encrypt};
use tempfile::TempDir;
use zstd::stream::raw::CParameter;
use zstd::stream::write::Encoder;

const IDENTITY: &str = "AGE-SECRET-KEY-1GQ9778VQXMMJVE8SK7J6VT8UJ4HDQAJUVSFCWCM02D8GEWQ72PVQ2Y5J33";
const RECIPIENT: &str = "age1t7rxyev2z3rw82stdlrrepyc39nvn86l5078zqkf5uasdy86jp6svpy7pa";
const PATH: &str = "indexes/vex.index.json";
const PACKED: &str = "indexes/vex.index.json.zst";

fn keys() -> [(EncryptBy, DecryptBy, &'static str); 2] {
    let data_key = || DataKey::new(&[7; 32]).unwrap();
    [
        (
            EncryptBy::Recipients(Recipients::parse(&[RECIPIENT]).unwrap()),
            DecryptBy::Identities(Identities::parse(IDENTITY).unwrap()),
            "indexes/vex.index.json.zst.age",
        ),
        (EncryptBy::DataKey(data_key()), DecryptBy::DataKey(data_key()), "indexes/vex.index.json.zst.enc"),
    ]
}

struct Fixture(TempDir);

impl Fixture {
    fn new() -> Self {
        Self(TempDir::new().unwrap())
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    /// Encrypts content as a member of a path, and lays what comes out into a folder, under the path that it has got; gives its length.
    fn seal(&self, (path, content): (&str, &[u8]), by: &EncryptBy, wanted_path: &str) -> usize {
        let sealed = self.try_seal((path, content), by, 3).unwrap();
        assert_eq!(sealed, wanted_path);
        let target = self.path("tree").join(wanted_path);
        fs::create_dir_all(target.parent().unwrap()).unwrap();
        fs::rename(self.path("sealed"), &target).unwrap();
        fs::metadata(target).unwrap().len() as usize
    }

    fn try_seal(&self, (path, content): (&str, &[u8]), by: &EncryptBy, level: i32) -> Result<String, EncryptionError> {
        let source = self.path("source");
        fs::write(&source, content).unwrap();
        let parts = vec![Part { file: source, offset: 0, size_bytes: None }];
        let sha256 = stella_digest::hex(&Sha256::digest(content));
        let member = Member { path: path.into(), size_bytes: content.len() as u64, sha256, parts };
        let sealed = encrypt(&[member], by, level, &self.path("sealed"), &AtomicBool::new(false))?;
        Ok(sealed[0].path.clone())
    }

    fn open(&self, path: &str, by: &DecryptBy, max_bytes: usize) -> Result<Vec<u8>, EncryptionError> {
        let plain = self.path("plain");
        let _old = fs::remove_dir_all(&plain);
        let wanted = [Wanted { path: path.into(), max_bytes: max_bytes as u64 }];
        let told = decrypt(&self.path("tree"), &wanted, by, (&plain, 10), &AtomicBool::new(false))?;
        let content = fs::read(plain.join(path)).unwrap();
        assert_eq!((told[0].size_bytes, &told[0].sha256), (content.len() as u64, &stella_digest::hex(&Sha256::digest(&content))));
        Ok(content)
    }
}

fn text(size: usize) -> Vec<u8> {
    (0..).flat_map(|at: u32| format!("\"GHSA-{:08x}\",\n", at.wrapping_mul(2_654_435_761)).into_bytes()).take(size).collect()
}

fn frame(content: &[u8]) -> Vec<u8> {
    zstd::encode_all(content, 3).unwrap()
}

#[test]
fn content_of_any_size_is_made_smaller_and_comes_back() {
    let fixture = Fixture::new();
    for (encrypt_by, decrypt_by, sealed) in keys() {
        for size in [0, 1, 65_536, 262_144, 262_145, 3_000_000] {
            let content = text(size);
            let bytes = fixture.seal((PATH, &content), &encrypt_by, sealed);
            assert!(bytes < size / 2 + 1000, "{size} bytes are {bytes}");
            assert!(fixture.open(PATH, &decrypt_by, size).unwrap() == content, "{size}");
        }
    }
}

#[test]
fn what_is_encrypted_is_one_frame_with_size_and_checksum() {
    let fixture = Fixture::new();
    for (encrypt_by, decrypt_by, sealed) in keys() {
        let content = text(300_000);
        fixture.seal((PATH, &content), &encrypt_by, sealed);
        // Segments are bound to the path: under another one nothing is opened.
        if matches!(decrypt_by, DecryptBy::DataKey(_)) {
            assert!(matches!(fixture.open(PACKED, &decrypt_by, 300_000), Err(EncryptionError::OtherDataKey { .. })));
            continue;
        }
        let packed = fixture.open(PACKED, &decrypt_by, 300_000).unwrap();
        assert_eq!(zstd::zstd_safe::find_frame_compressed_size(&packed).unwrap(), packed.len());
        assert_eq!(zstd::zstd_safe::get_frame_content_size(&packed).unwrap(), Some(300_000));
        assert_eq!(packed[4] & 4, 4, "it ends with a checksum");
        assert!(zstd::decode_all(&packed[..]).unwrap() == content);
    }
}

#[test]
fn what_is_compressed_by_its_name_is_encrypted_as_it_is() {
    let fixture = Fixture::new();
    for (encrypt_by, decrypt_by, sealed) in keys() {
        for content in [frame(&text(300_000)), text(300_000)] {
            let bytes = fixture.seal((PACKED, &content), &encrypt_by, sealed);
            assert!((content.len()..content.len() + 1000).contains(&bytes));
            assert!(fixture.open(PACKED, &decrypt_by, content.len()).unwrap() == content);
        }
    }
}

#[test]
fn nothing_but_one_frame_is_taken() {
    let (fixture, content) = (Fixture::new(), text(300_000));
    let (one, skippable) = (frame(&content), [&0x184D_2A50_u32.to_le_bytes()[..], &4_u32.to_le_bytes(), b"skip"].concat());
    let mut checked = Encoder::new(Vec::new(), 3).unwrap();
    checked.include_checksum(true).unwrap();
    checked.write_all(&content).unwrap();
    let mut otherwise = checked.finish().unwrap();
    *otherwise.last_mut().unwrap() ^= 1;
    let mut wide = Encoder::new(Vec::new(), 3).unwrap();
    wide.set_parameter(CParameter::WindowLog(24)).unwrap();
    wide.write_all(&content).unwrap();
    let cases: [(&str, Vec<u8>, &str); 12] = [
        ("nothing", vec![], "its zstd frame is cut short"),
        ("the start of a magic number", one[..3].to_vec(), "its zstd frame is cut short"),
        ("a frame that is cut", one[..one.len() - 1].to_vec(), "its zstd frame is cut short"),
        ("a frame and a byte", [&one[..], b"x"].concat(), "something follows its zstd frame"),
        ("two frames", [&one[..], &one].concat(), "something follows its zstd frame"),
        ("two frames, the first of nothing", [&frame(b"")[..], &one].concat(), "something follows its zstd frame"),
        ("a frame and a skippable one", [&one[..], &skippable].concat(), "something follows its zstd frame"),
        ("a skippable frame and another", [&skippable[..], &one].concat(), "what it holds is no zstd frame"),
        ("a skippable frame", skippable.clone(), "what it holds is no zstd frame"),
        ("what is not compressed", content.clone(), "what it holds is no zstd frame"),
        ("a frame of another checksum", otherwise, "its zstd frame cannot be read: "),
        ("a frame of a window of 16 MiB", wide.finish().unwrap(), "its zstd frame cannot be read: "),
    ];
    let [(encrypt_by, decrypt_by, sealed), _] = keys();
    for (what, packed, reason) in cases {
        fixture.seal((PACKED, &packed), &encrypt_by, sealed);
        match fixture.open(PATH, &decrypt_by, 10 * content.len()) {
            Err(EncryptionError::Damaged { path, reason: found }) if path == sealed && found.starts_with(reason) => {}
            other => panic!("{what}: {other:?}"),
        }
    }
    fixture.seal((PACKED, &one), &encrypt_by, sealed);
    assert!(fixture.open(PATH, &decrypt_by, content.len()).unwrap() == content);
}

#[test]
fn a_frame_that_holds_more_than_it_may_is_given_up_before_it_is_written() {
    const LIMIT: usize = 1 << 20;
    let fixture = Fixture::new();
    let mut bomb = Encoder::new(Vec::new(), 3).unwrap();
    copy(&mut repeat(0).take(1 << 27), &mut bomb).unwrap();
    let bomb = bomb.finish().unwrap();
    assert!(bomb.len() < LIMIT / 8);
    let [(encrypt_by, decrypt_by, sealed), _] = keys();
    fixture.seal((PACKED, &bomb), &encrypt_by, sealed);
    let refused = fixture.open(PATH, &decrypt_by, LIMIT).unwrap_err();
    let told = format!("{sealed} cannot be decrypted: it holds more than {LIMIT} bytes, the limit for this file");
    assert!(matches!(&refused, EncryptionError::TooLarge { .. }) && refused.to_string() == told, "{refused}");
    assert!(fs::metadata(fixture.path("plain").join(PATH)).unwrap().len() <= LIMIT as u64);
}

#[test]
fn levels_that_need_larger_windows_are_refused() {
    let fixture = Fixture::new();
    let [(by, ..), _] = keys();
    for level in [0, 20] {
        assert!(matches!(fixture.try_seal((PATH, b"x"), &by, level), Err(EncryptionError::Bundle(BundleError::Option(_)))));
    }
    // At the highest one what is written can still be read.
    let [(encrypt_by, decrypt_by, sealed), _] = keys();
    let content = vec![0; 9 << 20];
    assert_eq!(fixture.try_seal((PATH, &content), &encrypt_by, 19).unwrap(), sealed);
    fs::create_dir_all(fixture.path("tree/indexes")).unwrap();
    fs::rename(fixture.path("sealed"), fixture.path("tree").join(sealed)).unwrap();
    assert!(fixture.open(PATH, &decrypt_by, content.len()).unwrap() == content);
}
