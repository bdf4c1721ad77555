//! The same tenant over real loopback sockets: framing, headers, stopping.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::{Duration, Instant};

use super::super::answer::USERS;
use super::super::{FaultScript, Hold, HoldPoint, Options, Running, SandboxError, start};
use super::{JANE, KEY, deactivated, options};

async fn running(options: Options) -> Running {
    start(options).await.expect("a sandbox")
}

/// Sends bytes as they are and reads until the server closes.
async fn exchange(address: SocketAddr, request: String) -> String {
    tokio::task::spawn_blocking(move || {
        let mut socket = TcpStream::connect(address).expect("connected");
        socket.write_all(request.as_bytes()).expect("sent");
        let mut answer = String::new();
        socket.read_to_string(&mut answer).expect("received");
        answer
    })
    .await
    .expect("no panic")
}

fn get(path: &str) -> String {
    format!(
        "GET /admin-provisioning{path} HTTP/1.1\r\nHost: localhost\r\nx-api-key: {KEY}\r\n\
         Accept: {USERS}\r\nConnection: close\r\n\r\n"
    )
}

fn put(path: &str, framing: &str, body: &str) -> String {
    format!(
        "PUT /admin-provisioning{path} HTTP/1.1\r\nHost: localhost\r\nx-api-key: {KEY}\r\n\
         Accept: {USERS}\r\nContent-Type: {USERS}\r\nConnection: close\r\n{framing}\r\n\r\n{body}"
    )
}

#[tokio::test]
async fn a_user_is_read_changed_and_the_log_is_told() {
    let sandbox = running(options()).await;
    let address = sandbox.address();
    assert_eq!(
        sandbox.base_url(),
        format!("http://{address}/admin-provisioning")
    );

    let answer = exchange(address, get(&format!("/users/{JANE}"))).await;
    assert!(answer.starts_with("HTTP/1.1 200 OK\r\n"), "{answer}");
    assert!(answer.contains("content-type: application/vnd.users.v1+json\r\n"));
    assert_eq!(answer.matches("date: ").count(), 1);
    assert!(
        answer.contains("date: Fri, 20 Nov 2026 08:00:0"),
        "tenant time: {answer}"
    );
    let (_, body) = answer.split_once("\r\n\r\n").expect("a body");
    let user = serde_json::from_str(body).expect("JSON");

    let body = deactivated(&user).to_string();
    let length = format!("Content-Length: {}", body.len());
    let answer = exchange(address, put(&format!("/users/{JANE}"), &length, &body)).await;
    assert!(answer.starts_with("HTTP/1.1 202 Accepted\r\n"), "{answer}");
    assert!(answer.contains(&format!(
        "http://{address}/admin-provisioning/operations/op_"
    )));

    assert_eq!(sandbox.report().writes, 1);
    assert_eq!(sandbox.entries().len(), 2);
    let report = sandbox.stop().await;
    assert_eq!((report.requests, report.writes), (2, 1));
}

#[tokio::test]
async fn a_chunked_update_is_411() {
    let sandbox = running(options()).await;
    let request = put(
        "/users/x",
        "Transfer-Encoding: chunked",
        "2\r\n{}\r\n0\r\n\r\n",
    );
    let answer = exchange(sandbox.address(), request).await;
    assert!(answer.starts_with("HTTP/1.1 411 "), "{answer}");
}

#[tokio::test]
async fn an_enormous_update_is_413_and_the_server_lives_on() {
    let sandbox = running(options()).await;
    let address = sandbox.address();
    let body = " ".repeat((4 << 20) + 1);
    let length = format!("Content-Length: {}", body.len());
    let answer = exchange(address, put("/users/x", &length, &body)).await;
    assert!(answer.starts_with("HTTP/1.1 413 "), "{answer}");
    assert!(
        exchange(address, get("/users"))
            .await
            .starts_with("HTTP/1.1 200 ")
    );
}

