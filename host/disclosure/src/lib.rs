//! Statistical disclosure control: rules, profiles, suppression and verdicts.
//!
//! Duty: given rows that the gate has read from a snapshot, accumulate the cells of a fixed frame, hold them against a
//! [`Profile`], blank what fails together with what would give it back, audit the blanks, round, and build the table.
//! Tables on files are held against the same rules in [`review`].
//! The way through: [`Shape`] → [`Accumulator`] → [`Statistics`] → [`judge`] → [`Judgement`].
//!
//! Invariants: the frame's cells and labels are public structure, fixed before a row is read, and every one of them is a row
//! of the table. A cell is blank as a whole or not at all. Nothing is released that is not proven: a blank cell for
//! which no certificate of uncertainty was found and checked makes the whole table stay. A figure that is no number
//! passes no rule. What an author is told comes from public structure alone.
//!
//! Never: I/O, time, randomness; anything that a guest computed; a row's value in an error, a log line or a hint.

mod accumulate;
pub mod alternative;
#[cfg(test)]
mod fixture;
mod judge;
pub mod linked;
mod ordered;
mod profile;
mod regression;
pub mod review;
mod revision;
mod rounding;
mod rules;
mod shape;
mod suppress;

pub use accumulate::{
    AccumulateError, Accumulator, Arrangement, Block, GROUP_CELLS_MAX, Input, Presence, Protection,
    SLOTS_MAX, SUBJECTS_REMEMBERED_MAX, Statistics, SubjectKey, SubjectRows,
};
pub use judge::{CellOutcome, Judgement, Suppression, judge, judge_keeping_blank};
pub use ordered::Ordered;
pub use profile::{
    Alternatives, Ceiling, Class, Complement, DegreesOfFreedom, Dominance, Extremes, Floor,
    Indicator, ModelSize, Negative, PPercent, PriorPosterior, Profile, ProfileError, Rounding,
    RoundingMethod, Settings, Size, SuppressionSettings, Threshold, Zero,
};
pub use regression::{
    Design, DesignColumn, DesignError, Estimates, Examination, Fit, PARAMETERS_MAX, PASSES_MAX,
    RegressionFault, Step, Support, Term, TermValue, judge_regression,
};
pub use revision::{Revision, RevisionOutcome, SUBJECT_ROWS_MAX, SubjectState};
pub use rounding::{round_count, round_figure, round_weighted, weight_unit};
pub use rules::{
    Contributions, Figure, class_disclosure, degrees_of_freedom, dominance, extreme, indicator,
    model_size, negative, p_percent, percentile, prior_posterior, size, threshold, zero,
};
pub use shape::{
    CELLS_MAX, DIMENSIONS_MAX, Dimension, InputRole, InputSlot, MEASURES_MAX, Measure, Shape,
    ShapeError, TOTAL,
};
pub use suppress::{AUDIT_WORK_MAX, Bracket, Pattern, SEARCH_WORK_MAX};
