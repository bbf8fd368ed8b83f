use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpListener};
use std::path::Path;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, channel};

use cap_std::ambient_authority;
use cap_std::fs::Dir;
use yunei_authority::Authority;
use yunei_ledger::Kind;
use yunei_model::{AlertSubject, FixedClock, Limits, MessageState, Name, RandomIds, Timestamp};
use yunei_store::{EntryFilter, Page};
use zeroize::Zeroizing;

use super::{ATTEMPTS_MAX, AlertRule, Alerting, Webhook, signature};
use crate::{Domain, FileKeyStore, RequestTrace, Settings};

const SECRET: &[u8] = b"a secret of more than sixteen bytes";
const NOON: Timestamp = Timestamp::from_micros(1_790_000_000_000_000);

fn name(text: &str) -> Name {
    Name::parse(text).unwrap()
}

fn rule(name: &str, when: &str) -> AlertRule {
    let text = format!(
        "name = \"{name}\"\nlevel = \"warning\"\ntitle = {{ zh = \"甲\", en = \"a\" }}\n\
        advice = {{ zh = \"甲\", en = \"a\" }}\n[when]\n{when}"
    );
    AlertRule::parse(&text).unwrap()
}

fn sign_in(count: u64) -> AlertRule {
    rule(
        "sign-in",
        &format!("kind = \"sign-in\"\ncount = {count}\nwindow_seconds = 60"),
    )
}

pub(crate) async fn open(path: &Path, clock: &Arc<FixedClock>, alerting: Alerting) -> Arc<Domain> {
    let data = Dir::open_ambient_dir(path, ambient_authority()).unwrap();
    data.create_dir_all("keys").unwrap();
    let keys = FileKeyStore::open(data.open_dir("keys").unwrap()).unwrap();
    let settings = Settings {
        data,
        data_path: path.to_owned(),
        program: "/nonexistent/yunei".into(),
        authority: Authority::builtin().unwrap(),
        profile: include_str!("../../../../policies/disclosure/yunei.toml").to_owned(),
        log_name: "test.example/log".to_owned(),
        limits: Limits::default(),
        keys: Arc::new(keys),
        clock: Arc::clone(clock) as Arc<dyn yunei_model::Clock>,
        ids: Arc::new(RandomIds),
        cadence: crate::CADENCE_DEFAULT,
        witnesses: None,
    };
    Arc::new(Domain::open(settings).await.unwrap().with_alerts(alerting))
}

async fn fail_to_sign_in(domain: &Domain, times: u64) {
    for _ in 0..times {
        let (nobody, trace) = (name("nobody"), RequestTrace::default());
        domain.sign_in(&nobody, "wrong", &trace).await.unwrap_err();
    }
}

async fn raised(domain: &Domain) -> u64 {
    let filter = EntryFilter {
        kinds: vec![Kind::AlertRaised],
        ..EntryFilter::default()
    };
    let entries = domain
        .store
        .entries(&filter, Page::first(100))
        .await
        .unwrap();
    entries.len() as u64
}

#[tokio::test(flavor = "multi_thread")]
async fn a_burst_raises_one_alert_across_a_restart_and_a_spread_one_none() {
    let place = tempfile::tempdir().unwrap();
    let clock = Arc::new(FixedClock::at(NOON));
    let alerting = || Alerting::new(vec![sign_in(3)], Vec::new()).unwrap();
    let domain = open(place.path(), &clock, alerting()).await;
    fail_to_sign_in(&domain, 2).await;
    assert_eq!(domain.watch_record().await.unwrap(), 0);
    // Outside the window of the first two.
    clock.advance_seconds(61);
    fail_to_sign_in(&domain, 1).await;
    assert_eq!(domain.watch_record().await.unwrap(), 0);
    // Two more within it: seen by the next start, which goes on where this one stopped.
    fail_to_sign_in(&domain, 2).await;
    domain.shut_down().await.unwrap();
    drop(domain);
    let domain = open(place.path(), &clock, alerting()).await;
    assert_eq!(domain.watch_record().await.unwrap(), 1);
    fail_to_sign_in(&domain, 3).await;
    assert_eq!(domain.watch_record().await.unwrap(), 0, "one is open");
    assert_eq!(raised(&domain).await, 1);
    let alert = domain
        .store
        .alerts(true, Page::first(10))
        .await
        .unwrap()
        .remove(0);
    assert_eq!(alert.subject, AlertSubject::SignIn);
    assert_eq!(alert.figures[&name("failures")], 3);
    domain.shut_down().await.unwrap();
    // Read once more from the beginning, as after a cursor that was lost.
    drop(domain);
    let domain = open(place.path(), &clock, alerting()).await;
    let mut change = domain.store.begin().await.unwrap();
    change.keep_alert_progress(0).await.unwrap();
    change.commit().await.unwrap();
    assert_eq!(domain.watch_record().await.unwrap(), 0);
    assert_eq!(raised(&domain).await, 1);
    domain.shut_down().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn entries_without_a_checkpoint_raise_an_alert() {
    let place = tempfile::tempdir().unwrap();
    let clock = Arc::new(FixedClock::at(NOON));
    let lag = rule("lag", "kind = \"checkpoint-lag\"\nseconds = 30");
    let alerting = Alerting::new(vec![lag], Vec::new()).unwrap();
    let domain = open(place.path(), &clock, alerting).await;
    fail_to_sign_in(&domain, 1).await;
    domain.sequence_now().await.unwrap();
    clock.advance_seconds(1000);
    assert_eq!(
        domain.watch_record().await.unwrap(),
        0,
        "all of it is covered"
    );
    fail_to_sign_in(&domain, 1).await;
    clock.advance_seconds(29);
    assert_eq!(domain.watch_record().await.unwrap(), 0);
    clock.advance_seconds(1);
    assert_eq!(domain.watch_record().await.unwrap(), 1);
    let alert = domain
        .store
        .alerts(true, Page::first(10))
        .await
        .unwrap()
        .remove(0);
    assert_eq!(alert.subject, AlertSubject::Log);
    assert_eq!(alert.figures[&name("lag_seconds")], 30);
    domain.shut_down().await.unwrap();
}

/// A request as it came.
struct Got {
    headers: Vec<(String, String)>,
    body: Vec<u8>,
}

impl Got {
    fn header(&self, name: &str) -> &str {
        let found = self.headers.iter().find(|(known, _)| known == name);
        &found.unwrap().1
    }
}

/// Answers every request with `status`.
fn receiver(status: u16) -> (SocketAddr, Receiver<Got>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let (sender, got) = channel();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let mut reader = BufReader::new(stream.try_clone().unwrap());
            let mut headers = Vec::new();
            loop {
                let mut line = String::new();
                reader.read_line(&mut line).unwrap();
                let Some((name, value)) = line.trim().split_once(": ") else {
                    if line.trim().is_empty() {
                        break;
                    }
                    continue;
                };
                headers.push((name.to_ascii_lowercase(), value.to_owned()));
            }
            let length = headers.iter().find(|(name, _)| name == "content-length");
            let mut body = vec![0; length.unwrap().1.parse().unwrap()];
            reader.read_exact(&mut body).unwrap();
            let answer =
                format!("HTTP/1.1 {status} x\r\ncontent-length: 0\r\nconnection: close\r\n\r\n");
            // Before the answer: whoever has that looks for it.
            if sender.send(Got { headers, body }).is_err() {
                return;
            }
            stream.write_all(answer.as_bytes()).unwrap();
        }
    });
    (address, got)
}

