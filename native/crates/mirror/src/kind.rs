/// Kinds of record that a mirror holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// OSV advisories.
    Advisory,
    /// OpenVEX statements.
    Vex,
    /// Graphs of bills of materials.
    Sbom,
}

impl Kind {
    /// All of them, in the order in which a mirror has them.
    pub const ALL: [Self; 3] = [Self::Advisory, Self::Vex, Self::Sbom];

    /// Its name in the ledger.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Advisory => "advisory",
            Self::Vex => "vex",
            Self::Sbom => "sbom",
        }
    }

    /// The kind of this name.
    #[must_use]
    pub fn of_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name() == name)
    }

    /// Path of the records of a group.
    #[must_use]
    pub fn records_path(self, group: u32) -> String {
        let folder = match self {
            Self::Advisory => "advisories/normalized",
            Self::Vex => "vex/normalized",
            Self::Sbom => "sboms/graph",
        };
        format!("{folder}/{group:06}.jsonl.zst")
    }

    /// Path of the documents of a group.
    #[must_use]
    pub fn documents_path(self, group: u32) -> String {
        format!("{}/raw/{group:06}.tar.zst", self.folder())
    }

    /// Path of the list of records that a delta brings and that were not there before.
    #[must_use]
    pub fn added_path(self) -> String {
        format!("{}/added.jsonl", self.folder())
    }

    /// Path of the list of records that a delta takes away.
    #[must_use]
    pub fn removed_path(self) -> String {
        format!("{}/removed.jsonl", self.folder())
    }

    /// Path of the index.
    #[must_use]
    pub fn index_path(self) -> &'static str {
        match self {
            Self::Advisory => "indexes/advisories.index.json",
            Self::Vex => "indexes/vex.index.json",
            Self::Sbom => "indexes/sbom.index.json",
        }
    }

    /// Names of the sections of the index by which records are looked up.
    #[must_use]
    pub(crate) fn sections(self) -> &'static [&'static str] {
        match self {
            Self::Advisory => &["aliases", "packages"],
            Self::Vex => &["products", "vulnerabilities"],
            Self::Sbom => &["components", "subjects"],
        }
    }

    /// Its name in a manifest, in the plural.
    pub(crate) fn group(self) -> &'static str {
        self.folder()
    }

    /// Its name for people.
    pub(crate) fn title(self) -> &'static str {
        match self {
            Self::Advisory => "Advisories",
            Self::Vex => "VEX statements",
            Self::Sbom => "SBOMs",
        }
    }

    fn folder(self) -> &'static str {
        match self {
            Self::Advisory => "advisories",
            Self::Vex => "vex",
            Self::Sbom => "sboms",
        }
    }
}
