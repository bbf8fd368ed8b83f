//! Listening and stopping: over real connections.

use std::net::SocketAddr;
use std::sync::Arc;

use crate::support::Town;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use yunei_server::{ServerError, serve};

pub struct Served {
    pub address: SocketAddr,
    pub stop: oneshot::Sender<()>,
    pub server: JoinHandle<Result<(), ServerError>>,
}

pub async fn served(town: &Town) -> Served {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let (stop, stopped) = oneshot::channel();
    let domain = Arc::clone(&town.domain);
    let server = tokio::spawn(async move {
        serve(domain, listener, async {
            let _told = stopped.await;
        })
        .await
    });
    Served {
        address,
        stop,
        server,
    }
}

/// Sends the beginning of a request, and gives the connection back.
pub async fn begun(address: SocketAddr, text: &str) -> TcpStream {
    let mut connection = TcpStream::connect(address).await.unwrap();
    connection.write_all(text.as_bytes()).await.unwrap();
    connection
}

/// The next answer's head and body, as far as `content-length` tells.
pub async fn answer(connection: &mut TcpStream) -> String {
    let mut text = Vec::new();
    loop {
        let mut byte = [0];
        if connection.read(&mut byte).await.unwrap() == 0 {
            return String::from_utf8(text).unwrap();
        }
        text.push(byte[0]);
        let so_far = String::from_utf8_lossy(&text).to_lowercase();
        let Some(end) = so_far.find("\r\n\r\n") else {
            continue;
        };
        let length = so_far
            .split("content-length: ")
            .nth(1)
            .and_then(|rest| rest.split("\r\n").next())
            .map_or(0, |length| length.parse::<usize>().unwrap());
        if text.len() == end + 4 + length {
            return String::from_utf8(text).unwrap();
        }
    }
}

/// Waits until nobody can connect any more.
async fn closed(address: SocketAddr) {
    while TcpStream::connect(address).await.is_ok() {
        tokio::task::yield_now().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_connection_serves_several_requests_and_ends_with_the_server() {
    let town = Town::found().await;
    let served = served(&town).await;
    let health = "GET /api/v1/health HTTP/1.1\r\nhost: here\r\n\r\n";
    let mut connection = begun(served.address, health).await;
    assert!(answer(&mut connection).await.starts_with("HTTP/1.1 200"));
    connection.write_all(health.as_bytes()).await.unwrap();
    assert!(answer(&mut connection).await.contains("\"status\":\"ok\""));
    served.stop.send(()).unwrap();
    served.server.await.unwrap().unwrap();
    assert_eq!(
        answer(&mut connection).await,
        "",
        "an idle connection is closed"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_under_way_is_answered_before_the_server_ends() {
    let town = Town::found().await;
    let served = served(&town).await;
    let body = r#"{"account":"nobody","password":"wrong"}"#;
    let head = format!(
        "POST /api/v1/sessions HTTP/1.1\r\nhost: here\r\ncontent-type: application/json\r\n\
         content-length: {}\r\nexpect: 100-continue\r\n\r\n",
        body.len()
    );
    let mut connection = begun(served.address, &head).await;
    // The server asks for the body: so the request is under way.
    assert!(answer(&mut connection).await.starts_with("HTTP/1.1 100"));
    served.stop.send(()).unwrap();
    closed(served.address).await;
    assert!(!served.server.is_finished());
    connection.write_all(body.as_bytes()).await.unwrap();
    let told = answer(&mut connection).await;
    assert!(told.starts_with("HTTP/1.1 401"), "{told}");
    assert!(told.contains("sign-in-failed"), "{told}");
    served.server.await.unwrap().unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn heads_have_limits() {
    let town = Town::found().await;
    let served = served(&town).await;
    let many = "x: y\r\n".repeat(65);
    let long = format!("x: {}\r\n", "y".repeat(32 << 10));
    for header in [many, long] {
        let request = format!("GET /api/v1/health HTTP/1.1\r\nhost: here\r\n{header}\r\n");
        let mut connection = begun(served.address, &request).await;
        let told = answer(&mut connection).await;
        assert!(told.starts_with("HTTP/1.1 431"), "{told}");
    }
    let mut connection = begun(served.address, "NONSENSE\r\n\r\n").await;
    assert!(answer(&mut connection).await.starts_with("HTTP/1.1 400"));
    served.stop.send(()).unwrap();
    served.server.await.unwrap().unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn unfinished_uploads_of_an_earlier_process_are_removed() {
    let town = Town::found().await;
    let incoming = town.domain.incoming_dir();
    incoming
        .write("01890a5d-ac96-774b-bcce-b302099a8057.upload", b"half")
        .unwrap();
    incoming.write("someone-elses", b"whole").unwrap();
    let served = served(&town).await;
    let mut connection = begun(served.address, "GET / HTTP/1.1\r\nhost: here\r\n\r\n").await;
    assert!(answer(&mut connection).await.starts_with("HTTP/1.1 200"));
    let left: Vec<_> = incoming
        .entries()
        .unwrap()
        .map(|e| e.unwrap().file_name())
        .collect();
    assert_eq!(left, ["someone-elses"]);
    served.stop.send(()).unwrap();
    served.server.await.unwrap().unwrap();
}
