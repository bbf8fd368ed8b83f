//! The entry point of `per-subject` modules, and what they contribute.

use crate::bindings::analysis::yunei::guest::tables as wire;
use crate::{Batch, Contribution, Error, ReadRow, Result, Rows, received};

/// Makes `contribute` the entry point of a `per-subject` module. It is called once for each data subject, in an instance
/// of its own that remembers nothing, with all records of that subject and nothing else.
///
/// It takes [`Rows`] of the fields in the manifest's order, or a tuple of them where the manifest reads several
/// resources, in its order; a subject without a record in a resource has no rows of it. `&[Batch]` takes them as they
/// come. It returns one [`Contribution`], an `Option`, array or `Vec` of them, or a [`Result`] of any of these.
///
/// What is returned must fit `[contribution]` of the manifest: cells and measures that are there, finite numbers, no more
/// cells than `cells_per_subject`. Several contributions to one measure of one cell add up; the sum is clamped to the
/// measure's bounds. An error, a panic, or anything that does not fit counts as the manifest's default, and nobody is
/// told: not which subject, not how many.
///
/// ```
/// use yunei_guest::{Contribution, Rows};
///
/// yunei_guest::per_subject!(contribute);
///
/// yunei_guest::category! {
///     /// The manifest's cells.
///     enum Rider { Rare = "up to ten rides", Often = "more" }
/// }
///
/// yunei_guest::category! {
///     /// The manifest's measures.
///     enum Measure { Riders = "riders", Rides = "rides" }
/// }
///
/// /// Each rider counts once, and all its rides, in one of two cells.
/// fn contribute(rides: Rows<'_, (i32,)>) -> [Contribution; 2] {
///     let count = rides.len();
///     let rider = if count <= 10 { Rider::Rare } else { Rider::Often };
///     [Contribution::new(rider, Measure::Riders, 1.0), Contribution::new(rider, Measure::Rides, count as f64)]
/// }
///
/// let rides = yunei_guest::testing::batch(&["hour"], [(7,), (8,), (18,)])?;
/// assert_eq!(contribute(rides.rows()?)[1], Contribution::new(0_u32, 1_u32, 3.0));
/// # Ok::<(), yunei_guest::Error>(())
/// ```
///
/// What depends on parameters is read by a function of its own: in `per_subject!(contribute, with Settings::read)`,
/// `Settings::read` is a `fn() -> Result<Settings>`, and `contribute` takes `&Settings` first. It too is called anew for
/// each subject.
///
/// ```
/// use yunei_guest::{Contribution, Result, Rows, parameter};
///
/// yunei_guest::per_subject!(contribute, with least_minutes);
///
/// fn least_minutes() -> Result<i64> {
///     parameter("least_minutes")
/// }
///
/// /// Long rides of one line, where the lines are text; they borrow from the rows.
/// fn contribute<'a>(least: &i64, rides: Rows<'a, (&'a str, i64)>) -> Option<Contribution> {
///     let long = rides.filter(|(line, minutes)| *line == "602" && minutes >= least).count();
///     (long > 0).then(|| Contribution::new(0_u32, 0_u32, long as f64))
/// }
/// ```
#[macro_export]
macro_rules! per_subject {
    ($contribute:path) => {
        $crate::per_subject!(@ |batches| $crate::contributions(&batches, $contribute));
    };
    ($contribute:path, with $settings:path) => {
        $crate::per_subject!(@ |batches| {
            let settings = $settings()?;
            $crate::contributions(&batches, |records| $contribute(&settings, records))
        });
    };
    (@ |$batches:ident| $contributions:expr) => {
        #[doc(hidden)]
        pub struct YuneiModule;

        impl $crate::bindings::per_subject::Guest for YuneiModule {
            fn contribute(
                records: ::std::vec::Vec<$crate::bindings::per_subject::Batch>,
            ) -> ::std::vec::Vec<$crate::Contribution> {
                let contributions = |$batches: ::std::vec::Vec<$crate::Batch>| -> $crate::Result<::std::vec::Vec<$crate::Contribution>> {
                    $contributions
                };
                $crate::contributed(records, contributions)
            }
        }

        $crate::bindings::per_subject::export_per_subject!(YuneiModule with_types_in $crate::bindings::per_subject);
    };
}

