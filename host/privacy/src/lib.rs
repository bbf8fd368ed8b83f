//! Differential privacy: bounded contributions, noise, and the account of what a population has spent.
//!
//! Duty: given what a `per-subject` module contributed for each data subject, bound it, add it up, add noise once, and build
//! the table with what it promises; and say whether a run still fits the budget of its population.
//! The way through: [`Bounds`] → [`Tally`] → [`Calibration`] → [`Calibration::draw`] → [`table`]; beside it
//! [`charge`] and [`fits`].
//!
//! # What is promised
//!
//! Two snapshots are *neighbours* when one has all rows of one privacy unit more than the other. A unit is a data subject, or a
//! household or enterprise group where the catalogue names one. For every module and every set of tables *S*,
//! P[table of D ∈ S] ≤ e^ε · P[table of D′ ∈ S] + δ (Dwork & Roth, *The Algorithmic Foundations of Differential Privacy*,
//! 2014, definition 2.4), if the module sees one subject at a time and nothing else: what a unit contributes then depends on that
//! unit alone. Changing a unit's rows is taking it out and putting it in again: 2ε at most (ibid., theorem 2.2).
//!
//! # Where the randomness comes from
//!
//! All noise is drawn by `opendp`'s exact samplers for the discrete Laplace and the discrete Gaussian distribution (Canonne,
//! Kamath & Steinke, *The Discrete Gaussian for Differential Privacy*, NeurIPS 2020). Without its feature `use-openssl` they take
//! their bits from `rand`'s generator of the thread: ChaCha20, keyed by the kernel (`getrandom`) in the process that draws, and
//! keyed anew every 64 KiB. The gate is started anew for every run, holds no guest code, and its seccomp list allows `getrandom`
//! and no opening of a file: where the kernel does not answer, the gate fails and nothing leaves. There is no seed that anyone
//! could pass in.
//!
//! Invariants: sums and noise are whole numbers of steps, so neither rounding nor the low bits of a float tell anything (Mironov,
//! *On Significance of the Least Significant Bits for Differential Privacy*, CCS 2012). A sensitivity is computed in whole steps
//! from the manifest alone. A calibration whose privacy, as `opendp`'s own privacy map tells it, exceeds the charge is never
//! given out. A charge is rounded against the budget. Every cell is in the table, and an empty one looks like any other.
//!
//! Never: I/O but for the noise; a seed; a figure without noise in a table, an error, or anything else that leaves; a charge
//! that depends on data.

mod bounds;
mod error;
mod filter;
mod noise;
mod table;
mod tally;

pub use bounds::{Bounds, Lattice};
pub use error::PrivacyError;
pub use filter::{Spent, charge, epsilon_of, fits, rho_of};
pub use noise::{Calibration, Spread};
pub use table::{Beside, Unit, table};
pub use tally::{Tally, UNITS_MAX, UnitKey};

#[cfg(test)]
mod tests;
