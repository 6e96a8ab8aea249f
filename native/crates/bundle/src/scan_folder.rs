use std::collections::BTreeMap;
use std::fs::{self, File, FileType};
use std::io::{self, Read};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use sha2::{Digest, Sha256};

use crate::error::{BundleError, poll};
use crate::line_thread::{self, LineThread};
use crate::member_path;
use crate::report::{FaultList, MemberDigest, ScanLimits, ScanReport};
use crate::scan::add_lines;

const BLOCK_BYTES: u64 = 1024 * 1024;

/// Reads a folder as the bundle that was unpacked into it: regular files, sorted by the bytes of their paths.
///
/// Links, devices and names that no bundle can hold are faults, and are neither followed nor read. Empty folders are nothing.
///
/// # Errors
/// [`BundleError::Io`], [`BundleError::Cancelled`]
pub fn scan_folder(root: &Path, limits: &ScanLimits, cancel: &Arc<AtomicBool>) -> Result<ScanReport, BundleError> {
    let mut faults = FaultList::new(limits.max_faults);
    let mut scan =
        FolderScan { root, limits, cancel, budget: limits.max_total_bytes, lines: LineThread::start(*limits, Arc::clone(cancel)) };
    let mut members = BTreeMap::new();
    for (at, (path, refusal)) in list(root, limits, &mut faults, cancel)?.into_iter().enumerate() {
        let outcome = if let Some(reason) = refusal { Err(reason) } else { scan.member(&path, at)? };
        match outcome {
            Ok(member) => drop(members.insert(at, member)),
            Err(reason) => faults.add(Some(&path), reason),
        }
    }
    add_lines(&mut members, scan.lines.finish(), &mut faults);
    poll(cancel)?;
    Ok(ScanReport { mtime: None, members: members.into_values().collect(), faults: faults.into_vec() })
}

/// All that is no folder, sorted by path: relative to `root`, and why it cannot be a member.
type Listed = (String, Option<String>);

fn list(root: &Path, limits: &ScanLimits, faults: &mut FaultList, cancel: &AtomicBool) -> Result<Vec<Listed>, BundleError> {
    let mut listed = Vec::new();
    let mut folders = vec![String::new()];
    'folders: while let Some(folder) = folders.pop() {
        let place = root.join(&folder);
        for entry in fs::read_dir(&place).map_err(BundleError::reading(&place))? {
            poll(cancel)?;
            let entry = entry.map_err(BundleError::reading(&place))?;
            let kind = entry.file_type().map_err(BundleError::reading(&entry.path()))?;
            let name = entry.file_name();
            let path = if folder.is_empty() { name.to_string_lossy().into_owned() } else { format!("{folder}/{}", name.to_string_lossy()) };
            let refusal = refusal(name.to_str(), &path, kind);
            if refusal.is_none() && kind.is_dir() {
                folders.push(path);
            } else if listed.len() as u64 >= limits.max_members {
                faults.add(None, format!("the folder holds more than {} files", limits.max_members));
                break 'folders;
            } else {
                listed.push((path, refusal));
            }
        }
    }
    listed.sort_unstable();
    Ok(listed)
}

fn refusal(name: Option<&str>, path: &str, kind: FileType) -> Option<String> {
    if name.is_none() {
        return Some("its name is not UTF-8".into());
    }
    if let Err(reason) = member_path::check(path) {
        return Some(format!("its path cannot stand in a bundle: {reason}"));
    }
    if kind.is_symlink() {
        return Some("it is a symbolic link".into());
    }
    (!kind.is_file() && !kind.is_dir()).then(|| "it is not a regular file".into())
}

struct FolderScan<'a> {
    root: &'a Path,
    limits: &'a ScanLimits,
    cancel: &'a AtomicBool,
    budget: u64,
    lines: LineThread,
}

impl FolderScan<'_> {
    /// Hashes the file that becomes member number `at`, or says why it is refused.
    fn member(&mut self, path: &str, at: usize) -> Result<Result<MemberDigest, String>, BundleError> {
        let place = self.root.join(path);
        let mut file = File::open(&place).map_err(BundleError::reading(&place))?;
        let counted = path.ends_with(line_thread::SUFFIX);
        let mut content = Sha256::new();
        let mut size_bytes = 0;
        loop {
            poll(self.cancel)?;
            let block = Arc::new(read_block(&mut file).map_err(BundleError::reading(&place))?);
            if block.is_empty() {
                break;
            }
            size_bytes += block.len() as u64;
            if let Err(reason) = self.spend(block.len() as u64, size_bytes) {
                return Ok(Err(reason));
            }
            content.update(&block[..]);
            if counted {
                self.lines.piece(at, Arc::clone(&block), 0..block.len());
            }
        }
        if counted {
            self.lines.end(at);
        }
        Ok(Ok(MemberDigest { path: path.to_owned(), size_bytes, sha256: stella_digest::hex(&content.finalize()), lines: None }))
    }

    fn spend(&mut self, block_bytes: u64, size_bytes: u64) -> Result<(), String> {
        let ScanLimits { max_member_bytes, max_total_bytes, .. } = self.limits;
        if size_bytes > *max_member_bytes {
            return Err(format!("it holds more than {max_member_bytes} bytes"));
        }
        let rest = self.budget.checked_sub(block_bytes);
        self.budget = rest.ok_or_else(|| format!("with it, the files hold more than {max_total_bytes} bytes"))?;
        Ok(())
    }
}

fn read_block(file: &mut File) -> io::Result<Vec<u8>> {
    let mut block = Vec::with_capacity(BLOCK_BYTES as usize);
    file.take(BLOCK_BYTES).read_to_end(&mut block)?;
    Ok(block)
}
