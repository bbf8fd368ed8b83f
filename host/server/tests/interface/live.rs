//! The live stream, without a network: who is told what, from where on, and until when.

use std::collections::BTreeSet;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::http::{Method, Request};
use futures::{Stream, StreamExt as _};
use serde_json::{Value, json};
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio::time::timeout;
use tower::ServiceExt as _;
use yunei_model::{Clock as _, SystemClock};
use yunei_server::GRACE_SECONDS;

use crate::support::{Town, asked};
use crate::walk::ENTRY;

/// Longest wait for an event.
const EVENT_WAIT_MAX: Duration = Duration::from_secs(120);
/// How long a role lasts that ends in the middle of a stream: on a busy machine it takes a while until that is read.
const ROLE_SECONDS: i64 = 20;
/// Entries that a reader is behind who did not read: more than are kept shared.
const BEHIND: u64 = 1100;
/// How long nothing comes where nothing may come.
const SILENCE: Duration = Duration::from_millis(1500);

/// One event: id, name, data.
#[derive(Debug, Clone, PartialEq)]
struct Event {
    id: u64,
    name: String,
    data: Value,
}

type Frames = Pin<Box<dyn Stream<Item = Result<axum::body::Bytes, axum::Error>> + Send>>;

struct Reader {
    frames: Frames,
}

impl Reader {
    async fn open(town: &Town, query: &str, token: &str, last: Option<u64>) -> Self {
        let mut request = asked(Method::GET, &format!("/api/v1/events{query}"), token);
        if let Some(last) = last {
            request = request.header("last-event-id", last.to_string());
        }
        let response = town.open(request.body(Body::empty()).unwrap()).await;
        assert_eq!(response.status(), 200);
        assert_eq!(response.headers()["content-type"], "text/event-stream");
        let frames = Box::pin(response.into_body().into_data_stream());
        Self { frames }
    }

    /// The next event; `None` at the end of the stream.
    async fn next(&mut self) -> Option<Event> {
        loop {
            let frame = timeout(EVENT_WAIT_MAX, self.frames.next()).await;
            let frame = frame.expect("an event in time")?.unwrap();
            let text = String::from_utf8(frame.to_vec()).unwrap();
            if let Some(event) = parsed(&text) {
                return Some(event);
            }
        }
    }

    /// Events until one that `last` takes.
    async fn until(&mut self, last: impl Fn(&Event) -> bool) -> Vec<Event> {
        let mut seen = Vec::new();
        loop {
            let event = self.next().await.expect("the stream goes on");
            let done = last(&event);
            seen.push(event);
            if done {
                return seen;
            }
        }
    }

    /// Whether no event comes for a while; a heartbeat is none.
    async fn is_silent(&mut self) -> bool {
        let event = async {
            while let Some(Ok(frame)) = self.frames.next().await {
                if parsed(&String::from_utf8_lossy(&frame)).is_some() {
                    return;
                }
            }
        };
        timeout(SILENCE, event).await.is_err()
    }
}

async fn send(town: &Town, request: Request<Body>) -> axum::response::Response {
    town.router.clone().oneshot(request).await.unwrap()
}

fn parsed(text: &str) -> Option<Event> {
    let field = |name: &str| {
        let lines = text.lines();
        lines
            .filter_map(|line| line.strip_prefix(name))
            .next()
            .map(str::trim)
    };
    Some(Event {
        id: field("id:").and_then(|id| id.parse().ok()).unwrap_or(0),
        name: field("event:")?.to_owned(),
        data: serde_json::from_str(field("data:")?).unwrap(),
    })
}

fn kind(event: &Event) -> &str {
    event.data["entry"]["kind"].as_str().unwrap_or_default()
}

struct Live {
    town: Town,
    stop: watch::Sender<bool>,
    task: JoinHandle<()>,
}

impl Live {
    async fn found() -> Self {
        let town = Town::found().await;
        let (stop, stopping) = watch::channel(false);
        let domain = Arc::clone(&town.domain);
        let task = tokio::spawn(async move { domain.run_stream(stopping).await });
        Self { town, stop, task }
    }

    async fn end(self) {
        self.stop.send_replace(true);
        self.task.await.unwrap();
    }

