//! Write analytics modules for Yunei, the authorized operation domain for public data.
//!
//! A module is a WebAssembly component that runs inside the domain. It sees what a grant names, and nothing else: no
//! files, no clock, no network. What it writes is sealed; the release gate decides what of it may leave.
//!
//! Duty: typed access to granted columns, outputs, parameters and the journal, and the entry point of each world:
//!
//! | world | macro | your function |
//! |---|---|---|
//! | `analysis` | [`analysis!`] | `fn run() -> Result<()>` reads tables, writes outputs |
//! | `per-row` | [`per_row!`] | `fn derive(row: (A, B)) -> (C, D)` turns the values of one row into derived ones |
//! | `per-subject` | [`per_subject!`] | `fn contribute(rows: Rows<'_, (A, B)>) -> Vec<Contribution>` turns all rows of one data subject into what it contributes |
//!
//! A whole module, which counts flights and averages their delay:
//!
//! ```
//! use std::collections::BTreeMap;
//! use yunei_guest::{Result, Summary, open, write};
//!
//! yunei_guest::analysis!(run);
//!
//! fn run() -> Result<()> {
//!     let mut delays = BTreeMap::<(String, i32), Summary>::new();
//!     for batch in open("flights")?.scan(["carrier", "month", "dep_delay"])? {
//!         for (carrier, month, delay) in batch?.rows::<(&str, i32, Option<f64>)>()? {
//!             delays.entry((carrier.to_owned(), month)).or_default().add(delay);
//!         }
//!     }
//!     let rows = delays.iter().map(|((carrier, month), d)| (carrier.as_str(), *month, d.rows(), d.mean()));
//!     write("delays", ["carrier", "month", "flights", "mean_delay"], rows)
//! }
//!
//! // Outside the domain the same function runs against tables made up on the spot.
//! let outcome = yunei_guest::testing::Domain::new()
//!     .table("flights", ["carrier", "month", "dep_delay"], [("UA", 1, Some(2.0)), ("UA", 1, Some(4.0)), ("AA", 2, None)])
//!     .run(run)?;
//! let released: Vec<(&str, i32, i64, Option<f64>)> = outcome.output("delays")?.rows()?.collect();
//! assert_eq!(released, [("AA", 2, 1, None), ("UA", 1, 2, Some(3.0))]);
//! # Ok::<(), yunei_guest::Error>(())
//! ```
//!
//! Invariants: a value is read as the type it has, or the module ends with an error that names the column; an absent
//! value is never read as zero. Nothing here needs `unsafe` in a module.
//!
//! Never: WASI, threads, an Arrow library; no formatting of floating-point numbers, which would double a module's size.

#[doc(hidden)]
pub mod bindings;

mod calendar;
mod column;
mod contribute;
mod entry;
mod error;
#[cfg(target_arch = "wasm32")]
mod host;
mod input;
mod journal;
mod output;
mod read;
mod summary;
mod table;
#[cfg(not(target_arch = "wasm32"))]
pub mod testing;
mod write;

#[cfg(not(target_arch = "wasm32"))]
use testing::host;

pub use bindings::analysis::yunei::guest::tables::{Column, Field, Kind, Values, VarBytes};
pub use bindings::per_subject::Contribution;
pub use calendar::{Date, Decimal, Timestamp};
pub use contribute::{Contributing, Position, Records};
#[doc(hidden)]
pub use contribute::{contributed, contributions};
pub use entry::Derivation;
#[doc(hidden)]
pub use entry::{derive_rows, entry_error, received};
pub use error::{Error, Result};
pub use input::Parameter;
pub use journal::{Level, note};
pub use output::{Output, write};
pub use read::{ReadRow, ReadValue, Rows};
pub use summary::Summary;
pub use table::{Batch, Scan, Table, open, sql};
pub use write::{ColumnBuilder, WriteRow, WriteValue};

pub use input::parameter;
