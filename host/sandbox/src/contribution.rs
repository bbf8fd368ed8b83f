//! What data subjects contribute, in a form whose size and place tell nothing about them.
//!
//! Every subject has one record of the same number of bytes, whatever became of its call: `cells_per_subject` slots,
//! each a cell (`u32`, little-endian, [`NO_CELL`] where the slot is not used) and one `f64` (little-endian) for each
//! measure. Used slots come first, by rising cell; slots that are not used are zeros behind [`NO_CELL`]. A measure that a
//! module leaves out of a cell that it touches counts as 0 there. Every value is within the bounds of its measure.

use std::sync::Arc;

use thiserror::Error;
use yunei_model::Contribution;

/// The cell of a slot that is not used.
pub const NO_CELL: u32 = u32::MAX;
/// Contributions that the call for one data subject may return; several to one measure of one cell add up.
pub const CONTRIBUTIONS_MAX: usize = 4096;

const CELL_BYTES: usize = size_of::<u32>();
const VALUE_BYTES: usize = size_of::<f64>();

/// One contribution as a guest gives it: positions of cell and measure in the manifest, and a value.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Given {
    /// Position of the cell.
    pub cell: u32,
    /// Position of the measure.
    pub measure: u32,
    /// Value.
    pub value: f64,
}

/// The form of every subject's record.
#[derive(Debug, Clone, PartialEq)]
pub struct RecordForm {
    cells: u32,
    slots: usize,
    bounds: Vec<(f64, f64)>,
    /// The record of a subject whose call gave nothing that counts.
    default: Vec<u8>,
}

impl RecordForm {
    /// The form that a manifest's contribution asks for.
    #[must_use]
    pub fn of(contribution: &Contribution) -> Self {
        let clamped = |m: &yunei_model::ContributionMeasure| m.default.max(m.min).min(m.max);
        let mut form = Self {
            cells: u32::try_from(contribution.cells.len()).unwrap_or(NO_CELL),
            slots: usize::try_from(contribution.cells_per_subject).unwrap_or(usize::MAX),
            bounds: contribution
                .measures
                .iter()
                .map(|m| (m.min, m.max))
                .collect(),
            default: Vec::new(),
        };
        let defaults = contribution.measures.iter().map(clamped).collect();
        let touched = contribution
            .default_position()
            .and_then(|cell| u32::try_from(cell).ok())
            .map(|cell| (cell, defaults));
        let mut default = Vec::with_capacity(form.record_bytes());
        form.write(&mut default, touched.as_slice());
        form.default = default;
        form
    }

    /// Bytes of one subject's record.
    #[must_use]
    pub fn record_bytes(&self) -> usize {
        self.slots.saturating_mul(self.slot_bytes())
    }

    /// Cells of the manifest.
    #[must_use]
    pub const fn cells(&self) -> u32 {
        self.cells
    }

    /// Cells that one subject touches at most.
    #[must_use]
    pub const fn slots(&self) -> usize {
        self.slots
    }

    /// Measures of the manifest.
    #[must_use]
    pub fn measures(&self) -> usize {
        self.bounds.len()
    }

    fn slot_bytes(&self) -> usize {
        CELL_BYTES.saturating_add(VALUE_BYTES.saturating_mul(self.bounds.len()))
    }

    /// What a guest gave, by rising cell, added up and clamped; nothing if it is malformed: a cell or measure that is
    /// not there, a value or sum that is no finite number, too many contributions or cells.
    fn gathered(&self, given: &[Given]) -> Option<Vec<(u32, Vec<f64>)>> {
        if given.len() > CONTRIBUTIONS_MAX {
            return None;
        }
        let mut touched: Vec<(u32, Vec<f64>)> = Vec::with_capacity(self.slots);
        for one in given {
            if one.cell >= self.cells || !one.value.is_finite() {
                return None;
            }
            let place = match touched.iter().position(|(cell, _)| *cell == one.cell) {
                Some(place) => place,
                None if touched.len() < self.slots => {
                    touched.push((one.cell, vec![0.0; self.bounds.len()]));
                    touched.len().saturating_sub(1)
                }
                None => return None,
            };
            let (_, values) = touched.get_mut(place)?;
            let value = values.get_mut(usize::try_from(one.measure).ok()?)?;
            *value += one.value;
        }
        for (_, values) in &mut touched {
            for (value, (min, max)) in values.iter_mut().zip(&self.bounds) {
                if !value.is_finite() {
                    return None;
                }
                // `+ 0.0` makes one zero of two, so that its sign carries nothing.
                *value = value.max(*min).min(*max) + 0.0;
            }
        }
        touched.sort_unstable_by_key(|(cell, _)| *cell);
        Some(touched)
    }

