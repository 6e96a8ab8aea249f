use std::io::{self, ErrorKind, Read, Write};
use std::net::{TcpStream, ToSocketAddrs};
use std::os::unix::net::UnixStream;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use crate::error::{PgError, Result};
use crate::server::Server;

/// Bytes asked of the socket at a time, and the buffer of a session while no message is longer.
pub const READ_BYTES: usize = 1024 * 1024;

/// How long a silent server can delay a cancellation.
const POLL: Duration = Duration::from_millis(50);
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

pub(crate) enum Socket {
    Unix(UnixStream),
    Tcp(TcpStream),
}

impl Socket {
    pub(crate) fn connect(server: &Server) -> Result<Self> {
        let socket = if server.host.starts_with('/') {
            let path = format!("{}/.s.PGSQL.{}", server.host.trim_end_matches('/'), server.port);
            Self::Unix(UnixStream::connect(&path).map_err(|error| PgError::Unavailable(format!("{path}: {error}")))?)
        } else {
            Self::Tcp(connect_tcp(&server.host, server.port)?)
        };
        socket.prepare().map_err(|error| PgError::lost(&error))?;
        Ok(socket)
    }

    fn prepare(&self) -> io::Result<()> {
        match self {
            Self::Unix(stream) => stream.set_read_timeout(Some(POLL)),
            Self::Tcp(stream) => stream.set_nodelay(true).and_then(|()| stream.set_read_timeout(Some(POLL))),
        }
    }

    /// One read of at least one byte. Waits in slices so that the stop flag is seen.
    pub(crate) fn read_some(&mut self, into: &mut [u8], stop: &Arc<AtomicBool>) -> Result<usize> {
        loop {
            if stop.load(Ordering::Relaxed) {
                return Err(PgError::Cancelled);
            }
            let read = match self {
                Self::Unix(stream) => stream.read(into),
                Self::Tcp(stream) => stream.read(into),
            };
            match read {
                Ok(0) => return Err(PgError::Unavailable("the server closed the connection".into())),
                Ok(read) => return Ok(read),
                Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut | ErrorKind::Interrupted) => {}
                Err(error) => return Err(PgError::lost(&error)),
            }
        }
    }

    pub(crate) fn send(&mut self, bytes: &[u8]) -> Result<()> {
        let sent = match self {
            Self::Unix(stream) => stream.write_all(bytes),
            Self::Tcp(stream) => stream.write_all(bytes),
        };
        sent.map_err(|error| PgError::lost(&error))
    }
}

fn connect_tcp(host: &str, port: u16) -> Result<TcpStream> {
    let unreachable = |error: io::Error| PgError::Unavailable(format!("{host}:{port}: {error}"));
    let mut last = io::Error::new(ErrorKind::NotFound, "no address");
    for address in (host, port).to_socket_addrs().map_err(unreachable)? {
        match TcpStream::connect_timeout(&address, CONNECT_TIMEOUT) {
            Ok(stream) => return Ok(stream),
            Err(error) => last = error,
        }
    }
    Err(unreachable(last))
}
