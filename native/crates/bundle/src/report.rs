/// What is found wrong, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// The member that the damaged bytes belong to; `None`: the container itself, or a member that can no longer be told.
    pub path: Option<String>,
    /// What is wrong, for people.
    pub reason: String,
}

/// A member whose content could be read to its end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MemberDigest {
    /// Path with `/` between segments.
    pub path: String,
    /// Length of the content.
    pub size_bytes: u64,
    /// SHA-256 of the content, 64 lower-case hexadecimal characters.
    pub sha256: String,
    /// Lines inside of a sound `.jsonl.zst`; `None` for all others.
    pub lines: Option<u64>,
}

/// What a bundle or a folder holds, and what is wrong with it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ScanReport {
    /// The one time of all members of a bundle, seconds since 1970; `None` for a folder, and where nothing says it.
    pub mtime: Option<u64>,
    /// In the order of the bytes of their paths.
    pub members: Vec<MemberDigest>,
    /// Empty for a sound bundle.
    pub faults: Vec<Fault>,
}

/// Bounds on what hostile input can make a scan read, unpack or remember.
#[derive(Debug, Clone, Copy)]
pub struct ScanLimits {
    /// Most members.
    pub max_members: u64,
    /// Largest member.
    pub max_member_bytes: u64,
    /// All members together; and once more, all lines unpacked from `.jsonl.zst` members together.
    pub max_total_bytes: u64,
    /// Longest line of a `.jsonl.zst`.
    pub max_line_bytes: u64,
    /// Most faults that are listed.
    pub max_faults: usize,
}

/// Gathers faults up to the limit; the last place says that there are more.
pub struct FaultList {
    faults: Vec<Fault>,
    most: usize,
}

impl FaultList {
    pub fn new(most: usize) -> Self {
        Self { faults: Vec::new(), most: most.max(1) }
    }

    pub fn add(&mut self, path: Option<&str>, reason: impl Into<String>) {
        if self.faults.len() < self.most {
            self.faults.push(Fault { path: path.map(str::to_owned), reason: reason.into() });
        } else if let Some(last) = self.faults.last_mut() {
            *last = Fault { path: None, reason: format!("more than {} faults; the rest is not listed", self.most - 1) };
        }
    }

    /// Whether a listed fault names this member; true too when the list is full.
    pub fn names(&self, path: &str) -> bool {
        self.faults.len() >= self.most || self.faults.iter().any(|fault| fault.path.as_deref() == Some(path))
    }

    pub fn into_vec(self) -> Vec<Fault> {
        self.faults
    }
}