    /// Someone tries to sign in and fails: one entry that is about no resource.
    async fn event(&self) {
        let wrong = json!({ "account": "nobody", "password": "wrong" });
        self.town
            .post("/api/v1/sessions", "", &wrong)
            .await
            .expect(401);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reader_gets_every_entry_once_from_where_it_was() {
    let live = Live::found().await;
    let auditor = live
        .town
        .appoint("auditor", "host", "audit-administrator")
        .await;
    let mut reader = Reader::open(&live.town, "?since=0", &auditor, None).await;
    let begin = reader.next().await.unwrap();
    assert_eq!((begin.id, begin.name.as_str()), (0, "begin"));
    // The reader's own query is on the record, once.
    let seen = reader.until(|event| kind(event) == "queried").await;
    let ids: Vec<u64> = seen.iter().map(|event| event.id).collect();
    assert_eq!(ids, (1..=seen.len() as u64).collect::<Vec<_>>());
    for _ in 0..3 {
        live.event().await;
    }
    let more = reader.until(|event| event.id == ids.len() as u64 + 3).await;
    assert!(more.iter().all(|event| kind(event) == "sign-in-failed"));
    drop(reader);

    // Back after the second of the three: the third, then the query of this connection, and no `queried` of each event.
    let last = more[1].id;
    let mut again = Reader::open(&live.town, "?since=1", &auditor, Some(last)).await;
    assert_eq!(again.next().await.unwrap().id, last);
    let (third, own) = (again.next().await.unwrap(), again.next().await.unwrap());
    assert_eq!((third.id, kind(&third)), (last + 1, "sign-in-failed"));
    assert_eq!((own.id, kind(&own)), (last + 2, "queried"));
    assert!(again.is_silent().await);

    // A filter leaves out, and the numbers stay those of the record.
    let query = "?since=0&kind=sign-in-failed,account-created&decision=allowed";
    let mut filtered = Reader::open(&live.town, query, &auditor, None).await;
    assert_eq!(filtered.next().await.unwrap().name, "begin");
    assert_eq!(kind(&filtered.next().await.unwrap()), "account-created");
    assert!(filtered.is_silent().await);
    live.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn places_and_the_end_of_the_server_end_streams() {
    let live = Live::found().await;
    let town = &live.town;
    let auditor = town.appoint("auditor", "host", "audit-administrator").await;
    let served = crate::serve::served(town).await;
    let head = format!(
        "GET /api/v1/events HTTP/1.1\r\nhost: here\r\nauthorization: Bearer {auditor}\r\n\r\n"
    );
    let mut connections = Vec::new();
    for _ in 0..3 {
        let mut connection = crate::serve::begun(served.address, &head).await;
        assert!(
            crate::serve::answer(&mut connection)
                .await
                .starts_with("HTTP/1.1 200")
        );
        connections.push(connection);
    }
    let began = std::time::Instant::now();
    served.stop.send(()).unwrap();
    served.server.await.unwrap().unwrap();
    assert!(
        began.elapsed() < Duration::from_secs(GRACE_SECONDS - 2),
        "streams hold nothing up"
    );
    for mut connection in connections {
        let mut rest = Vec::new();
        tokio::io::AsyncReadExt::read_to_end(&mut connection, &mut rest)
            .await
            .unwrap();
        let rest = String::from_utf8_lossy(&rest).into_owned();
        assert!(rest.contains(r#"{"code":"shutting-down"}"#), "{rest}");
    }
    live.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_followed_is_refused() {
    let live = Live::found().await;
    let town = &live.town;
    let auditor = town.appoint("auditor", "host", "audit-administrator").await;
    town.organisation("operator-a", "operator").await;
    let alice = town.appoint("alice", "operator-a", "operator").await;
    for (query, token, status) in [
        ("?since=1000000", &auditor, 400),
        ("?since=x", &auditor, 400),
        ("?nonsense=1", &auditor, 400),
        ("?kind=run-released", &alice, 400),
        ("?since=1", &alice, 400),
        ("", &String::new(), 401),
    ] {
        let request = asked(Method::GET, &format!("/api/v1/events{query}"), token);
        let reply = town.send(request.body(Body::empty()).unwrap()).await;
        assert_eq!(reply.status.as_u16(), status, "{query}");
    }
    let system = town.administrator("system");
    let reply = town.get("/api/v1/events", &system).await;
    assert_eq!(reply.expect(403).code(), "forbidden");
    live.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sector_regulator_is_told_of_its_sector_alone() {
    let live = Live::found().await;
    let town = &live.town;
    town.organisation("transport", "source").await;
    town.organisation("sector", "sector").await;
    let sam = town.appoint("sam", "transport", "source").await;
    let register = |name: &str| {
        let text = ENTRY.replace("\"rides\"", &format!("\"{name}\""));
        asked(Method::POST, "/api/v1/resources", &sam)
            .body(Body::from(text))
            .unwrap()
    };
    town.send(register("rides")).await.expect(201);
    town.send(register("stops")).await.expect(201);
    let remit = json!({ "role": "regulator", "remit": { "resources": ["rides"] } });
    let rita = town.appoint_with("rita", "sector", &remit).await;
    let mut reader = Reader::open(town, "?since=0", &rita, None).await;
    let auditor = town.appoint("auditor", "host", "audit-administrator").await;
    town.send(register("taxis")).await.expect(201);
    let import = |name: &str| {
        let path = format!(
            "/api/v1/resources/{name}/snapshots?format=csv&data_as_of=2026-03-02T00:00:00Z"
        );
        asked(Method::POST, &path, &sam)
            .body(Body::from("card,fare\nb,2.5\n"))
            .unwrap()
    };
    town.send(import("stops")).await.expect(201);
    town.send(import("rides")).await.expect(201);
    assert_eq!(reader.next().await.unwrap().name, "begin");
    let seen = reader
        .until(|event| kind(event) == "snapshot-imported")
        .await;
    let of: Vec<_> = seen
        .iter()
        .map(|event| (kind(event), &event.data["entry"]["facts"]["resource"]))
        .collect();
    let rides = json!("rides");
    assert_eq!(
        of,
        [
            ("resource-registered", &rides),
            ("snapshot-imported", &rides)
        ]
    );
    assert!(reader.is_silent().await);

    // The same by query, and by a filter of who may see everything.
    let list = town
        .get("/api/v1/record?limit=1000", &rita)
        .await
        .expect(200);
    let listed: BTreeSet<u64> = positions(&list.json());
    assert_eq!(listed, seen.iter().map(|event| event.id).collect());
    let path = "/api/v1/record?resource=rides&limit=1000";
    let list = town.get(path, &auditor).await.expect(200);
    assert_eq!(positions(&list.json()), listed);
    live.end().await;
}

fn positions(list: &Value) -> BTreeSet<u64> {
    let items = list["items"].as_array().unwrap().iter();
    items
        .map(|item| item["position"].as_u64().unwrap())
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stream_ends_with_its_token_and_with_its_role() {
    let live = Live::found().await;
    let town = &live.town;
    let auditor = town.appoint("auditor", "host", "audit-administrator").await;
    let until = SystemClock.now().plus_seconds(ROLE_SECONDS).as_micros();
    let short = json!({ "role": "audit-administrator", "until": until });
    let brief = town.appoint_with("brief", "host", &short).await;
    let issued = town
        .post("/api/v1/tokens", &auditor, &json!({ "label": "stream" }))
        .await
        .expect(201);
    let mut by_token = Reader::open(town, "", &issued.text("secret"), None).await;
    let mut by_session = Reader::open(town, "", &brief, None).await;
    let began = std::time::Instant::now();
    let path = format!("/api/v1/tokens/{}", issued.text("id"));
    town.delete(&path, &auditor, &json!({})).await.expect(204);
    let told = by_token.until(|event| event.name == "end").await;
    assert!(
        began.elapsed() < Duration::from_secs(10),
        "a revocation takes effect within a second, on a busy machine within ten"
    );
    assert_eq!(
        told.last().unwrap().data,
        json!({ "code": "not-signed-in" })
    );
    assert_eq!(by_token.next().await, None);
    // Another reader goes on, until its role ends.
    live.event().await;
    by_session
        .until(|event| kind(event) == "sign-in-failed")
        .await;
    let told = by_session.until(|event| event.name == "end").await;
    assert_eq!(told.last().unwrap().data, json!({ "code": "forbidden" }));
    live.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_does_not_read_for_a_while_catches_up_from_the_store() {
    let live = Live::found().await;
    let auditor = live
        .town
        .appoint("auditor", "host", "audit-administrator")
        .await;
    live.town.organisation("operator-a", "operator").await;
    let operator = live.town.appoint("alice", "operator-a", "operator").await;
    let mut slow = Reader::open(&live.town, "", &auditor, None).await;
    let begin = slow.next().await.unwrap().id;
    // More than what is kept shared for those at the end of the record.
    let denied = (0..BEHIND).map(|_| {
        let request = asked(Method::GET, "/api/v1/record", "");
        let request = request.header("authorization", format!("Bearer {operator}"));
        send(&live.town, request.body(Body::empty()).unwrap())
    });
    for response in futures::stream::iter(denied)
        .buffer_unordered(8)
        .collect::<Vec<_>>()
        .await
    {
        assert_eq!(response.status(), 403);
    }
    let seen = slow.until(|event| event.id == begin + BEHIND).await;
    let ids: Vec<u64> = seen.iter().map(|event| event.id).collect();
    assert_eq!(ids, (begin + 1..=begin + BEHIND).collect::<Vec<_>>());
    live.end().await;
}
