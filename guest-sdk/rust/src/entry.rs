//! Entry points: one macro per world.

use std::rc::Rc;

use crate::bindings::analysis::yunei::guest::tables as wire;
use crate::{Batch, Column, Error, ReadRow, Result, Rows, WriteRow};

/// Makes `run`, a `fn() -> Result<()>`, the entry point of an `analysis` module.
#[macro_export]
macro_rules! analysis {
    ($run:path) => {
        #[doc(hidden)]
        pub struct YuneiModule;

        impl $crate::bindings::analysis::Guest for YuneiModule {
            fn run() -> ::core::result::Result<(), ::std::string::String> {
                $run().map_err($crate::entry_error)
            }
        }

        $crate::bindings::analysis::export_analysis!(YuneiModule with_types_in $crate::bindings::analysis);
    };
}

/// Makes `derive` the entry point of a `per-row` module: a function from the tuple of a row's values, in the order of
/// the fields in the manifest, to the tuple of derived values, in the order of `[[derived]]`. It may return a
/// [`Result`] of that tuple; an error ends the run.
///
/// A derived number is an `f64` or `Option<f64>`. A derived category is an `int32` column of indices into the
/// manifest's labels: an enumeration made by [`category!`](crate::category), or an `Option` of one. Absent values and
/// indices without a label count as `other`.
///
/// What depends on parameters is read once per batch: in `per_row!(derive, with Settings::read)`, `Settings::read` is a
/// `fn() -> Result<Settings>`, and `derive` takes `&Settings` before the row.
///
/// ```
/// yunei_guest::per_row!(derive);
///
/// fn derive((distance, air_time): (f64, Option<f64>)) -> (Option<f64>,) {
///     (air_time.map(|minutes| distance / minutes * 60.0),)
/// }
///
/// assert_eq!(derive((100.0, Some(30.0))), (Some(200.0),));
/// ```
#[macro_export]
macro_rules! per_row {
    ($derive:path) => {
        $crate::per_row!(@ |batch| $crate::derive_rows(&batch, $derive));
    };
    ($derive:path, with $settings:path) => {
        $crate::per_row!(@ |batch| {
            let settings = $settings()?;
            $crate::derive_rows(&batch, |row| $derive(&settings, row))
        });
    };
    (@ |$batch:ident| $columns:expr) => {
        #[doc(hidden)]
        pub struct YuneiModule;

        impl $crate::bindings::per_row::Guest for YuneiModule {
            fn derive(
                rows: $crate::bindings::per_row::Batch,
            ) -> ::core::result::Result<::std::vec::Vec<$crate::Column>, ::std::string::String>
            {
                let columns = |$batch: $crate::Batch| -> $crate::Result<::std::vec::Vec<$crate::Column>> { $columns };
                $crate::received(rows).and_then(columns).map_err($crate::entry_error)
            }
        }

        $crate::bindings::per_row::export_per_row!(YuneiModule with_types_in $crate::bindings::per_row);
    };
}

/// An enumeration for a derived category, or for the cells or measures of a `per-subject` module; its labels are the
/// manifest's, in the same order.
///
/// ```
/// yunei_guest::category! {
///     /// How far a flight goes.
///     pub enum Haul {
///         Short = "short",
///         Long = "long",
///     }
/// }
/// assert_eq!(Haul::LABELS, ["short", "long"]);
/// ```
#[macro_export]
macro_rules! category {
    ($(#[$meta:meta])* $vis:vis enum $name:ident { $($(#[$of:meta])* $variant:ident = $label:literal),+ $(,)? }) => {
        $(#[$meta])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        $vis enum $name { $($(#[$of])* #[doc = $label] $variant),+ }

        impl $name {
            /// The labels, as in the manifest.
            $vis const LABELS: &'static [&'static str] = &[$($label),+];
        }

        impl $crate::WriteValue for $name {
            const KIND: $crate::Kind = $crate::Kind::Int32;

            fn push(self, column: &mut $crate::ColumnBuilder) {
                $crate::WriteValue::push(self as i32, column);
            }
        }

        impl $crate::Position for $name {
            fn position(self) -> u32 {
                self as u32
            }
        }
    };
}

/// What the function of a `per-row` module may return.
pub trait Derivation {
    /// The derived values.
    type Row: WriteRow;

    /// The derived values, or why there are none.
    ///
    /// # Errors
    /// The module's own.
    fn row(self) -> Result<Self::Row>;
}

impl<R: WriteRow> Derivation for R {
    type Row = R;

    fn row(self) -> Result<R> {
        Ok(self)
    }
}

impl<R: WriteRow> Derivation for Result<R> {
    type Row = R;

    fn row(self) -> Self {
        self
    }
}

/// Derives columns of a batch, row by row; the body of [`per_row!`](crate::per_row).
#[doc(hidden)]
pub fn derive_rows<'a, R: ReadRow<'a>, D: Derivation>(
    batch: &'a Batch,
    derive: impl Fn(R) -> D,
) -> Result<Vec<Column>> {
    let mut columns = D::Row::columns();
    for row in Rows::of(batch)? {
        derive(row).row()?.push(&mut columns);
    }
    Ok(D::Row::take(&mut columns))
}

/// A batch that came without a schema.
#[doc(hidden)]
pub fn received(batch: wire::Batch) -> Result<Batch> {
    Batch::received(batch, &Rc::from([]))
}

/// An error on its way out of the module.
#[doc(hidden)]
#[must_use]
#[expect(clippy::needless_pass_by_value, reason = "`map_err` gives it away")]
pub fn entry_error(error: Error) -> String {
    error.to_string()
}
