//! Takings per line, day and band of fares: the scan that the benchmark `gate` compares with the gate's own work on the same cells.
#![forbid(unsafe_code)]

use yunei_guest::{Result, Values, open, write};

/// Lines are below this.
const LINES: usize = 65;
/// Days from the first.
const DAYS: usize = 28;
/// 2026-01-01 in days since 1970.
const FIRST_DAY: i32 = 20_454;
/// Bands of fares.
const BANDS: usize = 6;
/// Width of a band, in fen.
const BAND_FEN: i64 = 334;

yunei_guest::analysis!(run);

fn run() -> Result<()> {
    let mut cells = vec![(0_i64, 0_i64); LINES * DAYS * BANDS];
    for batch in open("synthetic-takings")?.scan(["line", "day", "fare_fen"])? {
        let batch = batch?;
        let [lines, days, fares] = batch.columns() else {
            continue;
        };
        match (&lines.values, &days.values, &fares.values) {
            (Values::Int32(lines), Values::Date32(days), Values::Int64(fares)) => {
                add(&mut cells, lines, days, fares);
            }
            _ => return Err("the columns have other types".into()),
        }
    }
    let rows = (0_i32..).zip(&cells).filter(|(_, (rides, _))| *rides > 0);
    write(
        "takings",
        ["cell", "rides", "takings_fen"],
        rows.map(|(cell, (rides, fen))| (cell, *rides, *fen)),
    )
}

fn add(cells: &mut [(i64, i64)], lines: &[i32], days: &[i32], fares: &[i64]) {
    for ((line, day), fare) in lines.iter().zip(days).zip(fares) {
        let (Ok(line), Ok(day), Ok(band)) = (
            usize::try_from(*line),
            usize::try_from(day - FIRST_DAY),
            usize::try_from(fare / BAND_FEN),
        ) else {
            continue;
        };
        if day < DAYS
            && band < BANDS
            && let Some((rides, fen)) = cells.get_mut((line * DAYS + day) * BANDS + band)
        {
            *rides += 1;
            *fen = fen.wrapping_add(*fare);
        }
    }
}
