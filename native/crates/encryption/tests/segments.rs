//! Segments of AES-256-GCM: what is encrypted by a data key comes back by it alone, under its own name, whole or not at all.

#![allow(clippy::unwrap_used)]

use std::fs;
use std::path::Path;
use std::sync::atomic::AtomicBool;

use sha2::{Digest, Sha256};
use stella_bundle::{Member, Part};
use stella_encryption::{DataKey, DecryptBy, EncryptBy, EncryptionError, Wanted, decrypt, encrypt};
use tempfile::TempDir;

const PATH: &str = "vex/raw/000000.tar.zst";
const SEGMENT: usize = 1 << 20;
const FIRST: usize = SEGMENT - 40 - 16;
const KEY: [u8; 32] = [7; 32];

fn hex(bytes: &[u8]) -> String {
    stella_digest::hex(&Sha256::digest(bytes))
}

fn sealed(folder: &Path, content: &[u8]) -> Vec<u8> {
    let source = folder.join("source");
    fs::write(&source, content).unwrap();
    let parts = vec![Part { file: source, offset: 0, size_bytes: None }];
    let member = Member { path: PATH.into(), size_bytes: content.len() as u64, sha256: hex(content), parts };
    let out = folder.join("sealed");
    let by = EncryptBy::DataKey(DataKey::new(&KEY).unwrap());
    let told = encrypt(&[member], &by, 3, &out, &AtomicBool::new(false)).unwrap();
    let bytes = fs::read(&out).unwrap();
    assert_eq!(
        (told[0].path.as_str(), told[0].size_bytes, &told[0].sha256),
        ("vex/raw/000000.tar.zst.enc", bytes.len() as u64, &hex(&bytes))
    );
    bytes
}

/// Decrypts bytes that lie under a path.
fn opened(folder: &Path, (path, bytes): (&str, &[u8]), key: [u8; 32], max_bytes: usize) -> Result<Vec<u8>, EncryptionError> {
    let (tree, plain) = (folder.join("tree"), folder.join("plain"));
    let _old = fs::remove_dir_all(&plain);
    let target = tree.join(format!("{path}.enc"));
    fs::create_dir_all(target.parent().unwrap()).unwrap();
    fs::write(&target, bytes).unwrap();
    let wanted = [Wanted { path: path.into(), max_bytes: max_bytes as u64 }];
    let by = DecryptBy::DataKey(DataKey::new(&key).unwrap());
    let told = decrypt(&tree, &wanted, &by, (&plain, 10), &AtomicBool::new(false))?;
    let content = fs::read(plain.join(path)).unwrap();
    assert_eq!((told[0].size_bytes, &told[0].sha256), (content.len() as u64, &hex(&content)));
    Ok(content)
}

#[test]
fn what_is_encrypted_comes_back_whatever_its_length_is() {
    let folder = TempDir::new().unwrap();
    for size in [0, 1, FIRST, FIRST + 1, FIRST + SEGMENT - 16, FIRST + SEGMENT - 15] {
        let content: Vec<u8> = (0..size).map(|at| (at % 251) as u8).collect();
        let bytes = sealed(folder.path(), &content);
        // Header, and a tag a segment; a last segment is never empty but of an empty file.
        let segments = 1 + size.saturating_sub(FIRST).div_ceil(SEGMENT - 16);
        assert_eq!(bytes.len(), 40 + size + 16 * segments, "{size}");
        assert!(opened(folder.path(), (PATH, &bytes), KEY, size).unwrap() == content, "{size}");
    }
}

#[test]
fn nothing_else_comes_back() {
    let folder = TempDir::new().unwrap();
    let content = vec![42; SEGMENT + FIRST];
    let bytes = sealed(folder.path(), &content);
    let refused = |path: &str, bytes: &[u8], key| match opened(folder.path(), (path, bytes), key, content.len()) {
        Err(error @ (EncryptionError::OtherDataKey { .. } | EncryptionError::Damaged { .. })) => {
            error.to_string().split_once(": ").unwrap().1.to_owned()
        }
        other => panic!("{other:?}"),
    };
    let reason = "the data key is another one, or its bytes were altered or cut";
    assert_eq!(refused(PATH, &bytes, [8; 32]), reason);
    assert_eq!(refused("sboms/raw/000000.tar.zst", &bytes, KEY), reason);
    for at in [1, 33, 40, SEGMENT, bytes.len() - 1] {
        let mut altered = bytes.clone();
        altered[at] ^= 1;
        assert_eq!(refused(PATH, &altered, KEY), reason, "byte {at}");
    }
    // Cut at a segment's end and elsewhere, gone on with, and with segments exchanged.
    for kept in [41, 56, SEGMENT, bytes.len() - 1] {
        assert_eq!(refused(PATH, &bytes[..kept], KEY), reason, "{kept} bytes");
    }
    assert_eq!(refused(PATH, &[&bytes[..], b"x"].concat(), KEY), reason);
    let exchanged = [&bytes[..SEGMENT], &bytes[2 * SEGMENT..], &bytes[SEGMENT..2 * SEGMENT]].concat();
    assert_eq!(refused(PATH, &exchanged, KEY), reason);
    for header in [&b""[..], &bytes[..39], &[&[41], &bytes[1..]].concat()] {
        assert_eq!(refused(PATH, header, KEY), "it is shorter than its header, or has another");
    }
}

#[test]
fn a_plaintext_that_is_longer_than_stated_is_refused() {
    let folder = TempDir::new().unwrap();
    let bytes = sealed(folder.path(), &[1; 100]);
    assert!(matches!(opened(folder.path(), (PATH, &bytes), KEY, 99), Err(EncryptionError::TooLarge { max_bytes: 99, .. })));
}

#[test]
fn two_files_of_the_same_content_have_no_segment_in_common() {
    let folder = TempDir::new().unwrap();
    let [one, other] = [(); 2].map(|()| sealed(folder.path(), &[1; 100]));
    assert_ne!(one[1..40], other[1..40]);
    assert_ne!(one[40..], other[40..]);
}

#[test]
fn a_data_key_has_32_bytes() {
    assert_eq!(DataKey::new(&[1; 31]).unwrap_err().to_string(), "a data key has 32 bytes, this one 31");
    assert_eq!(format!("{:?}", DataKey::new(&KEY).unwrap()), "DataKey");
}