/// A cell or measure by its position in the manifest: a number, or an enumeration made by
/// [`category!`](crate::category).
pub trait Position {
    /// The position, from 0.
    fn position(self) -> u32;
}

impl Position for u32 {
    fn position(self) -> u32 {
        self
    }
}

impl Contribution {
    /// `value` for a measure of a cell.
    pub fn new(cell: impl Position, measure: impl Position, value: f64) -> Self {
        Self {
            cell: cell.position(),
            measure: measure.position(),
            value,
        }
    }
}

/// What the function of a `per-subject` module may take: one subject's records.
pub trait Records<'a>: Sized {
    /// The records out of the batches of all resources.
    ///
    /// # Errors
    /// [`Error::Width`] where there is another number of resources or columns, and those of reading them.
    fn of(batches: &'a [Batch]) -> Result<Self>;
}

impl<'a> Records<'a> for &'a [Batch] {
    fn of(batches: &'a [Batch]) -> Result<Self> {
        Ok(batches)
    }
}

impl<'a, R: ReadRow<'a>> Records<'a> for Rows<'a, R> {
    fn of(batches: &'a [Batch]) -> Result<Self> {
        match batches {
            [batch] => batch.rows(),
            _ => Err(resources(batches, 1)),
        }
    }
}

macro_rules! records {
    ($count:literal: $($row:ident $batch:ident),+) => {
        impl<'a, $($row: ReadRow<'a>),+> Records<'a> for ($(Rows<'a, $row>,)+) {
            fn of(batches: &'a [Batch]) -> Result<Self> {
                match batches {
                    [$($batch),+] => Ok(($($batch.rows()?,)+)),
                    _ => Err(resources(batches, $count)),
                }
            }
        }
    };
}

records!(2: A a, B b);
records!(3: A a, B b, C c);
records!(4: A a, B b, C c, D d);

fn resources(batches: &[Batch], wanted: usize) -> Error {
    let (found, wanted) = (batches.len().to_string(), wanted.to_string());
    Error::Message([&found, " resources, not ", &wanted].concat())
}

/// What the function of a `per-subject` module may return.
pub trait Contributing {
    /// The contributions, or why there are none.
    ///
    /// # Errors
    /// The module's own.
    fn contributions(self) -> Result<Vec<Contribution>>;
}

impl Contributing for Contribution {
    fn contributions(self) -> Result<Vec<Contribution>> {
        Ok(vec![self])
    }
}

impl Contributing for Option<Contribution> {
    fn contributions(self) -> Result<Vec<Contribution>> {
        Ok(self.into_iter().collect())
    }
}

impl<const N: usize> Contributing for [Contribution; N] {
    fn contributions(self) -> Result<Vec<Contribution>> {
        Ok(self.into())
    }
}

impl Contributing for Vec<Contribution> {
    fn contributions(self) -> Result<Vec<Contribution>> {
        Ok(self)
    }
}

impl<C: Contributing> Contributing for Result<C> {
    fn contributions(self) -> Result<Vec<Contribution>> {
        self.and_then(C::contributions)
    }
}

/// One subject's contributions; the body of [`per_subject!`](crate::per_subject).
#[doc(hidden)]
pub fn contributions<'a, I: Records<'a>, C: Contributing>(
    batches: &'a [Batch],
    contribute: impl Fn(I) -> C,
) -> Result<Vec<Contribution>> {
    I::of(batches).and_then(|records| contribute(records).contributions())
}

/// What goes back to the host.
#[doc(hidden)]
pub fn contributed(
    records: Vec<wire::Batch>,
    contributions: impl Fn(Vec<Batch>) -> Result<Vec<Contribution>>,
) -> Vec<Contribution> {
    let batches: Result<Vec<Batch>> = records.into_iter().map(received).collect();
    // The world has no way to report an error: a trap is what becomes the default contribution.
    batches
        .and_then(contributions)
        .unwrap_or_else(|_| std::process::abort())
}
