//! A line between a domain and its collector that can be cut, garbled or refused: what networks and collectors do.

use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::Instant;

/// What the line does with a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fate {
    /// It passes, and so does the answer.
    Pass,
    /// It passes, and the answer is lost.
    LoseAnswer,
    /// It is answered with that status, after which the client should wait that many seconds.
    Answer(u16, u64),
}

/// The line; ends when this is dropped.
pub struct Line {
    port: u16,
    over: Arc<AtomicBool>,
    came: Arc<Mutex<Vec<Instant>>>,
    thread: Option<JoinHandle<()>>,
}

impl Line {
    /// A line to the receiver at `port`; `fate` decides about the nth request, from 0, by its body.
    pub fn to(port: u16, fate: impl Fn(usize, &[u8]) -> Fate + Send + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let own = listener.local_addr().expect("an address").port();
        let over = Arc::new(AtomicBool::new(false));
        let came = Arc::new(Mutex::new(Vec::new()));
        let thread = std::thread::spawn({
            let (over, came) = (Arc::clone(&over), Arc::clone(&came));
            move || {
                for stream in listener.incoming().flatten() {
                    if over.load(Ordering::Relaxed) {
                        return;
                    }
                    carry(stream, port, &fate, &came);
                }
            }
        });
        Self {
            port: own,
            over,
            came,
            thread: Some(thread),
        }
    }

    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// When the requests so far came.
    pub fn requests(&self) -> Vec<Instant> {
        self.came.lock().expect("moments").clone()
    }
}

impl Drop for Line {
    fn drop(&mut self) {
        self.over.store(true, Ordering::Relaxed);
        // Wakes the thread, which then sees that it is over.
        let _woken = TcpStream::connect(("127.0.0.1", self.port));
        if let Some(thread) = self.thread.take() {
            let _ended = thread.join();
        }
    }
}

/// One request on one connection.
fn carry(
    mut stream: TcpStream,
    to: u16,
    fate: &impl Fn(usize, &[u8]) -> Fate,
    came: &Mutex<Vec<Instant>>,
) {
    let Some((head, body)) = request(&mut stream) else {
        return;
    };
    let number = {
        let mut came = came.lock().expect("moments");
        came.push(Instant::now());
        came.len() - 1
    };
    let fate = fate(number, &body);
    if let Fate::Answer(status, seconds) = fate {
        let answer = format!(
            "HTTP/1.1 {status} No\r\nretry-after: {seconds}\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"
        );
        let _unheard = stream.write_all(answer.as_bytes());
        return;
    }
    let Ok(mut onward) = TcpStream::connect(("127.0.0.1", to)) else {
        return;
    };
    let head = head.replacen("\r\n", "\r\nconnection: close\r\n", 1);
    let mut answer = Vec::new();
    let _sent = onward
        .write_all(head.as_bytes())
        .and_then(|()| onward.write_all(&body));
    let _answered = onward.read_to_end(&mut answer);
    if fate == Fate::Pass {
        let _unheard = stream.write_all(&answer);
    }
}

/// Head (with its empty line) and body of a request with a `content-length`.
fn request(stream: &mut TcpStream) -> Option<(String, Vec<u8>)> {
    let mut head = Vec::new();
    let mut byte = [0];
    while !head.ends_with(b"\r\n\r\n") {
        stream.read_exact(&mut byte).ok()?;
        head.push(byte[0]);
    }
    let head = String::from_utf8(head).ok()?;
    let lower = head.to_ascii_lowercase();
    let length = lower
        .lines()
        .find_map(|line| line.strip_prefix("content-length:"))?;
    let mut body = vec![0; length.trim().parse().ok()?];
    stream.read_exact(&mut body).ok()?;
    Some((head, body))
}
