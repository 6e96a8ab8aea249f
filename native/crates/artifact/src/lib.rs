//! The files of an exported database, one behind the other in one file: the database in an archive that its scanner unpacks, the list of
//! what was left out, and where it is asked for an OCI image layout of the same. Equal databases give equal bytes, whatever the threads.

mod export;
mod gzip;
mod oci;
mod omitted;
mod parts;
mod stoppable;
mod write;

pub use export::{Export, ExportOptions, OciOptions, export};
pub use omitted::OmittedLines;
pub use parts::Part;
pub use stoppable::{Stoppable, go_on};
pub use write::{GZIP, Kind, Written};
