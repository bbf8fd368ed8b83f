use std::sync::atomic::{AtomicBool, Ordering};

use axum::Router;
use axum::body::Body;
use axum::middleware::from_fn_with_state;
use axum::routing::post;
use http::StatusCode;
use tokio::sync::Notify;
use tower::ServiceExt as _;

use super::*;

const SMALL: Budget = Budget {
    name: "small",
    body_bytes_max: 10,
    duration_seconds_max: 30,
    at_once_max: 1,
};

/// A handler that says that it has begun, and ends when it is told to.
#[derive(Clone, Default)]
struct Slow {
    begun: Arc<Notify>,
    go_on: Arc<Notify>,
    done: Arc<AtomicBool>,
}

fn guarded(slow: &Slow, change: bool, budget: Budget) -> (Router, Work) {
    let work = Work::default();
    let guarded = Guarded {
        budget,
        places: Arc::new(Semaphore::new(budget.at_once_max)),
        // Whoever finds no place at once is sent away at once.
        wait: Duration::ZERO,
        change: change.then(|| work.clone()),
    };
    let slow = slow.clone();
    let handler = async move || {
        slow.begun.notify_one();
        slow.go_on.notified().await;
        slow.done.store(true, Ordering::SeqCst);
        StatusCode::OK
    };
    let panics = async || -> StatusCode { panic!("on purpose") };
    let router = Router::new()
        .route("/slow", post(handler))
        .route("/panics", post(panics))
        .route_layer(from_fn_with_state(guarded, guard));
    (router, work)
}

async fn call(router: &Router, path: &str) -> StatusCode {
    let request = Request::post(path).body(Body::empty()).unwrap();
    router.clone().oneshot(request).await.unwrap().status()
}

#[tokio::test]
async fn a_change_goes_on_when_the_client_hangs_up() {
    let slow = Slow::default();
    let (router, work) = guarded(&slow, true, SMALL);
    let client = tokio::spawn(async move { call(&router, "/slow").await });
    slow.begun.notified().await;
    client.abort();
    assert!(client.await.unwrap_err().is_cancelled());
    assert!(!slow.done.load(Ordering::SeqCst));
    slow.go_on.notify_one();
    work.done().await;
    assert!(slow.done.load(Ordering::SeqCst));
}

#[tokio::test]
async fn a_question_ends_when_the_client_hangs_up() {
    let slow = Slow::default();
    let (router, _work) = guarded(&slow, false, SMALL);
    let client = tokio::spawn(async move { call(&router, "/slow").await });
    slow.begun.notified().await;
    client.abort();
    assert!(client.await.unwrap_err().is_cancelled());
    // The handler held the other half of its state; it is gone with the request.
    assert_eq!(Arc::strong_count(&slow.done), 1);
}

#[tokio::test]
async fn work_has_an_end() {
    let budget = Budget {
        duration_seconds_max: 0,
        ..SMALL
    };
    for change in [true, false] {
        let slow = Slow::default();
        let (router, _work) = guarded(&slow, change, budget);
        // Nobody tells it to go on.
        assert_eq!(
            call(&router, "/slow").await,
            StatusCode::SERVICE_UNAVAILABLE
        );
        assert!(!slow.done.load(Ordering::SeqCst));
    }
}

#[tokio::test]
async fn who_finds_no_place_is_sent_away() {
    let slow = Slow::default();
    let (router, _work) = guarded(&slow, true, SMALL);
    let first = tokio::spawn({
        let router = router.clone();
        async move { call(&router, "/slow").await }
    });
    slow.begun.notified().await;
    assert_eq!(call(&router, "/slow").await, StatusCode::TOO_MANY_REQUESTS);
    slow.go_on.notify_one();
    assert_eq!(first.await.unwrap(), StatusCode::OK);
    slow.go_on.notify_one();
    assert_eq!(call(&router, "/slow").await, StatusCode::OK);
}

#[tokio::test]
async fn a_change_that_panics_is_answered_and_gives_its_place_back() {
    let slow = Slow::default();
    let (router, work) = guarded(&slow, true, SMALL);
    for _ in 0..3 {
        let status = call(&router, "/panics").await;
        assert_eq!(status, StatusCode::INTERNAL_SERVER_ERROR);
    }
    work.done().await;
}
