//! Never returns: the deadline ends it. It makes no host call, so nothing but an interruption reaches it.

use std::hint::black_box;
use yunei_guest::{Result, parameter};

yunei_guest::analysis!(run);

fn run() -> Result<()> {
    match parameter::<String>("attack")?.as_str() {
        "count" => (0_u64..u64::MAX).for_each(|n| {
            black_box(n);
        }),
        _ => loop {
            black_box(());
        },
    }
    Ok(())
}
