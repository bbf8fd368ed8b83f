//! A reader of the live stream: server-sent events over a connection of its own, resumed by the last id.

use std::collections::VecDeque;
use std::io::{BufRead as _, BufReader, ErrorKind, Read as _, Write as _};
use std::net::TcpStream;
use std::time::Duration;

use serde_json::Value;

use crate::{Client, StoryError, Told};

/// Longest wait for a connection, or for an answer to begin.
const CONNECT_WAIT_MAX: Duration = Duration::from_secs(180);
/// Bytes of one chunk of an answer at most.
const CHUNK_BYTES_MAX: usize = 4 << 20;

/// One event.
#[derive(Debug, Clone, PartialEq)]
pub struct Event {
    /// Its sequence number, where it has one.
    pub id: Option<u64>,
    /// Its kind: `begin`, `entry`, `run` or `end`.
    pub event: String,
    /// What it tells.
    pub data: Value,
}

/// What came within a wait.
#[derive(Debug, Clone, PartialEq)]
pub enum Came {
    /// An event.
    Event(Event),
    /// Nothing but heartbeats.
    Nothing,
    /// The stream has ended.
    End,
}

/// A stream that is being read.
#[derive(Debug)]
pub struct Events {
    connection: BufReader<TcpStream>,
    text: Vec<u8>,
    ready: VecDeque<Event>,
    /// Comments that have come: heartbeats.
    pub heartbeats: u64,
    over: bool,
}

impl Client {
    /// Follows `path`, which stands below `/api/v1`, after the event `last` if there is one.
    ///
    /// # Errors
    /// The server could not be reached, or answered otherwise than with events.
    pub fn events(&self, path: &str, last: Option<u64>) -> Told<Events> {
        let failed = |error: std::io::Error| StoryError::new(path, error);
        let host = self.url().trim_start_matches("http://");
        let stream = TcpStream::connect(host).map_err(failed)?;
        stream
            .set_read_timeout(Some(CONNECT_WAIT_MAX))
            .map_err(failed)?;
        let mut head =
            format!("GET /api/v1{path} HTTP/1.1\r\nhost: {host}\r\naccept: text/event-stream\r\n");
        if let Some(token) = self.token() {
            head.push_str(&format!("authorization: Bearer {token}\r\n"));
        }
        if let Some(last) = last {
            head.push_str(&format!("last-event-id: {last}\r\n"));
        }
        head.push_str("\r\n");
        let mut connection = BufReader::new(stream);
        connection
            .get_mut()
            .write_all(head.as_bytes())
            .map_err(failed)?;
        let status = line(&mut connection).map_err(failed)?;
        let mut chunked = false;
        loop {
            let header = line(&mut connection).map_err(failed)?;
            chunked |= header.eq_ignore_ascii_case("transfer-encoding: chunked");
            if header.is_empty() {
                break;
            }
        }
        if !status.starts_with("HTTP/1.1 200") || !chunked {
            return Err(StoryError::new(path, status));
        }
        Ok(Events {
            connection,
            text: Vec::new(),
            ready: VecDeque::new(),
            heartbeats: 0,
            over: false,
        })
    }
}

impl Events {
    /// The next event, or that none came within `longest`.
    ///
    /// # Errors
    /// The connection broke within a chunk.
    pub fn next_within(&mut self, longest: Duration) -> Told<Came> {
        loop {
            if let Some(event) = self.ready.pop_front() {
                return Ok(Came::Event(event));
            }
            if self.over {
                return Ok(Came::End);
            }
            let stream = self.connection.get_ref();
            let failed = |error: std::io::Error| StoryError::new("the stream", error);
            stream.set_read_timeout(Some(longest)).map_err(failed)?;
            match self.connection.fill_buf() {
                Ok([]) => self.over = true,
                Ok(_) => {
                    stream_on(&self.connection).map_err(failed)?;
                    // A server that is killed breaks off within a chunk: what came before stands.
                    if self.chunk().is_err() {
                        self.over = true;
                    }
                }
                Err(error)
                    if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) =>
                {
                    return Ok(Came::Nothing);
                }
                Err(_broken) => self.over = true,
            }
        }
    }

    /// The next event; it must come within `longest`.
    ///
    /// # Errors
    /// None came, or the stream ended.
    pub fn expect_within(&mut self, longest: Duration) -> Told<Event> {
        match self.next_within(longest)? {
            Came::Event(event) => Ok(event),
            other => Err(StoryError(format!("{other:?} instead of an event"))),
        }
    }

    /// The connection behind it, for whoever reads it otherwise. Nothing may have been read yet.
    #[must_use]
    pub fn into_connection(self) -> BufReader<TcpStream> {
        self.connection
    }

    fn chunk(&mut self) -> std::io::Result<()> {
        let size = line(&mut self.connection)?;
        let broken = || std::io::Error::from(ErrorKind::InvalidData);
        let size = usize::from_str_radix(&size, 16).map_err(|_| broken())?;
        if size > CHUNK_BYTES_MAX {
            return Err(broken());
        }
        let mut bytes = vec![0; size];
        self.connection.read_exact(&mut bytes)?;
        line(&mut self.connection)?;
        self.over |= size == 0;
        self.text.extend_from_slice(&bytes);
        while let Some(end) = self.text.windows(2).position(|pair| pair == b"\n\n") {
            let block: Vec<u8> = self.text.drain(..end + 2).collect();
            match parsed(&String::from_utf8_lossy(&block)) {
                Some(event) => self.ready.push_back(event),
                None => self.heartbeats += 1,
            }
        }
        Ok(())
    }
}

/// Within a chunk the rest comes at once.
fn stream_on(connection: &BufReader<TcpStream>) -> std::io::Result<()> {
    connection
        .get_ref()
        .set_read_timeout(Some(CONNECT_WAIT_MAX))
}

fn parsed(block: &str) -> Option<Event> {
    let mut event = Event {
        id: None,
        event: String::new(),
        data: Value::Null,
    };
    let mut data = String::new();
    for line in block.lines().filter(|line| !line.is_empty()) {
        let (name, value) = line.split_once(':')?;
        let value = value.strip_prefix(' ').unwrap_or(value);
        match name {
            "id" => event.id = value.parse().ok(),
            "event" => value.clone_into(&mut event.event),
            "data" => data.push_str(value),
            _ => {}
        }
    }
    event.data = serde_json::from_str(&data).ok()?;
    Some(event)
}

/// A line without its end.
fn line(connection: &mut BufReader<TcpStream>) -> std::io::Result<String> {
    let mut line = String::new();
    if connection.read_line(&mut line)? == 0 {
        return Err(ErrorKind::UnexpectedEof.into());
    }
    Ok(line.trim_end().to_owned())
}

#[cfg(test)]
mod tests {
    use super::parsed;

    #[test]
    fn events_are_told_from_heartbeats() {
        let event = parsed("id: 7\nevent: begin\nretry: 2000\ndata: {\"position\":7}\n\n");
        let event = event.expect("an event");
        assert_eq!((event.id, event.event.as_str()), (Some(7), "begin"));
        assert_eq!(event.data["position"], 7);
        assert_eq!(parsed(":\n\n"), None);
    }
}
