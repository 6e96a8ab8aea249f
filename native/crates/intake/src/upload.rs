use std::fmt;
use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::path::Path;
use std::sync::Arc;

use crate::budget::Budget;

/// An upload that could not be read, told apart from content that is damaged.
#[derive(Debug)]
pub(crate) struct UploadFault(io::Error);

impl fmt::Display for UploadFault {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(out)
    }
}

impl std::error::Error for UploadFault {}

/// The upload, whose reading ends once the intake is cancelled, however much is only passed over.
pub(crate) struct Upload {
    file: File,
    budget: Arc<Budget>,
}

impl Upload {
    pub(crate) fn new(file: File, budget: Arc<Budget>) -> Self {
        Self { file, budget }
    }

    pub(crate) fn open(path: &Path, budget: Arc<Budget>) -> io::Result<Self> {
        Ok(Self::new(File::open(path).map_err(fault)?, budget))
    }
}

impl Read for Upload {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.budget.is_cancelled() {
            return Err(fault(io::Error::other("cancelled")));
        }
        self.file.read(buffer).map_err(fault)
    }
}

impl Seek for Upload {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        self.file.seek(to).map_err(fault)
    }
}

fn fault(error: io::Error) -> io::Error {
    io::Error::new(error.kind(), UploadFault(error))
}
