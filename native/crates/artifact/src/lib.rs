//! The files of an exported database, one behind the other in one file: the database in an archive that its scanner unpacks, the list of
//! what was left out, and where it is asked for an OCI image layout of the same. Equal databases give equal bytes, whatever the threads.

mod gzip;
mod oci;
mod omitted;
mod parts;
mod stoppable;
mod write;

pub use omitted::OmittedLines;
pub use parts::Part;
pub use stoppable::{Stoppable, go_on};
pub use write::{ArtifactOptions, GZIP, Kind, OciOptions, Sources, Written, write_artifact};
