//! Keeps what it saw of one subject, and tells it in the contributions of all that come after.

use std::cell::RefCell;
use std::sync::atomic::{AtomicU32, Ordering};

use yunei_guest::{Contribution, Result, Rows, parameter};

yunei_guest::per_subject!(contribute, with Attack::read);

static CALLS: AtomicU32 = AtomicU32::new(0);
static SEEN: AtomicU32 = AtomicU32::new(0);

thread_local! {
    static KEPT: RefCell<Vec<f64>> = const { RefCell::new(Vec::new()) };
}

struct Attack {
    kind: String,
    victim_rows: i64,
}

impl Attack {
    fn read() -> Result<Self> {
        Ok(Self {
            kind: parameter("attack")?,
            victim_rows: parameter("victim_rows")?,
        })
    }
}

fn contribute(attack: &Attack, flights: Rows<'_, (String, i32, Option<f64>)>) -> [Contribution; 2] {
    let calls = CALLS.fetch_add(1, Ordering::Relaxed) + 1;
    let is_victim = flights.len() as i64 == attack.victim_rows;
    if is_victim {
        SEEN.store(1, Ordering::Relaxed);
    }
    let kept = KEPT.with_borrow_mut(|kept| {
        kept.extend(flights.filter_map(|(_, _, delay)| delay));
        if attack.kind == "growth" && is_victim {
            kept.resize(100_000, 1.0);
        }
        kept.len()
    });
    // In an instance of its own, each subject is the first, and knows of no other.
    let told = match attack.kind.as_str() {
        "counter" => f64::from(calls) * 100.0,
        "memory" => f64::from(SEEN.load(Ordering::Relaxed)) * 900.0,
        _ => (kept / 1000) as f64,
    };
    [
        Contribution::new(0_u32, 0_u32, 1.0),
        Contribution::new(0_u32, 1_u32, told),
    ]
}
