//! A server that misbehaves in ways that the sandbox does not.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::thread;

/// The user that everything is about.
pub(crate) const USER: &str = r#"{"basicInfo": {"userId": "id-leaver-nr1",
    "customerId": "0012J00042NkZQIQA3", "userName": "leaver.nr1@example.com",
    "primaryEmail": "leaver.nr1@example.com", "firstName": "leaver", "lastName": "nr1",
    "createdTime": "2024-01-02T00:00:00Z", "scimProvider": null, "status": "ACTIVE"},
    "serviceInfo": {"licenses": [], "extensions": []}}"#;

/// An operation on that user, with a place for its status.
pub(crate) const OPERATION: &str = r#"{"operationId": "op_1", "status": "STATUS",
    "resourceType": "USER", "resourceId": "id-leaver-nr1", "operationType": "UPDATE"}"#;

/// What is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Request {
    /// One user.
    User,
    /// An update of one.
    Update,
    /// An operation.
    Operation,
    /// Anything else.
    Other,
}

/// A status and a body.
pub(crate) struct Answer {
    status: u16,
    body: String,
}

impl Answer {
    pub(crate) fn new(status: u16, body: &str) -> Self {
        Self {
            status,
            body: body.to_owned(),
        }
    }
}

/// Answers as long as the test process lives.
pub(crate) struct Stub {
    /// What a configuration needs to reach it.
    pub(crate) base_url: String,
}

impl Stub {
    pub(crate) fn start(answer: fn(Request) -> Answer) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let address = listener.local_addr().expect("an address");
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                // A client that hangs up is none of the stub's business.
                thread::spawn(move || serve(&stream, answer));
            }
        });
        Self {
            base_url: format!("http://{address}/admin-provisioning"),
        }
    }
}

fn serve(stream: &TcpStream, answer: fn(Request) -> Answer) -> Option<()> {
    let mut reader = BufReader::new(stream);
    let mut first = String::new();
    reader.read_line(&mut first).ok()?;
    let mut length = 0;
    loop {
        let mut header = String::new();
        reader.read_line(&mut header).ok()?;
        let header = header.trim().to_ascii_lowercase();
        if header.is_empty() {
            break;
        }
        if let Some(value) = header.strip_prefix("content-length:") {
            length = value.trim().parse().ok()?;
        }
    }
    reader.take(length).read_to_end(&mut Vec::new()).ok()?;
    let request = match first.split_whitespace().next() {
        Some("GET") if first.contains("/operations/") => Request::Operation,
        Some("GET") if first.contains("/users/") => Request::User,
        Some("PUT") => Request::Update,
        _ => Request::Other,
    };
    let Answer { status, body } = answer(request);
    let media_type = match request {
        Request::Operation => "application/vnd.operations.v1+json",
        Request::User | Request::Update | Request::Other => "application/vnd.users.v1+json",
    };
    let mut writer = stream;
    write!(
        writer,
        "HTTP/1.1 {status} Stub\r\nContent-Type: {media_type}\r\n\
         Content-Length: {}\r\nConnection: close\r\n\r\n{body}",
        body.len()
    )
    .ok()
}
