use std::fs::File;
use std::io::BufWriter;

use stella_artifact::{Export, ExportOptions, Kind, Stoppable, export};

use crate::check::check_database;
use crate::database::{Contents, write_database};
use crate::error::TrivyError;
use crate::mapper::Mapper;

const BUFFER_BYTES: usize = 1 << 20;
/// Trivy's vulnerability database (trivy `pkg/db/db.go`).
const DATABASE: Kind = Kind {
    bundle: "trivy/db.bundle",
    database: "trivy.db",
    media_type: "application/vnd.aquasec.trivy.db.layer.v1.tar+gzip",
    title: "db.tar.gz",
    tag: "2",
};

/// Writes the database of what the mappers took, and packs it while it is checked, with a line of JSON (RFC 8785) for each statement that has
/// no place in it.
///
/// # Errors
/// As `write_database` and `check_database`; `Io` where it is stopped
pub fn write_export(mappers: Vec<Mapper>, options: &ExportOptions) -> Result<Export<Contents>, TrivyError> {
    export(
        &DATABASE,
        options,
        |database, omitted| {
            let file = BufWriter::with_capacity(BUFFER_BYTES, Stoppable::new(File::create(database)?, &options.stop));
            let (_, contents) = write_database(mappers, file, options.allow_empty, |line| Ok(omitted.push(line)?))?;
            Ok(contents)
        },
        |database, contents| check_database(Stoppable::new(File::open(database)?, &options.stop), contents),
    )
}
