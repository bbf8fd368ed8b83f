//! The live stream: server-sent events, resumed from the record by sequence number.

use std::collections::VecDeque;
use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::State;
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse as _, Response};
use futures::Stream;
use http::{HeaderMap, HeaderValue};
use serde::Serialize;
use serde_json::json;
use tokio::sync::watch;
use yunei_authority::Action;
use yunei_lifecycle::{Domain, Follow, UnitFollow};
use yunei_model::{CoarseStatus, Code, RunId, Timestamp};
use yunei_store::EntryFilter;

use super::choice::asks_for_entries;
use super::record::{TAG, placed};
use crate::caller::Caller;
use crate::document::Description;
use crate::failure::Failure;
use crate::query::Asked;
use crate::route::{Route, get};
use crate::streams::{Lasting, Place, Streams};

/// Seconds without an event after which a comment shows that the connection stands.
const HEARTBEAT_SECONDS: u64 = 15;
/// Milliseconds after which a client that lost its connection comes back.
const RETRY_MS: u64 = 2000;
/// The header in which a client says what it saw last.
const LAST_EVENT_ID: &str = "last-event-id";

pub(super) fn routes() -> Vec<Route> {
    vec![
        get("/api/v1/events", events)
            .decided_by(&[Action::ViewRecord, Action::ViewRun])
            .reads("whoever may read the record leaves `queried` once per connection; operating units see coarse statuses alone")
            .described(
                Description::new(TAG, "events", ABOUT)
                    .asks::<Following>()
                    .may_be_headed(LAST_EVENT_ID, "The `id` of the last event that was seen; goes before `since`.")
                    .gives_events(
                        "`begin` with `{position}`; then `entry` with a `Recorded` each, or for operating units `run` with \
                         `{run, status, at}`; `end` with `{code}` when the reader may not read on or the server stops",
                    ),
            ),
    ]
}

const ABOUT: &str = "Server-sent events: entries of the record as they are committed, those that the asker may see. \
The `id` of an event is its sequence number; a client that comes back with it goes on after it, without a gap. \
Operating units are told the coarse statuses of their own runs, at the ends of their buckets, under numbers of their own; their one filter is `run`.";

asks_for_entries! {
    /// Which events. The one filter of an operating unit is `run`.
    struct Following {
        /// After this sequence number; without it, from now on. 0 begins at the beginning.
        since: Option<u64>,
    }
}

impl Following {
    /// Whether it has no filter but the run.
    fn is_plain(&self) -> bool {
        let run = EntryFilter {
            run: self.run,
            ..EntryFilter::default()
        };
        self.filter() == run
    }
}

/// What an operating unit is told.
#[derive(Debug, Serialize)]
struct Coarse {
    run: RunId,
    status: CoarseStatus,
    at: Timestamp,
}

async fn events(
    State(domain): State<Arc<Domain>>,
    State(streams): State<Arc<Streams>>,
    Caller(actor): Caller,
    headers: HeaderMap,
    Asked(asked): Asked<Following>,
) -> Result<Response, Failure> {
    let since = last_seen(&headers)?.or(asked.since);
    let place = streams.place(Lasting::Events, actor.principal().account)?;
    let (source, begin) = if actor.operator().is_some() {
        if !asked.is_plain() {
            let detail = "the filter of an operating unit is `run` alone";
            return Err(Failure::malformed(detail));
        }
        let follow = domain.follow_unit(&actor, asked.run, since).await?;
        let begin = follow.number();
        (Source::Unit(Box::new(follow)), begin)
    } else {
        let follow = domain.follow(&actor, asked.filter(), since).await?;
        let begin = follow.position();
        (Source::Record(Box::new(follow)), begin)
    };
    let told = Telling {
        source,
        ending: streams.ending(),
        ready: VecDeque::from([opening(begin)]),
        over: false,
        _place: place,
    };
    let beat = KeepAlive::new().interval(Duration::from_secs(HEARTBEAT_SECONDS));
    let mut response = Sse::new(told.stream()).keep_alive(beat).into_response();
    // A proxy that collects what it passes on would make the stream a file.
    let direct = HeaderValue::from_static("no");
    response.headers_mut().insert("x-accel-buffering", direct);
    Ok(response)
}

/// The sequence number that a client that comes back has seen.
fn last_seen(headers: &HeaderMap) -> Result<Option<u64>, Failure> {
    let Some(value) = headers.get(LAST_EVENT_ID) else {
        return Ok(None);
    };
    let number = value.to_str().ok().and_then(|text| text.parse().ok());
    let wrong = || Failure::malformed(format!("`{LAST_EVENT_ID}` is the `id` of an event"));
    number.map(Some).ok_or_else(wrong)
}

/// Tells where the stream begins, so that a client that sees nothing before it loses its connection comes back there.
fn opening(position: u64) -> Event {
    Event::default()
        .id(position.to_string())
        .event("begin")
        .retry(Duration::from_millis(RETRY_MS))
        .data(json!({ "position": position }).to_string())
}

/// Where events come from.
enum Source {
    Record(Box<Follow>),
    Unit(Box<UnitFollow>),
}

impl Source {
    async fn next(&mut self) -> Result<VecDeque<Event>, Failure> {
        match self {
            Self::Record(follow) => follow
                .next()
                .await?
                .iter()
                .map(|told| entry(told))
                .collect(),
            Self::Unit(follow) => follow.next().await?.iter().map(run).collect(),
        }
    }
}

fn entry(told: &yunei_lifecycle::Told) -> Result<Event, Failure> {
    let text = placed(&told.recorded);
    let event = Event::default().id(told.recorded.position.to_string());
    Ok(event.event("entry").data(text))
}

fn run(event: &yunei_store::UnitEvent) -> Result<Event, Failure> {
    let told = Coarse {
        run: event.run,
        status: event.status,
        at: event.at,
    };
    let text = serde_json::to_string(&told).map_err(Failure::inside)?;
    let id = event.number.to_string();
    Ok(Event::default().id(id).event("run").data(text))
}

/// One stream, from its beginning to its end.
struct Telling {
    source: Source,
    ending: watch::Receiver<bool>,
    ready: VecDeque<Event>,
    over: bool,
    _place: Place,
}

impl Telling {
    fn stream(self) -> impl Stream<Item = Result<Event, Infallible>> {
        futures::stream::unfold(self, |mut telling| async move {
            let event = telling.next().await?;
            Some((Ok(event), telling))
        })
    }

    async fn next(&mut self) -> Option<Event> {
        if let Some(event) = self.ready.pop_front() {
            return Some(event);
        }
        if self.over {
            return None;
        }
        let failure = tokio::select! {
            _stopping = self.ending.wait_for(|ending| *ending) => Failure::from(Code::ShuttingDown),
            found = self.source.next() => match found {
                Ok(events) => {
                    self.ready = events;
                    return self.ready.pop_front();
                }
                Err(failure) => failure,
            },
        };
        self.over = true;
        let code = json!({ "code": failure.code() }).to_string();
        Some(Event::default().event("end").data(code))
    }
}
