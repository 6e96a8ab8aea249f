/// Whether a version is affected, with the reason as a short sentence for people.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// A list or a range of the advisory holds the version.
    Affected {
        /// Which one.
        reason: String,
    },
    /// Nothing in the advisory holds the version, and all of it could be told.
    NotAffected {
        /// Why not.
        reason: String,
    },
    /// Nothing that could be told holds the version, and something could not be told.
    Unknown {
        /// What could not be told.
        reason: String,
    },
}

impl Verdict {
    /// The reason, whatever the verdict.
    pub fn reason(&self) -> &str {
        match self {
            Self::Affected { reason } | Self::NotAffected { reason } | Self::Unknown { reason } => reason,
        }
    }
}
