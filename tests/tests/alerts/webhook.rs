//! A webhook's receiver, as somebody would write it by the documentation alone.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpListener;
use std::sync::mpsc::{Receiver, channel};
use std::time::SystemTime;

use hmac::{Hmac, Mac};
use serde_json::Value;
use sha2::Sha256;

/// The secret that it shares with the domain.
pub const SECRET: &str = "a secret of more than sixteen bytes";

/// What the webhook got: seconds and signature, number, body.
pub struct Got {
    signature: String,
    pub number: u64,
    /// The header `traceparent`; empty without one.
    pub trace: String,
    body: Vec<u8>,
}

impl Got {
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).expect("JSON")
    }

    /// Checks the signature as a receiver does.
    pub fn check(&self) {
        let (seconds, told) = self.signature.split_once(",v1=").expect("two parts");
        let seconds = seconds.strip_prefix("t=").expect("a time");
        let mut mac = <Hmac<Sha256> as Mac>::new_from_slice(SECRET.as_bytes()).expect("a key");
        mac.update(seconds.as_bytes());
        mac.update(b".");
        mac.update(&self.body);
        let told = hex::decode(told).expect("hexadecimal");
        mac.verify_slice(&told).expect("the signature holds");
        let now = SystemTime::now()
            .duration_since(SystemTime::UNIX_EPOCH)
            .expect("a clock");
        let seconds: u64 = seconds.parse().expect("seconds");
        assert!(now.as_secs().abs_diff(seconds) < 300, "{seconds}");
    }
}

/// Answers as `statuses` say, and well afterwards; what was answered well is told.
pub fn receive(listener: TcpListener, statuses: Vec<u16>) -> Receiver<Got> {
    let (sender, receiver) = channel();
    std::thread::spawn(move || {
        let mut statuses = statuses.into_iter();
        for stream in listener.incoming().flatten() {
            let status = statuses.next().unwrap_or(200);
            let got = answer(stream, status);
            if let Some(got) = got.filter(|_| status == 200)
                && sender.send(got).is_err()
            {
                return;
            }
        }
    });
    receiver
}

fn answer(mut stream: std::net::TcpStream, status: u16) -> Option<Got> {
    let mut reader = BufReader::new(stream.try_clone().ok()?);
    let (mut signature, mut number, mut length) = (String::new(), 0, 0);
    let mut trace = String::new();
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).ok()?;
        if line.trim().is_empty() {
            break;
        }
        let (name, value) = line.trim().split_once(':').unwrap_or(("", ""));
        let value = value.trim();
        match name.to_ascii_lowercase().as_str() {
            "yunei-signature" => signature = value.to_owned(),
            "traceparent" => trace = value.to_owned(),
            "yunei-message" => number = value.parse().ok()?,
            "content-length" => length = value.parse().ok()?,
            _ => {}
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).ok()?;
    let head = format!("HTTP/1.1 {status} x\r\ncontent-length: 0\r\nconnection: close\r\n\r\n");
    stream.write_all(head.as_bytes()).ok()?;
    Some(Got {
        signature,
        number,
        trace,
        body,
    })
}
