//! Correctness on real sockets, in real time; rates and waits are tested in
//! `vendor`, in paused time.

use std::{
    io::{Read, Write},
    net::TcpListener,
    thread::JoinHandle,
};

use super::*;

/// Answers one connection with `answer` and returns what it received.
fn server(answer: &'static [u8]) -> (BaseUrl, JoinHandle<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let address = listener.local_addr().expect("an address");
    let thread = std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().expect("a connection");
        let mut buffer = [0; 4096];
        let read = stream.read(&mut buffer).expect("a request");
        stream.write_all(answer).expect("the answer");
        String::from_utf8_lossy(&buffer[..read]).into_owned()
    });
    let base = BaseUrl::parse(&format!("http://{address}/api")).expect("base");
    (base, thread)
}

fn client(base: BaseUrl) -> HttpClient {
    let options = Options {
        max_body_bytes: 100,
        ..Options::default()
    };
    HttpClient::network(base, &options).expect("builds without root certificates")
}

fn request(client: &HttpClient, method: Method, body: Option<Vec<u8>>) -> Request {
    let query = [("filter", "jane.doe@example.com")];
    Request {
        method,
        url: client.base().endpoint(&["users"], &query).expect("a url"),
        headers: HeaderMap::new(),
        body,
    }
}

#[tokio::test]
async fn a_body_goes_out_once_with_its_length() {
    let (base, received) = server(b"HTTP/1.1 202 Accepted\r\nContent-Length: 2\r\n\r\n{}");
    let client = client(base);
    let response = client
        .send(request(&client, Method::PUT, Some(b"{\"a\":1}".to_vec())))
        .await
        .expect("an answer");
    assert_eq!(response.status, StatusCode::ACCEPTED);
    assert_eq!(response.body, b"{}");
    let received = received.join().expect("received").to_lowercase();
    assert!(received.starts_with("put /api/users?filter=jane.doe%40example.com http/1.1"));
    assert_eq!(
        received.matches("content-length: 7").count(),
        1,
        "{received}"
    );
    assert!(received.contains("user-agent: seatsweep/"), "{received}");
}

#[tokio::test]
async fn a_refused_connection_was_certainly_not_sent() {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let address = listener.local_addr().expect("an address");
    drop(listener);
    let client = client(BaseUrl::parse(&format!("http://{address}")).expect("base"));
    let error = client
        .send(request(&client, Method::PUT, None))
        .await
        .expect_err("nobody listens");
    assert_eq!(error.failure, TransportFailure::NotSent);
    assert!(error.certainly_not_sent());
    assert!(error.to_string().contains("refused"), "{error}");
    assert!(!error.to_string().contains("jane.doe"), "{error}");
}

#[tokio::test]
async fn an_answer_that_is_cut_off_may_have_been_acted_on() {
    for answer in [
        &b"HTTP/1.1 202 Accepted\r\nContent-Length: 20\r\n\r\n{"[..],
        &b""[..],
    ] {
        let (base, _received) = server(answer);
        let client = client(base);
        let error = client
            .send(request(&client, Method::PUT, None))
            .await
            .expect_err("cut off");
        assert_eq!(error.failure, TransportFailure::Interrupted, "{error}");
        assert!(!error.certainly_not_sent());
    }
}

#[tokio::test]
async fn an_oversized_answer_is_not_read() {
    let (base, _received) = server(b"HTTP/1.1 200 OK\r\nContent-Length: 101\r\n\r\n0000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000");
    let client = client(base);
    let error = client
        .send(request(&client, Method::GET, None))
        .await
        .expect_err("too large");
    assert_eq!(error.failure, TransportFailure::TooLarge);
}

#[tokio::test]
async fn redirects_are_answers() {
    let (base, _received) = server(
        b"HTTP/1.1 302 Found\r\nLocation: http://198.51.100.1/\r\nContent-Length: 0\r\n\r\n",
    );
    let client = client(base);
    let response = client
        .send(request(&client, Method::GET, None))
        .await
        .expect("an answer");
    assert_eq!(response.status, StatusCode::FOUND);
}

