//! What is encrypted comes back by each of its recipients, and by nobody else; whatever is altered is found out.

#![allow(clippy::unwrap_used)]

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;

use sha2::{Digest, Sha256};
use stella_bundle::{BundleError, Member, MemberDigest, Part};
use stella_encryption::{DecryptBy, EncryptBy, EncryptionError, Identities, Recipients, Sealed, Wanted, decrypt, encrypt};
use tempfile::TempDir;

const FIRST: (&str, &str) = (
    "AGE-SECRET-KEY-1GQ9778VQXMMJVE8SK7J6VT8UJ4HDQAJUVSFCWCM02D8GEWQ72PVQ2Y5J33",
    "age1t7rxyev2z3rw82stdlrrepyc39nvn86l5078zqkf5uasdy86jp6svpy7pa",
);
const PATH: &str = "advisories/raw/000000.tar.zst";
const LEVEL: i32 = 3;

struct Other {
    secret: String,
    recipient: String,
}

/// A key that no other test has.
fn other() -> Other {
    use age::secrecy::ExposeSecret;
    let identity = age::x25519::Identity::generate();
    Other { secret: identity.to_string().expose_secret().to_owned(), recipient: identity.to_public().to_string() }
}

fn hex(bytes: &[u8]) -> String {
    stella_digest::hex(&Sha256::digest(bytes))
}

struct Fixture {
    folder: TempDir,
}

