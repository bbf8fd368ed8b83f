//! Tells what it knows of one data subject through figures, traps, time, and whatever it may keep from one to the next.

use std::hint::black_box;
use std::sync::atomic::{AtomicU32, Ordering};

use yunei_guest::{Batch, Contribution, Result, parameter};

yunei_guest::per_subject!(contribute);

/// Data subjects that this instance was called for before.
static CALLS: AtomicU32 = AtomicU32::new(0);

fn contribute(records: &[Batch]) -> Result<Vec<Contribution>> {
    let record = records.first().ok_or("no record")?;
    let (slot, secret) = record.rows::<(i32, i32)>()?.next().ok_or("no row")?;
    let secret = secret == 1;
    let before = CALLS.fetch_add(1, Ordering::Relaxed);
    let value = match parameter::<String>("attack")?.as_str() {
        // As much as it can for those with the secret, and nothing for the others.
        "presence" => f64::from(u8::from(secret)) * 1e9,
        "full-support" => 100.0 + if secret { 1e6 } else { -1e6 },
        // Everyone but the first of an instance.
        "state" => f64::from(before.min(1)),
        "trap" => {
            assert!(secret, "not this one");
            1.0
        }
        _ => {
            let mut turns = 0_u64;
            while black_box(secret) {
                turns = black_box(turns.wrapping_add(1));
            }
            1.0
        }
    };
    Ok(vec![Contribution {
        cell: slot as u32,
        measure: 0,
        value,
    }])
}
