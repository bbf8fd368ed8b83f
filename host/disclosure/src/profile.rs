//! Profiles: the thresholds of one body of practice, as data, with the exact meaning of each boundary.

use serde::{Deserialize, Serialize};
use thiserror::Error;
use yunei_model::{Digest, Name, Text};

/// Bytes of a profile's file at most.
const PROFILE_BYTES_MAX: usize = 64 << 10;
/// Contributors that an (n,k) rule may name at most: as many as the accumulator keeps.
pub(crate) const CONTRIBUTORS_MAX: usize = 3;
/// Bound of the indicator rule at most: as many values as the accumulator tells apart.
pub(crate) const INDICATOR_MAX: u64 = crate::accumulate::VALUES_MAX as u64;

/// When a value that has to be large enough fails.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Floor {
    /// Fails when `value < bound`.
    Below,
    /// Fails when `value ≤ bound`.
    AtOrBelow,
}

impl Floor {
    /// Whether `value` fails against `bound`. What cannot be compared fails.
    #[must_use]
    pub fn fails(self, value: f64, bound: f64) -> bool {
        use std::cmp::Ordering::{Equal, Greater, Less};
        match value.partial_cmp(&bound) {
            Some(Less) | None => true,
            Some(Equal) => self == Self::AtOrBelow,
            Some(Greater) => false,
        }
    }
}

/// When a value that has to be small enough fails.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Ceiling {
    /// Fails when `value ≥ bound`.
    AtOrAbove,
    /// Fails when `value > bound`.
    Above,
}

impl Ceiling {
    /// Whether `value` fails against `bound`. What cannot be compared fails.
    #[must_use]
    pub fn fails(self, value: f64, bound: f64) -> bool {
        use std::cmp::Ordering::{Equal, Greater, Less};
        match value.partial_cmp(&bound) {
            Some(Greater) | None => true,
            Some(Equal) => self == Self::AtOrAbove,
            Some(Less) => false,
        }
    }
}