impl Fixture {
    fn new() -> Self {
        Self { folder: TempDir::new().unwrap() }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// A member whose content lies in two runs of a file that holds more.
    fn member(&self, content: &[u8]) -> Member {
        let file = self.path("source");
        fs::write(&file, [b"before".as_slice(), content, b"after"].concat()).unwrap();
        let (middle, size_bytes) = (content.len() as u64 / 2, content.len() as u64);
        let parts = [(0, middle), (middle, size_bytes)].map(|(from, to)| Part {
            file: file.clone(),
            offset: 6 + from,
            size_bytes: Some(to - from),
        });
        Member { path: PATH.into(), size_bytes, sha256: hex(content), parts: parts.into() }
    }

    /// Encrypts a member, and lays what comes out into a folder as a bundle would be unpacked.
    fn sealed(&self, content: &[u8], recipients: &[&str]) -> Vec<u8> {
        let out = self.path("sealed");
        let by = EncryptBy::Recipients(Recipients::parse(recipients).unwrap());
        let sealed = encrypt(&[self.member(content)], &by, LEVEL, &out, &AtomicBool::new(false)).unwrap();
        let bytes = fs::read(&out).unwrap();
        let size_bytes = bytes.len() as u64;
        assert_eq!(sealed, [Sealed { path: format!("{PATH}.age"), offset: 0, size_bytes, sha256: hex(&bytes) }]);
        self.lay(&bytes);
        bytes
    }

    fn lay(&self, bytes: &[u8]) {
        let target = self.path("tree").join(format!("{PATH}.age"));
        fs::create_dir_all(target.parent().unwrap()).unwrap();
        fs::write(target, bytes).unwrap();
    }

    fn open(&self, secret: &str, max_bytes: u64) -> Result<(Vec<MemberDigest>, Vec<u8>), EncryptionError> {
        let plain = self.path("plain");
        let _old = fs::remove_dir_all(&plain);
        let wanted = [Wanted { path: PATH.into(), max_bytes }];
        let by = DecryptBy::Identities(Identities::parse(secret).unwrap());
        let opened = decrypt(&self.path("tree"), &wanted, &by, (&plain, 10), &AtomicBool::new(false))?;
        Ok((opened, fs::read(plain.join(PATH)).unwrap()))
    }
}

fn content(size: usize) -> Vec<u8> {
    (0..size).map(|at| (at % 251) as u8).collect()
}

#[test]
fn content_of_any_size_comes_back_by_each_of_its_recipients() {
    let (fixture, second) = (Fixture::new(), other());
    for size in [0, 1, 65_535, 65_536, 65_537, 131_072, 700_000] {
        let plain = content(size);
        let first_time = fixture.sealed(&plain, &[FIRST.1, &second.recipient]);
        for secret in [FIRST.0, &second.secret] {
            let (opened, found) = fixture.open(secret, size as u64).unwrap();
            assert_eq!(opened, [MemberDigest { path: PATH.into(), size_bytes: size as u64, sha256: hex(&plain), lines: None }]);
            assert_eq!(found, plain);
        }
        assert_ne!(fixture.sealed(&plain, &[FIRST.1, &second.recipient]), first_time, "each time has a key of its own");
    }
}

#[test]
fn nobody_else_opens_it() {
    let fixture = Fixture::new();
    fixture.sealed(&content(100), &[FIRST.1]);
    let refused = fixture.open(&other().secret, 100).unwrap_err();
    assert!(matches!(&refused, EncryptionError::Locked { path } if path == &format!("{PATH}.age")), "{refused}");
    assert!(!fixture.path("plain").join(PATH).exists());
}

#[test]
fn whatever_byte_is_altered_or_cut_is_found_out() {
    let fixture = Fixture::new();
    let sealed = fixture.sealed(&content(70_000), &[FIRST.1]);
    for at in (0..sealed.len()).step_by(97).chain([sealed.len() - 1]) {
        let mut altered = sealed.clone();
        altered[at] ^= 1;
        fixture.lay(&altered);
        let refused = fixture.open(FIRST.0, 70_000).unwrap_err();
        assert!(matches!(refused, EncryptionError::Damaged { .. } | EncryptionError::Locked { .. }), "{at}: {refused}");
    }
    for length in [0, 10, 200, 65_800, sealed.len() - 1] {
        fixture.lay(&sealed[..length]);
        assert!(matches!(fixture.open(FIRST.0, 70_000).unwrap_err(), EncryptionError::Damaged { .. }), "cut at {length}");
    }
    fixture.lay(&[sealed.as_slice(), b"x"].concat());
    assert!(matches!(fixture.open(FIRST.0, 70_000).unwrap_err(), EncryptionError::Damaged { .. }));
}

#[test]
fn more_than_was_stated_is_refused() {
    let fixture = Fixture::new();
    fixture.sealed(&content(300_000), &[FIRST.1]);
    let refused = fixture.open(FIRST.0, 299_999).unwrap_err();
    assert!(matches!(refused, EncryptionError::TooLarge { max_bytes: 299_999, .. }), "{refused}");
}

#[test]
fn a_source_that_is_not_as_stated_is_refused() {
    let fixture = Fixture::new();
    let sound = fixture.member(&content(1000));
    let (mut short, mut long, mut altered) = (sound.clone(), sound.clone(), sound.clone());
    short.size_bytes = 1001;
    long.size_bytes = 999;
    altered.sha256 = hex(b"another");
    let mut cut = sound;
    cut.parts[1].size_bytes = Some(10_000);
    cut.size_bytes = 10_500;
    let recipients = EncryptBy::Recipients(Recipients::parse(&[FIRST.1]).unwrap());
    let refusal = |member| match encrypt(&[member], &recipients, LEVEL, &fixture.path("out"), &AtomicBool::new(false)) {
        Err(EncryptionError::Bundle(error)) => error,
        other => panic!("{other:?}"),
    };
    assert!(matches!(refusal(short), BundleError::Short { read_bytes: 1000, size_bytes: 1001, .. }));
    assert!(matches!(refusal(long), BundleError::Long { size_bytes: 999, .. }));
    assert!(matches!(refusal(altered), BundleError::Altered { .. }));
    assert!(matches!(refusal(cut), BundleError::Short { .. }));
}

#[test]
fn paths_out_of_the_folder_and_absent_members_are_refused() {
    let fixture = Fixture::new();
    fixture.sealed(&content(10), &[FIRST.1]);
    let refusal = |path: &str| {
        let wanted = [Wanted { path: path.into(), max_bytes: 10 }];
        let by = DecryptBy::Identities(Identities::parse(FIRST.0).unwrap());
        let place: &Path = &fixture.path("tree");
        decrypt(place, &wanted, &by, (&fixture.path("plain"), 10), &AtomicBool::new(false)).unwrap_err()
    };
    for path in ["../a", "/a", "a/", ""] {
        assert!(matches!(refusal(path), EncryptionError::Bundle(BundleError::Path { .. })), "{path}");
    }
    assert!(matches!(refusal("a.zst"), EncryptionError::Bundle(BundleError::Absent { .. })));
}

#[test]
fn both_stop_when_they_are_told_to() {
    let (fixture, raised) = (Fixture::new(), AtomicBool::new(true));
    fixture.sealed(&content(10), &[FIRST.1]);
    let recipients = EncryptBy::Recipients(Recipients::parse(&[FIRST.1]).unwrap());
    let stopped = encrypt(&[fixture.member(b"abc")], &recipients, LEVEL, &fixture.path("out"), &raised).unwrap_err();
    assert!(matches!(stopped, EncryptionError::Bundle(BundleError::Cancelled)));
    let wanted = [Wanted { path: PATH.into(), max_bytes: 10 }];
    let by = DecryptBy::Identities(Identities::parse(FIRST.0).unwrap());
    let stopped = decrypt(&fixture.path("tree"), &wanted, &by, (&fixture.path("plain"), 10), &raised).unwrap_err();
    assert!(matches!(stopped, EncryptionError::Bundle(BundleError::Cancelled)));
}
