//! Something that stands in front of a real witness and lies about it.

use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// Bytes of a request at most.
const REQUEST_BYTES_MAX: usize = 1 << 20;

/// What it answers.
#[derive(Debug, Clone)]
pub enum Lie {
    /// What the witness behind it answers.
    Truth,
    /// The same text each time, with this status and content type.
    Same(u16, &'static str, String),
    /// What another witness answers, with another key.
    Of(String),
}

/// The server. It ends with the test.
pub struct Liar {
    pub url: String,
    lie: Arc<Mutex<Lie>>,
    /// The last truthful answer.
    heard: Arc<Mutex<String>>,
    /// The header `traceparent` of every request that had one.
    traces: Arc<Mutex<Vec<String>>>,
}

impl Liar {
    pub fn before(witness: &str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let url = format!("http://{}", listener.local_addr().expect("an address"));
        let lie = Arc::new(Mutex::new(Lie::Truth));
        let heard = Arc::new(Mutex::new(String::new()));
        let traces = Arc::new(Mutex::new(Vec::new()));
        let (told, kept, witness) = (Arc::clone(&lie), Arc::clone(&heard), witness.to_owned());
        let traced = Arc::clone(&traces);
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let lie = told.lock().expect("a lie").clone();
                // A client that goes away is none of ours.
                let _gone = answer(stream, &lie, &witness, &kept, &traced);
            }
        });
        Self {
            url,
            lie,
            heard,
            traces,
        }
    }

    pub fn tell(&self, lie: Lie) {
        *self.lie.lock().expect("a lie") = lie;
    }

    pub fn heard(&self) -> String {
        self.heard.lock().expect("an answer").clone()
    }

    pub fn traces(&self) -> Vec<String> {
        self.traces.lock().expect("traces").clone()
    }
}

fn answer(
    mut stream: TcpStream,
    lie: &Lie,
    witness: &str,
    heard: &Mutex<String>,
    traces: &Mutex<Vec<String>>,
) -> std::io::Result<()> {
    stream.set_read_timeout(Some(Duration::from_secs(10)))?;
    let (trace, body) = request(&mut stream)?;
    traces.lock().expect("traces").extend(trace);
    let (status, kind, text) = match lie {
        Lie::Same(status, kind, text) => (*status, (*kind).to_owned(), text.clone()),
        Lie::Truth => {
            let answer = ask(witness, &body);
            if answer.0 == 200 {
                heard.lock().expect("an answer").clone_from(&answer.2);
            }
            answer
        }
        Lie::Of(other) => ask(other, &body),
    };
    let head = format!(
        "HTTP/1.1 {status} x\r\ncontent-type: {kind}\r\ncontent-length: {}\r\nconnection: close\r\n\r\n",
        text.len()
    );
    stream.write_all(head.as_bytes())?;
    stream.write_all(text.as_bytes())
}

/// The header `traceparent`, if any, and the body of a request with a length.
fn request(stream: &mut TcpStream) -> std::io::Result<(Option<String>, Vec<u8>)> {
    let mut read = Vec::new();
    let mut buffer = [0; 4096];
    loop {
        let end = read.windows(4).position(|four| four == b"\r\n\r\n");
        if let Some(end) = end {
            let head = String::from_utf8_lossy(&read[..end]).to_ascii_lowercase();
            let length = head
                .lines()
                .find_map(|line| line.strip_prefix("content-length:"));
            let length: usize = length
                .and_then(|text| text.trim().parse().ok())
                .unwrap_or(0);
            if read.len() >= end + 4 + length {
                let trace = head
                    .lines()
                    .find_map(|line| line.strip_prefix("traceparent:"));
                let trace = trace.map(|trace| trace.trim().to_owned());
                return Ok((trace, read[end + 4..].to_vec()));
            }
        }
        let got = stream.read(&mut buffer)?;
        if got == 0 || read.len() > REQUEST_BYTES_MAX {
            return Err(std::io::ErrorKind::UnexpectedEof.into());
        }
        read.extend_from_slice(&buffer[..got]);
    }
}

/// Status, content type and text that a witness answers; status 0 when it does not.
pub fn ask(witness: &str, body: &[u8]) -> (u16, String, String) {
    let agent: ureq::Agent = ureq::Agent::config_builder()
        .http_status_as_error(false)
        .proxy(None)
        .timeout_global(Some(Duration::from_secs(10)))
        .build()
        .into();
    let answer = agent.post(format!("{witness}/add-checkpoint")).send(body);
    let Ok(mut answer) = answer else {
        return (0, String::new(), String::new());
    };
    let kind = answer.headers().get("content-type");
    let kind = kind
        .and_then(|kind| kind.to_str().ok())
        .unwrap_or_default()
        .to_owned();
    match answer.body_mut().read_to_string() {
        Ok(text) => (answer.status().as_u16(), kind, text),
        Err(_) => (0, kind, String::new()),
    }
}