macro_rules! section {
    ($(#[$meta:meta])* $name:ident { $($(#[$field_meta:meta])* $field:ident: $kind:ty),+ $(,)? }) => {
        $(#[$meta])*
        #[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
        #[serde(deny_unknown_fields)]
        pub struct $name { $($(#[$field_meta])* pub $field: $kind),+ }
    };
}

section! {
    /// The threshold rule: distinct subjects in a cell that is not empty.
    Threshold {
        /// The bound t.
        minimum: u64,
        /// Its boundary.
        fails: Floor,
    }
}
section! {
    /// The zero rule.
    Zero {
        /// Whether an empty cell fails.
        disclosive: bool,
    }
}
section! {
    /// The (n,k) dominance rule.
    Dominance {
        /// n, 1 to 3.
        contributors: usize,
        /// k, as a share of the total.
        share: f64,
        /// Its boundary.
        fails: Ceiling,
    }
}
section! {
    /// The p% rule.
    PPercent {
        /// p, as a share of the largest contribution.
        share: f64,
        /// Its boundary.
        fails: Floor,
    }
}
section! {
    /// The prior–posterior (p,q) rule.
    PriorPosterior {
        /// p.
        p: f64,
        /// q.
        q: f64,
        /// Its boundary.
        fails: Floor,
    }
}
section! {
    /// What happens where contributions are negative, so that dominance is not defined.
    Negative {
        /// Outcome.
        outcome: yunei_model::Status,
    }
}
section! {
    /// Class disclosure.
    Class {
        /// Whether a group that is 0 % or 100 % in a class fails.
        disclosive: bool,
    }
}
section! {
    /// Units that are unlike nearly all others of a cell.
    Indicator {
        /// The bound t.
        minimum: u64,
        /// Its boundary.
        fails: Floor,
    }
}
section! {
    /// What lies between two figures of one column: the rows that they weigh differently.
    Complement {
        /// Whether it is held against the rules itself.
        disclosive: bool,
    }
}
section! {
    /// Residual degrees of freedom.
    DegreesOfFreedom {
        /// The bound d.
        minimum: u64,
        /// Its boundary.
        fails: Floor,
        /// Whether means and ratios in tables are held to it, with n − 1.
        tables: bool,
    }
}
section! {
    /// Size of a model: parameters over observations.
    ModelSize {
        /// r.
        share: f64,
        /// Its boundary.
        fails: Ceiling,
    }
}
section! {
    /// Extremes and percentiles.
    Extremes {
        /// Whether minima and maxima may be released.
        released: bool,
        /// Fewest subjects on either side of a percentile.
        percentile_side_minimum: u64,
    }
}

/// How counts are rounded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum RoundingMethod {
    /// To the nearest multiple of the base; halves go up.
    Nearest,
    /// `⌈x/b⌉·b − b/2·[x≠0]`.
    Midpoint,
}

/// Rounding of what is released.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rounding {
    /// Method for counts.
    pub method: RoundingMethod,
    /// Base for counts.
    pub base: u64,
    /// Significant digits of every other figure; all of them when absent.
    #[serde(default)]
    pub figure_digits: Option<u32>,
}

impl Rounding {
    /// Whether figures can be rounded so: a base of 1 to 10⁶, an even one for midpoints, and 1 to 17 digits.
    #[must_use]
    pub fn is_sound(&self) -> bool {
        (1..=1_000_000).contains(&self.base)
            && (self.method == RoundingMethod::Nearest || self.base.is_multiple_of(2))
            && self.figure_digits.is_none_or(|d| (1..=17).contains(&d))
    }
}

section! {
    /// Size of a released table.
    Size {
        /// Rows at most.
        rows_max: u64,
        /// Bytes at most: of labels, and 8 for each number.
        bytes_max: u64,
    }
}
section! {
    /// How wide the uncertainty about a blank cell must stay, and how much may be blank.
    SuppressionSettings {
        /// Least width of the interval about a count, in subjects and in rows.
        interval_count: u64,
        /// Least distance of either end of the interval about a magnitude, as a share of the largest contribution.
        interval_share: f64,
        /// Greatest share of the cells that are not empty that may be blank in a released table.
        suppressed_share_max: f64,
    }
}

section! {
    /// What a manifest may ask for instead of blanks.
    Alternatives {
        /// Base that all counts are rounded to; 0 where rounding is no alternative.
        round_base: u64,
        /// Greatest keyed noise on a count; 0 where noise is no alternative.
        noise_max: u64,
    }
}

/// The settings of a profile, section by section as in its file.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// Name.
    pub name: Name,
    /// What people read.
    pub title: Text,
    /// Where the thresholds come from.
    pub origin: String,
    /// Threshold rule.
    pub threshold: Threshold,
    /// Zero rule.
    pub zero: Zero,
    /// (n,k) rule.
    #[serde(default)]
    pub dominance: Option<Dominance>,
    /// p% rule.
    #[serde(default)]
    pub p_percent: Option<PPercent>,
    /// Prior–posterior rule.
    #[serde(default)]
    pub prior_posterior: Option<PriorPosterior>,
    /// Negative contributions.
    #[serde(default)]
    pub negative: Option<Negative>,
    /// Class disclosure.
    #[serde(default)]
    pub class: Option<Class>,
    /// Units unlike the others.
    #[serde(default)]
    pub indicator: Option<Indicator>,
    /// Differences of two figures.
    #[serde(default)]
    pub complement: Option<Complement>,
    /// Degrees of freedom.
    #[serde(default)]
    pub degrees_of_freedom: Option<DegreesOfFreedom>,
    /// Model size.
    #[serde(default)]
    pub model_size: Option<ModelSize>,
    /// Extremes and percentiles.
    #[serde(default)]
    pub extremes: Option<Extremes>,
    /// Rounding.
    #[serde(default)]
    pub rounding: Option<Rounding>,
    /// Size.
    #[serde(default)]
    pub size: Option<Size>,
    /// Suppression.
    pub suppression: SuppressionSettings,
    /// Alternatives to suppression; none of those with figures of their own when absent.
    #[serde(default)]
    pub alternatives: Option<Alternatives>,
}

impl Settings {
    /// The rules that a cell of a table is held against, in the order of the profile's sections; the names are those of its figures.
    #[must_use]
    pub fn rules(&self) -> Vec<Name> {
        let tables = |rule: &DegreesOfFreedom| rule.tables;
        let rules = [
            ("threshold", true),
            ("zero", self.zero.disclosive),
            ("dominance", self.dominance.is_some()),
            ("p-percent", self.p_percent.is_some()),
            ("prior-posterior", self.prior_posterior.is_some()),
            ("negative", self.negative.is_some()),
            ("class", self.class.is_some_and(|class| class.disclosive)),
            ("indicator", self.indicator.is_some()),
            ("complement", self.complement.is_some_and(|c| c.disclosive)),
            (
                "degrees-of-freedom",
                self.degrees_of_freedom.as_ref().is_some_and(tables),
            ),
            ("rounding", self.rounding.is_some()),
            ("size", self.size.is_some()),
            ("suppression", true),
        ];
        let applied = rules.iter().filter(|(_, applied)| *applied);
        applied
            .filter_map(|(rule, _)| Name::parse(rule).ok())
            .collect()
    }
}

/// A profile and the digest of the file that it was read from.
#[derive(Debug, Clone, PartialEq)]
pub struct Profile {
    settings: Settings,
    digest: Digest,
}

impl Profile {
    /// Parses a profile's file (`policies/disclosure/*.toml`).
    ///
    /// # Errors
    /// [`ProfileError`] when it is no TOML of a profile's shape, or a bound makes no sense.
    pub fn parse(text: &str) -> Result<Self, ProfileError> {
        if text.len() > PROFILE_BYTES_MAX {
            return Err(ProfileError::TooLong { bytes: text.len() });
        }
        let settings: Settings = toml::from_str(text).map_err(|source| ProfileError::Syntax {
            reason: source.message().to_owned(),
        })?;
        let broken = broken_bounds(&settings);
        if broken.is_empty() {
            Ok(Self {
                settings,
                digest: Digest::of(text.as_bytes()),
            })
        } else {
            Err(ProfileError::Bounds { broken })
        }
    }

    /// The name.
    #[must_use]
    pub const fn name(&self) -> &Name {
        &self.settings.name
    }

    /// The settings.
    #[must_use]
    pub const fn settings(&self) -> &Settings {
        &self.settings
    }

    /// SHA-256 of the file, as it stands in every decision.
    #[must_use]
    pub const fn digest(&self) -> Digest {
        self.digest
    }
}

fn broken_bounds(settings: &Settings) -> Vec<&'static str> {
    let share = |value: f64| value > 0.0 && value <= 1.0;
    let rounding = |holds: &dyn Fn(&Rounding) -> bool| settings.rounding.as_ref().is_none_or(holds);
    let suppression = settings.suppression;
    let checks = [
        (settings.threshold.minimum >= 1, "threshold.minimum"),
        (
            settings
                .indicator
                .is_none_or(|i| (1..=INDICATOR_MAX).contains(&i.minimum)),
            "indicator.minimum",
        ),
        (
            settings
                .dominance
                .is_none_or(|d| (1..=CONTRIBUTORS_MAX).contains(&d.contributors)),
            "dominance.contributors",
        ),
        (
            settings.dominance.is_none_or(|d| share(d.share)),
            "dominance.share",
        ),
        (
            settings.p_percent.is_none_or(|p| share(p.share)),
            "p_percent.share",
        ),
        (
            settings
                .prior_posterior
                .is_none_or(|r| r.p > 0.0 && r.q > 0.0 && r.p.is_finite() && r.q.is_finite()),
            "prior_posterior",
        ),
        (
            settings.model_size.is_none_or(|m| share(m.share)),
            "model_size.share",
        ),
        (
            rounding(&|r| r.base >= 1 && r.base <= 1_000_000),
            "rounding.base",
        ),
        (
            rounding(&|r| r.method == RoundingMethod::Nearest || r.base.is_multiple_of(2)),
            "rounding.base (midpoint needs an even one)",
        ),
        (
            rounding(&|r| r.figure_digits.is_none_or(|d| (1..=17).contains(&d))),
            "rounding.figure_digits",
        ),
        (
            suppression.interval_count >= 1,
            "suppression.interval_count",
        ),
        (
            share(suppression.interval_share),
            "suppression.interval_share",
        ),
        (
            settings
                .alternatives
                .is_none_or(|a| a.round_base <= 1_000_000 && a.noise_max <= 1_000_000),
            "alternatives",
        ),
        (
            share(suppression.suppressed_share_max),
            "suppression.suppressed_share_max",
        ),
    ];
    checks
        .iter()
        .filter_map(|(holds, field)| (!holds).then_some(*field))
        .collect()
}

/// Why a profile cannot stand.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum ProfileError {
    /// Longer than a profile can be.
    #[error("a profile has at most {PROFILE_BYTES_MAX} bytes, this one has {bytes}")]
    TooLong {
        /// Bytes.
        bytes: usize,
    },
    /// Not TOML, or not of a profile's shape.
    #[error("the profile cannot be read: {reason}")]
    Syntax {
        /// What the parser said.
        reason: String,
    },
    /// Bounds that make no sense.
    #[error("the profile has bounds that make no sense: {}", broken.join(", "))]
    Bounds {
        /// Each such field.
        broken: Vec<&'static str>,
    },
}

#[cfg(test)]
mod tests;