#[tokio::test]
async fn a_held_request_does_not_keep_the_server_from_stopping() {
    let sandbox = running(Options {
        hold: Some(Hold {
            request: 1,
            at: HoldPoint::BeforeAnswer,
        }),
        ..options()
    })
    .await;
    let mut socket = TcpStream::connect(sandbox.address()).expect("connected");
    socket.write_all(get("/users").as_bytes()).expect("sent");
    sandbox.held().await;
    let before = socket_time();
    let report = sandbox.stop().await;
    assert_eq!(report.requests, 1);
    assert!(before.elapsed() < Duration::from_secs(5));
    drop(socket);
}

#[tokio::test]
async fn a_stopped_server_is_gone() {
    let sandbox = running(options()).await;
    let address = sandbox.address();
    // A connection that is kept open must not keep the server.
    let _idle = TcpStream::connect(address).expect("connected");
    sandbox.stop().await;
    assert!(TcpStream::connect(address).is_err());
}

#[tokio::test]
async fn only_loopback_is_listened_on() {
    let everywhere = Options {
        listen: "0.0.0.0:0".parse().expect("an address"),
        ..options()
    };
    assert!(matches!(
        start(everywhere).await,
        Err(SandboxError::NotLoopback { .. })
    ));

    let sandbox = running(options()).await;
    let taken = Options {
        listen: sandbox.address(),
        ..options()
    };
    assert!(matches!(
        start(taken).await,
        Err(SandboxError::Listen { .. })
    ));
}

#[expect(
    clippy::disallowed_methods,
    reason = "a test of real sockets measures real time"
)]
fn socket_time() -> Instant {
    Instant::now()
}

/// Sends bytes and tells what came until the connection ended, and whether it
/// ended as it should.
async fn broken_exchange(address: SocketAddr, request: String) -> (Vec<u8>, bool) {
    tokio::task::spawn_blocking(move || {
        let mut received = Vec::new();
        let Ok(mut socket) = TcpStream::connect(address) else {
            return (received, false);
        };
        let sent = socket.write_all(request.as_bytes());
        let ended = sent.and_then(|()| socket.read_to_end(&mut received));
        (received, ended.is_ok())
    })
    .await
    .expect("no panic")
}

#[tokio::test]
async fn the_script_breaks_connections() {
    let script =
        "connection 1: reset\nuser-read 1: after reset\nuser-read 2: cut\nuser-read 3: slow 1";
    let sandbox = running(Options {
        faults: FaultScript::parse(script).expect("a script"),
        ..options()
    })
    .await;
    let address = sandbox.address();
    let request = get(&format!("/users/{JANE}"));

    let (received, ended_well) = broken_exchange(address, request.clone()).await;
    assert!(received.is_empty() && !ended_well, "before it was read");
    assert_eq!(sandbox.report().requests, 0);

    let (received, ended_well) = broken_exchange(address, request.clone()).await;
    assert!(received.is_empty() && !ended_well, "reset");
    assert_eq!(sandbox.report().requests, 1);

    let (received, _) = broken_exchange(address, request.clone()).await;
    let text = String::from_utf8_lossy(&received);
    let (head, body) = text.split_once("\r\n\r\n").expect("a head");
    let length = head
        .lines()
        .find_map(|line| line.strip_prefix("content-length: "));
    let length: usize = length.expect("a length").parse().expect("a number");
    assert!(
        !body.is_empty() && body.len() < length,
        "{} of {length}",
        body.len()
    );

    let began = socket_time();
    let (received, ended_well) = broken_exchange(address, request.clone()).await;
    assert!(ended_well && received.len() > length, "slow and whole");
    assert!(began.elapsed() >= Duration::from_millis(800));

    let answer = exchange(address, request).await;
    assert!(answer.starts_with("HTTP/1.1 200 "), "{answer}");
    sandbox.stop().await;
}
