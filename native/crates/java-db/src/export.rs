use stella_artifact::{Export, ExportOptions, Kind, export};

use crate::check::check_database;
use crate::database::{Contents, write_database};
use crate::error::JavaDbError;
use crate::mapper::Mapper;

/// Trivy's index of JARs (trivy `pkg/javadb/client.go`).
const DATABASE: Kind = Kind {
    bundle: "trivy/java-db.bundle",
    database: "trivy-java.db",
    media_type: "application/vnd.aquasec.trivy.javadb.layer.v1.tar+gzip",
    title: "javadb.tar.gz",
    tag: "1",
};

/// Writes the database of what the mappers took, and packs it while it is checked, with a line of JSON (RFC 8785) for each statement that has
/// no place in it.
///
/// # Errors
/// `Empty` unless `allow_empty` · `Unsound`, `Sqlite`, `Io`; one of the last two where it is stopped
pub fn write_export(mappers: Vec<Mapper>, options: &ExportOptions) -> Result<Export<Contents>, JavaDbError> {
    let memory_bytes = mappers.iter().map(|mapper| mapper.memory_bytes).sum();
    export(
        &DATABASE,
        options,
        |database, omitted| write_database(mappers, database, options, omitted),
        |database, contents| check_database(database, contents, (memory_bytes, &options.stop)),
    )
}
