use std::io;

/// Outcome of everything that talks to the server.
pub type Result<T> = std::result::Result<T, PgError>;

/// Why a session could not be opened, or a copy not be finished.
#[derive(Debug, thiserror::Error)]
pub enum PgError {
    /// The stop flag was raised.
    #[error("cancelled")]
    Cancelled,
    /// The settings ask for what this client does not do (TLS, an authentication method).
    #[error("{0}")]
    Config(String),
    /// The server cannot be reached, went away, or is shutting down. Trying again later may help.
    #[error("cannot reach the database: {0}")]
    Unavailable(String),
    /// The server answered a statement with an error.
    #[error("the database refused: {message} (SQLSTATE {sqlstate})")]
    Server {
        /// Five characters, see appendix A of the PostgreSQL documentation.
        sqlstate: String,
        /// The server's own text, with its detail where it gave one.
        message: String,
    },
    /// The server's bytes are not the protocol, or the copy came out short.
    #[error("the database broke its protocol: {0}")]
    Protocol(String),
}

impl PgError {
    pub(crate) fn lost(error: &io::Error) -> Self {
        Self::Unavailable(error.to_string())
    }

    pub(crate) fn protocol(what: impl Into<String>) -> Self {
        Self::Protocol(what.into())
    }

    /// Reads the fields of an `ErrorResponse`: `S` severity, `C` SQLSTATE, `M` message, `D` detail.
    pub(crate) fn from_response(body: &[u8]) -> Self {
        let (mut sqlstate, mut message, mut detail) = (String::new(), String::new(), String::new());
        for field in body.split(|byte| *byte == 0) {
            let Some((kind, text)) = field.split_first() else { continue };
            let text = || String::from_utf8_lossy(text).into_owned();
            match kind {
                b'C' => sqlstate = text(),
                b'M' => message = text(),
                b'D' => detail = text(),
                _ => {}
            }
        }
        if !detail.is_empty() {
            message = format!("{message}: {detail}");
        }
        // 57P0x: shutdown, crash, starting up; 08: connection; 53300: too many connections.
        let passing = sqlstate.starts_with("57P0") || sqlstate.starts_with("08") || sqlstate == "53300";
        if passing { Self::Unavailable(message) } else { Self::Server { sqlstate, message } }
    }
}
