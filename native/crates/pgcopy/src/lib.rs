//! `COPY (SELECT …) TO STDOUT (FORMAT BINARY)` from PostgreSQL, protocol 3.0, in 1 MiB reads and without a copy per field.
//!
//! No TLS: the writer reads over a unix socket or a private network; a server that insists on TLS is refused with a reason.
//! Source: PostgreSQL documentation, chapters "Frontend/Backend Protocol" and "COPY", section "Binary Format".

mod copy_out;
mod error;
mod handshake;
mod message;
mod server;
mod session;
mod socket;

pub use copy_out::CopyOut;
pub use error::{PgError, Result};
pub use server::{Server, SslMode};
pub use session::Session;
pub use socket::READ_BYTES;