#[tokio::test]
async fn the_configured_proxy_is_not_used_for_loopback() {
    let (base, received) = server(b"HTTP/1.1 204 No Content\r\n\r\n");
    let options = Options {
        proxy: Some("http://198.51.100.1:3128".into()),
        ..Options::default()
    };
    let client = HttpClient::network(base, &options).expect("a client");
    client
        .send(request(&client, Method::GET, None))
        .await
        .expect("an answer");
    let received = received.join().expect("received");
    assert!(received.starts_with("GET /api/users"), "{received}");
}

#[test]
fn the_environment_s_proxy_is_not_used() {
    // The variable is set for a process of its own, which runs another test.
    let status = std::process::Command::new(std::env::current_exe().expect("this test"))
        .args(["--exact", "http::client::tests::redirects_are_answers"])
        .env("HTTP_PROXY", "http://198.51.100.1:3128")
        .env("ALL_PROXY", "http://198.51.100.1:3128")
        .status()
        .expect("runs");
    assert!(status.success());
}

#[tokio::test]
async fn a_server_that_speaks_no_tls_was_not_sent_to() {
    let (base, _received) = server(b"HTTP/1.1 400 Bad Request\r\n\r\n");
    let base = BaseUrl::parse(&base.to_string().replace("http:", "https:")).expect("base");
    // A machine without root certificates cannot make this client at all.
    let Ok(client) = HttpClient::network(base, &Options::default()) else {
        return;
    };
    let error = client
        .send(request(&client, Method::PUT, None))
        .await
        .expect_err("no TLS");
    assert_eq!(error.failure, TransportFailure::NotSent, "{error}");
}

#[tokio::test]
async fn nothing_leaves_the_base_address() {
    let base = BaseUrl::parse("http://127.0.0.1:1").expect("base");
    let client = client(base);
    let mut stray = request(&client, Method::GET, None);
    stray.url = Url::parse("http://127.0.0.1:2/users").expect("a url");
    let error = client.send(stray).await.expect_err("another port");
    assert_eq!(error.failure, TransportFailure::InvalidRequest);
}

#[test]
fn a_secret_is_not_printed() {
    let value = sensitive_header(&"key-1".into()).expect("a header");
    assert_eq!(format!("{value:?}"), "Sensitive");
    assert!(sensitive_header(&"key\n".into()).is_none());
}

#[tokio::test]
async fn a_host_that_cannot_be_resolved_was_not_sent_to() {
    // No name below .invalid is ever given away (RFC 2606).
    let base = BaseUrl::parse("https://api.invalid/admin-provisioning").expect("base");
    let Ok(client) = HttpClient::network(base, &Options::default()) else {
        // A machine without root certificates has no client to try.
        return;
    };
    let request = request(&client, Method::PUT, Some(b"{}".to_vec()));
    let error = client.send(request).await.expect_err("no such host");
    assert_eq!(error.failure, TransportFailure::NotSent);
    assert!(error.certainly_not_sent() && error.may_pass());
}

#[tokio::test]
async fn an_answer_that_trickles_for_too_long_may_have_been_acted_on() {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let address = listener.local_addr().expect("an address");
    let server = std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().expect("a connection");
        let _ = stream.read(&mut [0; 4096]).expect("a request");
        let head = b"HTTP/1.1 200 OK\r\ncontent-length: 50\r\n\r\n";
        stream.write_all(head).expect("the head");
        for _ in 0..50 {
            std::thread::sleep(Duration::from_millis(20));
            // The client has had enough by then.
            let _ = stream.write_all(b".");
        }
    });
    let base = BaseUrl::parse(&format!("http://{address}/api")).expect("base");
    let options = Options {
        total_timeout: Duration::from_millis(200),
        ..Options::default()
    };
    let client = HttpClient::network(base, &options).expect("a client");
    let request = request(&client, Method::PUT, Some(b"{}".to_vec()));
    let error = client.send(request).await.expect_err("too slow");
    assert_eq!(error.failure, TransportFailure::Interrupted);
    assert!(!error.certainly_not_sent());
    drop(client);
    server.join().expect("no panic");
}
