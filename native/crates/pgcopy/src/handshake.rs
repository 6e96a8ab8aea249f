use std::io;

use bytes::BytesMut;
use postgres_protocol::authentication::sasl::{ChannelBinding, SCRAM_SHA_256, ScramSha256};
use postgres_protocol::message::frontend;

use crate::error::{PgError, Result};
use crate::message::{MessageReader, read_u32};
use crate::server::Server;

const APPLICATION: &str = "stella-native";

/// What a cancel request has to name.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct BackendKey {
    pub(crate) process: i32,
    pub(crate) secret: i32,
}

/// Logs in: start-up message, authentication, then everything up to the first `ReadyForQuery`.
pub(crate) fn log_in(reader: &mut MessageReader, server: &Server) -> Result<BackendKey> {
    let parameters = [
        ("user", server.user.as_str()),
        ("database", server.database.as_str()),
        ("application_name", APPLICATION),
        ("client_encoding", "UTF8"),
    ];
    send(reader, |out| frontend::startup_message(parameters, out))?;
    let mut key = BackendKey::default();
    loop {
        let message = reader.next()?;
        match message.kind {
            b'R' => {
                let request = reader.bytes(message.body).to_vec();
                authenticate(reader, server, &request)?;
            }
            b'K' => key = backend_key(reader.bytes(message.body))?,
            b'E' => return Err(refused(PgError::from_response(reader.bytes(message.body)))),
            b'Z' => return Ok(key),
            // ParameterStatus, NoticeResponse, NegotiateProtocolVersion: nothing to do.
            b'S' | b'N' | b'v' => {}
            other => return Err(PgError::protocol(format!("message {:?} while logging in", char::from(other)))),
        }
    }
}

fn backend_key(body: &[u8]) -> Result<BackendKey> {
    if body.len() < 8 {
        return Err(PgError::protocol("a short BackendKeyData"));
    }
    let word = |at: usize| i32::from_be_bytes(read_u32(&body[at..]).to_be_bytes());
    Ok(BackendKey { process: word(0), secret: word(4) })
}

/// pg_hba.conf answers a plain connection that it wants encrypted with SQLSTATE 28000 and "no encryption" in the text.
fn refused(error: PgError) -> PgError {
    match error {
        PgError::Server { sqlstate, message } if sqlstate == "28000" && message.contains("no encryption") => {
            PgError::Config(format!("the database takes encrypted connections only, which the writer does not make: {message}"))
        }
        other => other,
    }
}

fn authenticate(reader: &mut MessageReader, server: &Server, request: &[u8]) -> Result<()> {
    if request.len() < 4 {
        return Err(PgError::protocol("a short authentication request"));
    }
    match read_u32(request) {
        0 => Ok(()),
        10 => scram(reader, server, &request[4..]),
        5 => Err(PgError::Config("the database asks for an MD5 password: set password_encryption to scram-sha-256".into())),
        other => Err(PgError::Config(format!("the database asks for authentication method {other}: use scram-sha-256"))),
    }
}

fn scram(reader: &mut MessageReader, server: &Server, offered: &[u8]) -> Result<()> {
    if !offered.split(|byte| *byte == 0).any(|name| name == SCRAM_SHA_256.as_bytes()) {
        return Err(PgError::Config("the database does not offer scram-sha-256".into()));
    }
    let Some(password) = &server.password else {
        return Err(PgError::Config("the database asks for a password and none is set".into()));
    };
    let mut exchange = ScramSha256::new(password.as_bytes(), ChannelBinding::unsupported());
    send(reader, |out| frontend::sasl_initial_response(SCRAM_SHA_256, exchange.message(), out))?;
    let challenge = sasl_body(reader, 11)?;
    exchange.update(&challenge).map_err(|error| unproven(&error))?;
    send(reader, |out| frontend::sasl_response(exchange.message(), out))?;
    let outcome = sasl_body(reader, 12)?;
    exchange.finish(&outcome).map_err(|error| unproven(&error))
}

fn unproven(error: &io::Error) -> PgError {
    PgError::protocol(format!("the server could not prove that it knows the password: {error}"))
}

/// Body of the one authentication message that may come now: 11 continue, 12 final.
fn sasl_body(reader: &mut MessageReader, step: u32) -> Result<Vec<u8>> {
    let message = reader.next()?;
    let body = reader.bytes(message.body);
    match message.kind {
        b'E' => Err(PgError::from_response(body)),
        b'R' if body.len() >= 4 && read_u32(body) == step => Ok(body[4..].to_vec()),
        other => Err(PgError::protocol(format!("message {:?} within scram-sha-256", char::from(other)))),
    }
}

pub(crate) fn send(reader: &mut MessageReader, encode: impl FnOnce(&mut BytesMut) -> io::Result<()>) -> Result<()> {
    let mut out = BytesMut::new();
    encode(&mut out).map_err(|error| PgError::Config(format!("a setting cannot be sent to the database: {error}")))?;
    reader.socket.send(&out)
}