    fn write(&self, into: &mut Vec<u8>, touched: &[(u32, Vec<f64>)]) {
        for slot in 0..self.slots {
            if let Some((cell, values)) = touched.get(slot) {
                into.extend_from_slice(&cell.to_le_bytes());
                for value in values {
                    into.extend_from_slice(&value.to_le_bytes());
                }
            } else {
                into.extend_from_slice(&NO_CELL.to_le_bytes());
                let end = into.len().saturating_add(VALUE_BYTES * self.bounds.len());
                into.resize(end, 0);
            }
        }
    }

    /// Whether a record is one that this module would have written.
    fn holds(&self, record: &[u8]) -> bool {
        let mut before: Option<u32> = None;
        let mut ended = false;
        record.chunks(self.slot_bytes().max(1)).all(|slot| {
            let Some((cell, values)) = split(slot) else {
                return false;
            };
            if cell == NO_CELL {
                ended = true;
                return values.iter().all(|value| *value == [0; VALUE_BYTES]);
            }
            let rises = before.is_none_or(|before| before < cell);
            before = Some(cell);
            !ended
                && rises
                && cell < self.cells
                && values.len() == self.bounds.len()
                && values.iter().zip(&self.bounds).all(|(value, (min, max))| {
                    let value = f64::from_le_bytes(*value);
                    *min <= value && value <= *max
                })
        })
    }
}

/// The cell and the values of a slot.
fn split(slot: &[u8]) -> Option<(u32, &[[u8; VALUE_BYTES]])> {
    let (cell, values) = slot.split_first_chunk::<CELL_BYTES>()?;
    let (values, rest) = values.as_chunks::<VALUE_BYTES>();
    rest.is_empty().then(|| (u32::from_le_bytes(*cell), values))
}

/// Records of data subjects, one after another, in the order in which the subjects came.
#[derive(Clone, PartialEq)]
pub struct Contributions {
    form: Arc<RecordForm>,
    bytes: Vec<u8>,
}

impl Contributions {
    /// No records yet.
    #[must_use]
    pub const fn new(form: Arc<RecordForm>) -> Self {
        Self {
            form,
            bytes: Vec::new(),
        }
    }

    /// Records as they were kept.
    ///
    /// # Errors
    /// [`NoRecords`] when the bytes are not whole records of this form: the cell that wrote them was broken into.
    pub fn from_bytes(form: Arc<RecordForm>, bytes: Vec<u8>) -> Result<Self, NoRecords> {
        let size = form.record_bytes();
        let whole = size > 0 && bytes.len().is_multiple_of(size);
        if whole && bytes.chunks(size).all(|record| form.holds(record)) {
            Ok(Self { form, bytes })
        } else {
            Err(NoRecords)
        }
    }

    /// Adds a subject's record: what its call gave, or the default where that is malformed.
    pub fn push(&mut self, given: &[Given]) {
        match self.form.gathered(given) {
            Some(touched) => self.form.write(&mut self.bytes, &touched),
            None => self.push_default(),
        }
    }

    /// Adds the record of a subject whose call gave nothing that counts.
    pub fn push_default(&mut self) {
        self.bytes.extend_from_slice(&self.form.default);
    }

    /// Number of subjects.
    #[must_use]
    pub fn len(&self) -> usize {
        self.bytes.len() / self.form.record_bytes().max(1)
    }

    /// Whether there is no subject.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.bytes.is_empty()
    }

    /// The records as they are kept.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// The form of each record.
    #[must_use]
    pub fn form(&self) -> &RecordForm {
        &self.form
    }

    /// Each subject's record, in order.
    pub fn records(&self) -> impl Iterator<Item = Record<'_>> {
        let slot_bytes = self.form.slot_bytes();
        self.bytes
            .chunks(self.form.record_bytes().max(1))
            .map(move |bytes| Record { bytes, slot_bytes })
    }
}

/// INVARIANT: shows how many subjects there are, and never what one contributes.
impl std::fmt::Debug for Contributions {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Contributions({} subjects)", self.len())
    }
}

/// One data subject's record.
#[derive(Clone, Copy)]
pub struct Record<'a> {
    bytes: &'a [u8],
    slot_bytes: usize,
}

impl<'a> Record<'a> {
    /// The cells that the subject touches, by rising cell, each with one value per measure.
    pub fn cells(
        &self,
    ) -> impl Iterator<Item = (u32, impl ExactSizeIterator<Item = f64> + 'a)> + 'a {
        self.bytes
            .chunks(self.slot_bytes.max(1))
            .filter_map(split)
            .take_while(|(cell, _)| *cell != NO_CELL)
            .map(|(cell, values)| {
                let values = values.iter().map(|value| f64::from_le_bytes(*value));
                (cell, values)
            })
    }
}

impl std::fmt::Debug for Record<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Record(…)")
    }
}

/// Bytes that are no records of their form.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("the bytes are no records of contributions")]
pub struct NoRecords;

#[cfg(test)]
mod tests;
