//! What the programs of the benchmarks have in common.
//!
//! Duty: end a program as `cargo xtask bench` reads it, numbers that look random, and the view that a module has of the synthetic takings.
//!
//! Invariants: the same seed gives the same numbers on every machine.
//!
//! Never: ship with Yunei; measure anything.

use std::fmt::{Debug, Display};
use std::fs::File;
use std::path::Path;
use std::process::ExitCode;

use thiserror::Error;
use yunei_catalog::{MaskKey, ViewColumn, ViewPlan};
use yunei_model::{Digest, FieldType, Mask, Name, NameError, Part};

/// The resource of which `scan` and `trace` sum rows.
const TAKINGS: &str = "synthetic-takings";
/// Its columns that are summed by, and summed.
const COLUMNS: [(&str, FieldType); 2] =
    [("line", FieldType::Int32), ("fare_fen", FieldType::Int64)];

/// Why there is no view.
#[derive(Debug, Error)]
pub enum TakingsError {
    /// A part cannot be opened.
    #[error("a part")]
    Part(#[from] std::io::Error),
    /// A name is none.
    #[error("a name")]
    Name(#[from] NameError),
}

/// A view of lines and fares in these parts (rows and file of each), unmasked, with the files opened.
///
/// # Errors
/// [`TakingsError`] for a file that cannot be opened.
pub fn takings<P: AsRef<Path>>(parts: &[(u64, P)]) -> Result<(ViewPlan, Vec<File>), TakingsError> {
    let (mut files, mut planned) = (Vec::new(), Vec::new());
    for (rows, path) in parts {
        let file = File::open(path)?;
        let bytes = file.metadata()?.len();
        files.push(file);
        planned.push(Part {
            // No room looks at it.
            digest: Digest::of(b""),
            rows: *rows,
            bytes,
        });
    }
    let column = |(name, kind)| -> Result<ViewColumn, NameError> {
        Ok(ViewColumn {
            name: Name::parse(name)?,
            kind,
            nullable: false,
            mask: Mask::None,
        })
    };
    let plan = ViewPlan {
        name: Name::parse(TAKINGS)?,
        columns: COLUMNS.into_iter().map(column).collect::<Result<_, _>>()?,
        filter: Vec::new(),
        mask_key: MaskKey::from_bytes([0; 32]),
        parts: planned,
        lookups: Vec::new(),
    };
    Ok((plan, files))
}

/// Ends a program: what it measured on the standard output, or why it did not.
pub fn ended<T: Display, E: Display + Debug>(outcome: Result<T, E>) -> ExitCode {
    match outcome {
        Ok(told) => {
            println!("{told}");
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("error: {error}: {error:?}");
            ExitCode::FAILURE
        }
    }
}

/// Numbers that look random and are always the same: `SplitMix64` (Steele, Lea, Flood 2014).
#[derive(Debug)]
pub struct SplitMix(u64);

impl SplitMix {
    /// The numbers of a seed.
    #[must_use]
    pub const fn of(seed: u64) -> Self {
        Self(seed)
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    /// A number below `bound`, by the high bits of a product.
    pub fn below(&mut self, bound: u64) -> u64 {
        let wide = u128::from(self.next()) * u128::from(bound);
        u64::try_from(wide >> 64).unwrap_or(0)
    }
}
