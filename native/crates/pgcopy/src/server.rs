/// Where a database is and as whom to log in.
#[derive(Debug, Clone)]
pub struct Server {
    /// A host name or address; a path that begins with `/` is the directory of a unix socket.
    pub host: String,
    /// TCP port, and the number in the name of the unix socket.
    pub port: u16,
    /// Login role.
    pub user: String,
    /// Needed where the server asks for SCRAM-SHA-256.
    pub password: Option<String>,
    /// Database name.
    pub database: String,
    /// What the settings say about TLS.
    pub ssl_mode: SslMode,
}

/// The `sslmode` of a connection string, as far as this client goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum SslMode {
    /// `disable`, `allow`, `prefer` or absent: plain text will do.
    #[default]
    Plain,
    /// `require`, `verify-ca`, `verify-full`: refused, for this client has no TLS.
    Required,
}

impl SslMode {
    /// Reads the value of libpq's `sslmode`; `None` when it is not one of them.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        match text {
            "" | "disable" | "allow" | "prefer" => Some(Self::Plain),
            "require" | "verify-ca" | "verify-full" => Some(Self::Required),
            _ => None,
        }
    }
}
