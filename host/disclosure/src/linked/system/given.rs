//! A system from cells that are described one by one: for tables that have no joint frame, such as those of files.

use std::collections::HashMap;

use super::{Class, MEMBERSHIPS_MAX, System};
use crate::linked::Unlinked;
use crate::linked::quantity::{QUANTITIES_MAX, Quantity};
use crate::rules::real;

/// A cell of a table, described.
pub(crate) struct GivenCell {
    /// Table and cell.
    pub(crate) place: (usize, usize),
    /// Its atoms, rising.
    pub(crate) atoms: Vec<u32>,
    /// Distinct units.
    pub(crate) units: u64,
    /// Rows.
    pub(crate) rows: u64,
    /// Whether it is no margin.
    pub(crate) inner: bool,
    /// Whether it is blank already.
    pub(crate) blank: bool,
    /// Quantities that everybody knows of it, as bits.
    pub(crate) shown: u128,
    /// Quantities that are known of it unless it is blank, as bits: of a table that is yet to be published.
    pub(crate) carried: u128,
    /// How far each quantity could fall for two of its own respondents.
    pub(crate) spare: Vec<f64>,
}

/// Coordinates of atoms: so many per atom, atom by atom.
pub(crate) struct Coordinates {
    pub(crate) fields: usize,
    pub(crate) values: Vec<u64>,
}

impl System {
    /// A system over these atoms and cells.
    pub(in crate::linked) fn given(
        cells: Vec<GivenCell>,
        quantities: Vec<Quantity>,
        coordinates: Coordinates,
    ) -> Result<Self, Unlinked> {
        let atoms = quantities.first().map_or(0, |first| first.values.len());
        let atoms = u32::try_from(atoms).map_err(|_| Unlinked::TooLarge)?;
        if quantities.len() > QUANTITIES_MAX {
            return Err(Unlinked::TooLarge);
        }
        let classes = merged(cells)?;
        let mut classes_of = vec![Vec::new(); atoms as usize];
        for (class, number) in classes.iter().zip(0_u32..) {
            for atom in &class.atoms {
                let of = classes_of.get_mut(*atom as usize);
                of.ok_or(Unlinked::Inconsistent)?.push(number);
            }
        }
        let strides = strides(&coordinates)?;
        let mut by_key = HashMap::with_capacity(atoms as usize);
        let rows = coordinates.values.chunks_exact(coordinates.fields.max(1));
        for (atom, row) in (0..atoms).zip(rows) {
            let key = row.iter().zip(&strides).map(|(c, s)| c * s).sum();
            by_key.insert(key, atom);
        }
        Ok(Self {
            classes,
            classes_of,
            quantities,
            numbers: (0..atoms).collect(),
            fields: coordinates.fields,
            coordinates: coordinates.values,
            strides,
            by_key,
        })
    }
}

/// Cells of the same atoms together.
fn merged(cells: Vec<GivenCell>) -> Result<Vec<Class>, Unlinked> {
    let mut classes: Vec<Class> = Vec::with_capacity(cells.len());
    let mut known: HashMap<Vec<u32>, usize> = HashMap::with_capacity(cells.len());
    let mut memberships = 0_usize;
    for cell in cells {
        memberships += cell.atoms.len();
        if memberships > MEMBERSHIPS_MAX {
            return Err(Unlinked::TooLarge);
        }
        let place = *known.entry(cell.atoms).or_insert_with_key(|atoms| {
            classes.push(Class {
                atoms: atoms.clone(),
                members: Vec::new(),
                cost: 1.0 + (1.0 + real(cell.rows)).log2(),
                blank: false,
                inner: false,
                units: cell.units,
                carried: 0,
                fixed: 0,
                spare: vec![f64::INFINITY; cell.spare.len()],
            });
            classes.len() - 1
        });
        let class = classes.get_mut(place).ok_or(Unlinked::Inconsistent)?;
        class.members.push(cell.place);
        class.inner |= cell.inner;
        class.blank |= cell.blank;
        class.fixed |= cell.shown;
        class.carried |= cell.carried;
        class.units = class.units.min(cell.units);
        for (spare, own) in class.spare.iter_mut().zip(cell.spare) {
            *spare = spare.min(own);
        }
    }
    Ok(classes)
}

/// What each coordinate adds to an atom's key.
fn strides(coordinates: &Coordinates) -> Result<Vec<u64>, Unlinked> {
    let mut most = vec![0_u64; coordinates.fields];
    for row in coordinates.values.chunks_exact(coordinates.fields.max(1)) {
        for (most, coordinate) in most.iter_mut().zip(row) {
            *most = (*most).max(*coordinate);
        }
    }
    let mut stride = 1_u64;
    let mut strides = Vec::with_capacity(most.len());
    for most in most {
        strides.push(stride);
        stride = most
            .checked_add(1)
            .and_then(|extent| stride.checked_mul(extent))
            .ok_or(Unlinked::TooLarge)?;
    }
    Ok(strides)
}
