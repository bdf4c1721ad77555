//! A ticket system that misbehaves as it is told to.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

/// What the receiver does with one request, in their order.
#[derive(Debug, Clone, Copy)]
pub(super) enum Manner {
    /// Answers with this status.
    Answers(u16),
    /// Answers 200, and takes its time.
    AnswersLate,
    /// Reads the request and hangs up.
    HangsUp,
    /// Reads the request and says nothing.
    Hangs,
}

/// One request as it arrived.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Post {
    /// Path and query.
    pub(super) target: String,
    pub(super) headers: BTreeMap<String, String>,
    pub(super) body: String,
}

impl Post {
    pub(super) fn key(&self) -> &str {
        &self.headers["idempotency-key"]
    }

    pub(super) fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.body).expect("JSON")
    }
}

/// Listens as long as the test process lives.
pub(super) struct Receiver {
    pub(super) url: String,
    posts: Arc<Mutex<Vec<Post>>>,
}

impl Receiver {
    /// The last manner goes for all further requests.
    pub(super) fn start(manners: &[Manner]) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let address = listener.local_addr().expect("an address");
        let posts = Arc::new(Mutex::new(Vec::new()));
        let (seen, manners) = (Arc::clone(&posts), manners.to_vec());
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (seen, manners) = (Arc::clone(&seen), manners.clone());
                // A client that hangs up is none of the receiver's business.
                thread::spawn(move || serve(&stream, &seen, &manners));
            }
        });
        Self {
            url: format!("http://{address}/hook"),
            posts,
        }
    }

    pub(super) fn posts(&self) -> Vec<Post> {
        self.posts.lock().expect("no reader panicked").clone()
    }
}

fn serve(mut stream: &TcpStream, seen: &Mutex<Vec<Post>>, manners: &[Manner]) -> Option<()> {
    let mut reader = BufReader::new(stream);
    let mut first = String::new();
    reader.read_line(&mut first).ok()?;
    let target = first.split(' ').nth(1)?.to_owned();
    let mut headers = BTreeMap::new();
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).ok()?;
        let Some((name, value)) = line.trim().split_once(':') else {
            break;
        };
        headers.insert(name.to_ascii_lowercase(), value.trim().to_owned());
    }
    let length: u64 = headers.get("content-length")?.parse().ok()?;
    let mut body = String::new();
    reader.take(length).read_to_string(&mut body).ok()?;
    let manner = {
        let mut seen = seen.lock().expect("no reader panicked");
        seen.push(Post {
            target,
            headers,
            body,
        });
        manners[(seen.len() - 1).min(manners.len() - 1)]
    };
    let status = match manner {
        Manner::Answers(status) => status,
        Manner::AnswersLate => {
            thread::sleep(Duration::from_millis(1500));
            200
        }
        Manner::HangsUp => return None,
        Manner::Hangs => {
            thread::sleep(Duration::from_mins(10));
            return None;
        }
    };
    write!(
        stream,
        "HTTP/1.1 {status} Said\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
    )
    .ok()
}

/// A mail server on this machine that takes everything; what it was given.
pub(super) struct MailServer {
    pub(super) port: u16,
    mails: Arc<Mutex<Vec<String>>>,
}

impl MailServer {
    pub(super) fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let port = listener.local_addr().expect("an address").port();
        let mails = Arc::new(Mutex::new(Vec::new()));
        let taken = Arc::clone(&mails);
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let taken = Arc::clone(&taken);
                thread::spawn(move || take_mail(&stream, &taken));
            }
        });
        Self { port, mails }
    }

    pub(super) fn mails(&self) -> Vec<String> {
        self.mails.lock().expect("no reader panicked").clone()
    }
}

fn take_mail(mut stream: &TcpStream, taken: &Mutex<Vec<String>>) -> Option<()> {
    let mut reader = BufReader::new(stream);
    stream.write_all(b"220 mail.example.com\r\n").ok()?;
    let mut said = String::new();
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line).ok()? == 0 {
            return None;
        }
        let word = line.trim().to_ascii_uppercase();
        said.push_str(&line);
        let answer: &[u8] = match word.as_str() {
            "DATA" => {
                stream.write_all(b"354 go on\r\n").ok()?;
                loop {
                    let mut line = String::new();
                    reader.read_line(&mut line).ok()?;
                    if line.trim_end() == "." {
                        break;
                    }
                    said.push_str(&line);
                }
                taken
                    .lock()
                    .expect("no reader panicked")
                    .push(std::mem::take(&mut said));
                b"250 taken\r\n"
            }
            "QUIT" => b"221 bye\r\n",
            _ => b"250 mail.example.com\r\n",
        };
        stream.write_all(answer).ok()?;
    }
}
