//! What the client makes of a server's bytes, good and bad. The server here says what the test tells it to, over a real socket.

use std::io::{Read, Write};
use std::os::unix::net::{UnixListener, UnixStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use stella_pgcopy::{PgError, Server, Session, SslMode};
use tempfile::TempDir;

fn message(kind: u8, body: &[u8]) -> Vec<u8> {
    let length = u32::try_from(body.len() + 4).expect("a short body");
    [&[kind], &length.to_be_bytes()[..], body].concat()
}

fn error(sqlstate: &str, text: &str) -> Vec<u8> {
    message(b'E', format!("SERROR\0C{sqlstate}\0M{text}\0Dmore of it\0\0").as_bytes())
}

fn login() -> Vec<u8> {
    [message(b'R', &[0, 0, 0, 0]), message(b'S', b"a\0b\0"), message(b'K', &[0, 0, 0, 7, 0, 0, 0, 9]), message(b'Z', b"I")].concat()
}

fn row(fields: &[Option<&[u8]>]) -> Vec<u8> {
    let mut tuple = u16::try_from(fields.len()).expect("few fields").to_be_bytes().to_vec();
    for field in fields {
        tuple.extend(field.map_or(-1, |bytes| i32::try_from(bytes.len()).expect("a short field")).to_be_bytes());
        tuple.extend(field.unwrap_or_default());
    }
    tuple
}

const HEADER: &[u8] = b"PGCOPY\n\xff\r\n\0\0\0\0\0\0\0\0\0";
const TRAILER: &[u8] = &[0xff, 0xff];

/// As PostgreSQL sends it: the header comes with the first row, the trailer by itself.
fn copy(rows: &[Vec<u8>], counted: usize) -> Vec<u8> {
    let mut bytes = message(b'H', &[1, 0, 2, 0, 1, 0, 1]);
    let mut header = HEADER.to_vec();
    for row in rows {
        bytes.extend(message(b'd', &[std::mem::take(&mut header), row.clone()].concat()));
    }
    bytes.extend(message(b'd', &[&header, TRAILER].concat()));
    bytes.extend([message(b'c', b""), message(b'C', format!("COPY {counted}\0").as_bytes()), message(b'Z', b"I")].concat());
    bytes
}

/// Answers the start-up message and then each query with the next of `answers`, cut into pieces; then hangs up.
struct Scripted {
    dir: TempDir,
}

impl Scripted {
    fn start(answers: Vec<Vec<u8>>, piece: usize) -> Self {
        let dir = tempfile::tempdir().expect("a folder");
        let listener = UnixListener::bind(dir.path().join(".s.PGSQL.5432")).expect("a socket");
        thread::spawn(move || {
            let (mut stream, _) = listener.accept().expect("a client");
            for answer in answers {
                read_message(&mut stream);
                for part in answer.chunks(piece) {
                    stream.write_all(part).expect("the client listens");
                }
            }
        });
        Self { dir }
    }

    fn server(&self) -> Server {
        Server {
            host: self.dir.path().display().to_string(),
            port: 5432,
            user: "writer".into(),
            password: None,
            database: "stella".into(),
            ssl_mode: SslMode::Plain,
        }
    }
}

fn read_message(stream: &mut UnixStream) {
    let mut bytes = [0; 4096];
    let _ = stream.read(&mut bytes).expect("the client speaks");
}

fn running() -> Arc<AtomicBool> {
    Arc::new(AtomicBool::new(false))
}

type Rows = Vec<(Vec<u8>, Option<Vec<u8>>)>;

fn read_all(session: &mut Session) -> Result<Rows, PgError> {
    let mut copy = session.copy_out("select a, b")?;
    let mut rows = Vec::new();
    while let Some([first, second]) = copy.next_row()? {
        rows.push((first.expect("not null").to_vec(), second.map(<[u8]>::to_vec)));
    }
    assert_eq!(copy.rows(), rows.len() as u64);
    Ok(rows)
}

fn copied(answer: Vec<u8>) -> Result<Rows, PgError> {
    let scripted = Scripted::start(vec![login(), answer], usize::MAX);
    read_all(&mut Session::open(&scripted.server(), &running())?)
}

#[test]
fn rows_come_whole_however_the_bytes_are_cut() {
    let long = vec![b'x'; 3 * stella_pgcopy::READ_BYTES];
    let rows = vec![row(&[Some(b"1"), Some(b"one")]), row(&[Some(&long), None]), row(&[Some(b""), Some(&long)]), row(&[Some(b"4"), None])];
    let expected: Rows =
        vec![(b"1".to_vec(), Some(b"one".to_vec())), (long.clone(), None), (Vec::new(), Some(long)), (b"4".to_vec(), None)];
    for piece in [1009, 65_537, usize::MAX] {
        let scripted = Scripted::start(vec![login(), copy(&rows, 4)], piece);
        let mut session = Session::open(&scripted.server(), &running()).expect("logged in");
        assert_eq!(read_all(&mut session).expect("whole"), expected);
    }
    let scripted = Scripted::start(vec![login(), copy(&rows[..1], 1)], 1);
    assert_eq!(read_all(&mut Session::open(&scripted.server(), &running()).expect("logged in")).expect("whole"), expected[..1]);
}

#[test]
fn an_empty_copy_has_no_rows() {
    assert_eq!(copied(copy(&[], 0)).expect("whole"), []);
}

#[test]
fn a_session_runs_statements_before_a_copy() {
    let done = [message(b'T', &[0, 0]), message(b'D', &[0, 0]), message(b'C', b"SELECT 1\0"), message(b'Z', b"I")].concat();
    let scripted = Scripted::start(vec![login(), done, copy(&[], 0)], usize::MAX);
    let mut session = Session::open(&scripted.server(), &running()).expect("logged in");
    session.set_tenant("it's").expect("set");
    assert_eq!(read_all(&mut session).expect("whole"), []);
}

#[test]
fn a_count_that_differs_is_an_error() {
    let rows = [row(&[Some(b"1"), None])];
    assert!(matches!(copied(copy(&rows, 2)), Err(PgError::Protocol(_))));
    assert!(matches!(copied(copy(&rows, 0)), Err(PgError::Protocol(_))));
}

#[test]
fn a_connection_lost_at_any_byte_is_an_error() {
    let whole = copy(&[row(&[Some(b"1"), None]), row(&[Some(b"2"), Some(b"two")])], 2);
    for length in 0..whole.len() {
        let lost = copied(whole[..length].to_vec());
        assert!(matches!(lost, Err(PgError::Unavailable(_))), "after {length} bytes: {lost:?}");
    }
}

#[test]
fn errors_of_the_server_keep_their_text() {
    let rows = copy(&[row(&[Some(b"1"), None])], 1);
    let cut = rows.len() - message(b'Z', b"I").len() - message(b'C', b"COPY 1\0").len() - message(b'c', b"").len() - 7;
    for answer in [error("42P01", "no such table"), [rows[..cut].to_vec(), error("42P01", "no such table")].concat()] {
        let Err(PgError::Server { sqlstate, message }) = copied(answer) else { panic!("not refused") };
        assert_eq!((sqlstate.as_str(), message.as_str()), ("42P01", "no such table: more of it"));
    }
    for passing in ["57P01", "57P03", "08006", "53300"] {
        assert!(matches!(copied(error(passing, "going down")), Err(PgError::Unavailable(_))), "{passing}");
    }
}

#[test]
fn rows_of_another_form_are_errors() {
    let no_trailer = [message(b'H', &[]), message(b'd', HEADER), message(b'c', b"")].concat();
    let no_header = [message(b'H', &[]), message(b'd', b"PGCOPY")].concat();
    let short = [message(b'H', &[]), message(b'd', &[HEADER, &[0, 2, 0, 0, 0, 9, 1]].concat())].concat();
    let after_end = [message(b'H', &[]), message(b'd', &[HEADER, TRAILER].concat()), message(b'd', TRAILER)].concat();
    let huge = [message(b'H', &[]), vec![b'd', 0x7f, 0xff, 0xff, 0xff]].concat();
    for answer in [copy(&[row(&[Some(b"1")])], 1), no_trailer, no_header, short, after_end, huge, message(b'?', b"")] {
        let outcome = copied(answer);
        assert!(matches!(outcome, Err(PgError::Protocol(_))), "{outcome:?}");
    }
}

#[test]
fn a_raised_flag_ends_the_waiting_for_a_silent_server() {
    let dir = tempfile::tempdir().expect("a folder");
    let _silent = UnixListener::bind(dir.path().join(".s.PGSQL.5432")).expect("a socket");
    let server = Server { host: dir.path().display().to_string(), ..Scripted::start(vec![], 1).server() };
    let stop = running();
    let raiser = Arc::clone(&stop);
    let opening = thread::spawn(move || Session::open(&server, &stop).map(|_| ()));
    raiser.store(true, Ordering::Relaxed);
    assert!(matches!(opening.join().expect("no panic"), Err(PgError::Cancelled)));
}

#[test]
fn what_the_client_does_not_do_is_refused_with_a_reason() {
    let asks = |answer: Vec<u8>| Session::open(&Scripted::start(vec![answer], usize::MAX).server(), &running()).map(|_| ());
    let md5 = asks(message(b'R', &[0, 0, 0, 5, 1, 2, 3, 4]));
    let scram_without_password = asks(message(b'R', b"\0\0\0\x0aSCRAM-SHA-256\0\0"));
    let encrypted_only = asks(error("28000", "no pg_hba.conf entry for host, user, no encryption"));
    for outcome in [md5, scram_without_password, encrypted_only] {
        assert!(matches!(outcome, Err(PgError::Config(_))), "{outcome:?}");
    }
    let strict = Server { ssl_mode: SslMode::Required, ..Scripted::start(vec![login()], 1).server() };
    assert!(matches!(Session::open(&strict, &running()).map(|_| ()), Err(PgError::Config(_))));
    assert_eq!(SslMode::parse("verify-full"), Some(SslMode::Required));
    assert_eq!(SslMode::parse("sometimes"), None);
}

#[test]
fn a_server_that_is_not_there_is_unavailable() {
    let dir = tempfile::tempdir().expect("a folder");
    let absent = Server { host: dir.path().display().to_string(), ..Scripted::start(vec![], 1).server() };
    assert!(matches!(Session::open(&absent, &running()).map(|_| ()), Err(PgError::Unavailable(_))));
}
