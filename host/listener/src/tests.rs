use std::net::SocketAddr;

use axum::routing::get;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use super::*;

const BOUNDS: Bounds = Bounds {
    connections_max: 1,
    head_seconds_max: 30,
    headers_max: 4,
    head_bytes_max: 1 << 10,
    buffer_bytes_max: 16 << 10,
};
const REQUEST: &str = "GET / HTTP/1.1\r\nhost: here\r\n\r\n";

/// A listener that greets; it gives how many connections were left when it was told to stop.
async fn greeting() -> (SocketAddr, oneshot::Sender<()>, JoinHandle<usize>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let (stop, stopped) = oneshot::channel::<()>();
    let serving = tokio::spawn(async move {
        let router = Router::new().route("/", get(|| async { "hello" }));
        let mut connections = Connections::new(BOUNDS);
        tokio::select! {
            failed = connections.accept(&listener, &router) => panic!("{failed}"),
            _told = stopped => (),
        }
        let left = connections.count();
        connections.stop();
        connections.ended().await;
        left
    });
    (address, stop, serving)
}

async fn sent(address: SocketAddr, text: &str) -> TcpStream {
    let mut connection = TcpStream::connect(address).await.unwrap();
    connection.write_all(text.as_bytes()).await.unwrap();
    connection
}

/// What comes until `end` has come, or the other side is through.
async fn heard(connection: &mut TcpStream, end: &str) -> String {
    let mut bytes = Vec::new();
    while !bytes.ends_with(end.as_bytes()) {
        match connection.read_u8().await {
            Ok(byte) => bytes.push(byte),
            Err(_) => break,
        }
    }
    String::from_utf8(bytes).unwrap()
}

#[tokio::test]
async fn a_further_connection_waits_for_a_place() {
    let (address, stop, serving) = greeting().await;
    let mut first = sent(address, REQUEST).await;
    assert!(heard(&mut first, "hello").await.ends_with("hello"));
    let mut second = sent(address, REQUEST).await;
    // The first goes on being served while the second waits.
    first.write_all(REQUEST.as_bytes()).await.unwrap();
    assert!(heard(&mut first, "hello").await.ends_with("hello"));
    let mut byte = [0];
    let early = second.try_read(&mut byte);
    assert_eq!(early.unwrap_err().kind(), std::io::ErrorKind::WouldBlock);
    drop(first);
    assert!(heard(&mut second, "hello").await.ends_with("hello"));
    // It idles, and ends at once.
    stop.send(()).unwrap();
    assert_eq!(heard(&mut second, "never").await, "");
    assert_eq!(serving.await.unwrap(), 1);
}

#[tokio::test]
async fn who_sends_too_much_is_sent_away() {
    let (address, _stop, _serving) = greeting().await;
    for head in [
        "a: b\r\n".repeat(5),
        format!("a: {}\r\n", "b".repeat(2 << 10)),
    ] {
        let text = format!("GET / HTTP/1.1\r\nhost: here\r\n{head}\r\n");
        let mut connection = sent(address, &text).await;
        let answer = heard(&mut connection, "never").await;
        assert!(answer.starts_with("HTTP/1.1 431 "), "{answer}");
    }
}
