use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use bytes::BytesMut;
use postgres_protocol::escape::escape_literal;
use postgres_protocol::message::frontend;

use crate::copy_out::CopyOut;
use crate::error::{PgError, Result};
use crate::handshake::{BackendKey, log_in, send};
use crate::message::MessageReader;
use crate::server::{Server, SslMode};
use crate::socket::Socket;

/// One connection, used by one thread.
pub struct Session {
    pub(crate) reader: MessageReader,
    server: Server,
    key: BackendKey,
}

impl Session {
    /// Connects and logs in. The flag is polled by everything that waits for the server.
    ///
    /// # Errors
    /// `Config` for TLS or an authentication method that is not done, `Unavailable`, `Server`, `Cancelled`.
    pub fn open(server: &Server, stop: &Arc<AtomicBool>) -> Result<Self> {
        if server.ssl_mode == SslMode::Required {
            return Err(PgError::Config("the connection asks for TLS, which the writer does not do: use sslmode=disable".into()));
        }
        let mut reader = MessageReader::new(Socket::connect(server)?, Arc::clone(stop));
        let key = log_in(&mut reader, server)?;
        Ok(Self { reader, server: server.clone(), key })
    }

    /// Binds the session to a tenant for row level security (`app.tenant_id`).
    ///
    /// # Errors
    /// As [`Session::execute`].
    pub fn set_tenant(&mut self, tenant_id: &str) -> Result<()> {
        if tenant_id.contains('\0') {
            return Err(PgError::Config("a tenant id holds a NUL".into()));
        }
        self.execute(&format!("select set_config('app.tenant_id', {}, false)", escape_literal(tenant_id).trim_start()))
    }

    /// Runs a statement and drops its rows.
    ///
    /// # Errors
    /// `Server` with the server's text, `Unavailable`, `Protocol`, `Cancelled`.
    pub fn execute(&mut self, statement: &str) -> Result<()> {
        send(&mut self.reader, |out| frontend::query(statement, out))?;
        let mut failed = None;
        loop {
            let message = self.reader.next()?;
            match message.kind {
                b'E' => failed = Some(PgError::from_response(self.reader.bytes(message.body))),
                b'Z' => return failed.map_or(Ok(()), Err),
                // RowDescription, DataRow, CommandComplete, EmptyQueryResponse, NoticeResponse, ParameterStatus.
                b'T' | b'D' | b'C' | b'I' | b'N' | b'S' => {}
                other => return Err(PgError::protocol(format!("message {:?} after a statement", char::from(other)))),
            }
        }
    }

    /// Starts `COPY (query) TO STDOUT (FORMAT BINARY)`; `query` is the SELECT alone.
    ///
    /// # Errors
    /// `Server` when the statement is refused, and as [`Session::execute`].
    pub fn copy_out(&mut self, query: &str) -> Result<CopyOut<'_>> {
        CopyOut::begin(self, query)
    }

    /// Asks the server to drop what this session runs. Best effort: the connection is closed afterwards anyway.
    pub fn request_cancel(&self) {
        let mut out = BytesMut::new();
        frontend::cancel_request(self.key.process, self.key.secret, &mut out);
        if let Ok(mut socket) = Socket::connect(&self.server) {
            let _ = socket.send(&out);
        }
    }
}
