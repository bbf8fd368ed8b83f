//! A server that answers what a test says, and remembers what it was asked.

use std::collections::HashMap;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::thread::JoinHandle;

/// One request as it came.
#[derive(Debug)]
pub struct Request {
    /// Method and path with its query.
    pub line: String,
    /// Headers, their names in lower case.
    pub headers: HashMap<String, String>,
    /// Body.
    pub body: Vec<u8>,
}

/// A server for so many requests.
pub struct Canned {
    /// Where it is.
    pub url: String,
    requests: JoinHandle<Vec<Request>>,
}

/// An answer in JSON.
pub fn json(status: u16, body: &str) -> String {
    format!(
        "HTTP/1.1 {status} Told\r\ncontent-type: application/json\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{body}",
        body.len()
    )
}

impl Canned {
    /// Answers with these, one after the other.
    pub fn answering(answers: Vec<String>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let requests = std::thread::spawn(move || {
            let take = |answer: String| {
                let (stream, _) = listener.accept().unwrap();
                answered(stream, &answer)
            };
            answers.into_iter().map(take).collect()
        });
        Self { url, requests }
    }

    /// What it was asked, once every answer is given.
    pub fn asked(self) -> Vec<Request> {
        self.requests.join().unwrap()
    }
}

fn answered(stream: TcpStream, answer: &str) -> Request {
    let mut reader = BufReader::new(stream.try_clone().unwrap());
    let mut line = || {
        let mut line = String::new();
        reader.read_line(&mut line).unwrap();
        line.trim_end().to_owned()
    };
    let first = line();
    let mut headers = HashMap::new();
    loop {
        let header = line();
        let Some((name, value)) = header.split_once(':') else {
            break;
        };
        headers.insert(name.to_ascii_lowercase(), value.trim().to_owned());
    }
    let length = headers
        .get("content-length")
        .map_or(0, |length| length.parse().unwrap());
    let mut body = vec![0; length];
    reader.read_exact(&mut body).unwrap();
    (&stream).write_all(answer.as_bytes()).unwrap();
    Request {
        line: first.trim_end_matches(" HTTP/1.1").to_owned(),
        headers,
        body,
    }
}
