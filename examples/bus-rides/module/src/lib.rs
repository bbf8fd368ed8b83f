//! How many rides begin in each district at each hour, and on how many cards?
#![forbid(unsafe_code)]

use std::collections::{BTreeMap, BTreeSet};
use yunei_guest::{Result, Timestamp, open, write};

yunei_guest::analysis!(run);

/// Rides, and the pseudonyms of the cards that made them.
#[derive(Default)]
struct Use {
    rides: i64,
    cards: BTreeSet<String>,
}

fn run() -> Result<()> {
    let mut hours = BTreeMap::<(String, u32), Use>::new();
    for batch in open("synthetic-wuxi-bus")?.scan(["board_district", "boarded_at", "card_id"])? {
        for (district, boarded, card) in batch?.rows::<(String, Timestamp, &str)>()? {
            let hour = hours.entry((district, boarded.hour())).or_default();
            hour.rides += 1;
            if !hour.cards.contains(card) {
                hour.cards.insert(card.to_owned());
            }
        }
    }
    let rows = hours.iter().map(|((district, hour), of)| {
        (
            district.as_str(),
            *hour as i32,
            of.rides,
            of.cards.len() as i64,
        )
    });
    write("rides", ["board_district", "hour", "rides", "cards"], rows)
}