fn webhook(called: &str, address: SocketAddr) -> Webhook {
    let address = format!("http://{address}/hook").parse().unwrap();
    Webhook::new(name(called), address, Zeroizing::new(SECRET.to_vec())).unwrap()
}

/// In order, each under its number, signed over the bytes that came.
fn in_order_and_signed(messages: &[Got]) {
    let rules: Vec<String> = messages
        .iter()
        .map(|got| serde_json::from_slice::<serde_json::Value>(&got.body).unwrap())
        .map(|body| body["alert"]["rule"].as_str().unwrap().to_owned())
        .collect();
    assert_eq!(rules, ["sign-in", "again"]);
    let seconds = NOON.as_micros() / 1_000_000;
    for got in messages {
        assert_eq!(
            got.header("yunei-signature"),
            signature(SECRET, seconds, &got.body)
        );
        assert_ne!(
            got.header("yunei-signature"),
            signature(b"another", seconds, &got.body)
        );
    }
    assert_ne!(
        messages[0].header("yunei-message"),
        messages[1].header("yunei-message")
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_is_tried_again_later_and_dead_at_last_and_the_next_one_goes_on() {
    let place = tempfile::tempdir().unwrap();
    let clock = Arc::new(FixedClock::at(NOON));
    let (good, taken) = receiver(204);
    let (bad, refused) = receiver(503);
    let webhooks = vec![webhook("good", good), webhook("bad", bad)];
    let alerting = Alerting::new(
        vec![
            sign_in(1),
            rule(
                "again",
                "kind = \"sign-in\"\ncount = 2\nwindow_seconds = 60",
            ),
        ],
        webhooks,
    );
    let domain = open(place.path(), &clock, alerting.unwrap()).await;
    fail_to_sign_in(&domain, 2).await;
    assert_eq!(domain.watch_record().await.unwrap(), 2);
    assert_eq!(domain.deliver_alerts().await.unwrap(), 2);

    in_order_and_signed(&taken.try_iter().collect::<Vec<Got>>());

    // Not before it is due; the second one waits for the first.
    assert_eq!(refused.try_iter().count(), 1);
    domain.deliver_alerts().await.unwrap();
    assert_eq!(refused.try_iter().count(), 0);
    for _ in 1..ATTEMPTS_MAX {
        clock.advance_seconds(900);
        domain.deliver_alerts().await.unwrap();
    }
    let alerts = domain.store.alerts(true, Page::first(10)).await.unwrap();
    // Both were raised within one millisecond: their ids tell no order.
    let of = async |rule: &str| {
        let alert = alerts
            .iter()
            .find(|alert| alert.rule == name(rule))
            .unwrap();
        let messages = domain.store.messages_about(alert.id).await.unwrap();
        messages
            .into_iter()
            .find(|m| m.webhook == name("bad"))
            .unwrap()
    };
    let dead = of("sign-in").await;
    assert_eq!(
        (dead.state, dead.attempts),
        (MessageState::Dead, ATTEMPTS_MAX)
    );
    assert_eq!(dead.answer.as_deref(), Some("status 503"));
    assert_eq!(of("again").await.attempts, 0, "its turn comes now");
    domain.deliver_alerts().await.unwrap();
    assert_eq!(of("again").await.attempts, 1);
    assert_eq!(
        taken.try_iter().count(),
        0,
        "what was taken is not sent again"
    );
    domain.shut_down().await.unwrap();
}

#[test]
fn one_name_stands_once() {
    let twice = Alerting::new(vec![sign_in(1), sign_in(2)], Vec::new());
    assert!(
        twice
            .unwrap_err()
            .to_string()
            .contains("`sign-in` stands twice")
    );
}
