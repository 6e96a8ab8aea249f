use std::path::PathBuf;
use std::sync::Arc;

use stella_evidence::Kind;
use stella_projection::Projection;

use crate::archive_limits::ArchiveLimits;

/// What exports take of a record, by its kind; a kind without is not checked.
#[derive(Debug, Clone, Default)]
pub struct Mappings {
    /// Of advisories.
    pub advisory: Option<Arc<Projection>>,
    /// Of VEX statements.
    pub vex: Option<Arc<Projection>>,
}

impl Mappings {
    pub(crate) fn of(&self, kind: Kind) -> Option<&Projection> {
        match kind {
            Kind::Advisory => self.advisory.as_deref(),
            Kind::Vex => self.vex.as_deref(),
            Kind::Sbom | Kind::Jar => None,
        }
    }
}

/// How files are read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// By what they hold.
    Auto,
    /// As rows of an index of a Maven repository.
    MavenIndex,
}

/// What to take in, and its bounds.
#[derive(Debug, Clone)]
pub struct IntakeOptions {
    /// The spooled upload.
    pub path: PathBuf,
    /// Name of the upload in sources and refusals, where it is no archive and has no URI.
    pub source_name: String,
    /// Where the upload came from, if that is known.
    pub source_uri: Option<String>,
    /// How its files are read.
    pub format: Format,
    /// Bytes of one document; also of one line, and of the canonical form of one record.
    pub max_document_bytes: usize,
    /// Containers within containers in one document.
    pub max_depth: usize,
    /// Bounds on archives and compressed data.
    pub archives: ArchiveLimits,
    /// Refused entries; one more fails the intake.
    pub max_refused: usize,
    /// Paths of what is not held that the summary names.
    pub max_not_held: usize,
    /// What exports take: records that they do not are named in the summary.
    pub mappings: Mappings,
    /// Threads that read documents, 1 to 64.
    pub threads: usize,
}
