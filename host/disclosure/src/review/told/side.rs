//! The tables of one spec over the microdata.

use super::super::axis::Axis;
use super::super::columns::Columns;
use super::super::counted::{Counted, Rows};
use super::super::crosstab;
use super::super::frame::Frame;
use super::super::measured::Reader;
use super::super::published::{Grid, Published};
use super::super::spec::Spec;
use super::super::{ReviewError, Tables};
use crate::profile::Profile;

/// The tables of one spec, prepared over the microdata.
pub(super) struct Side<'a> {
    pub(super) spec: &'a Spec,
    pub(super) columns: Columns,
    /// Rows of each table.
    pub(super) kept: Vec<Vec<bool>>,
    /// Dimensions that a table uses.
    axes: Vec<Option<Axis>>,
}

impl<'a> Side<'a> {
    pub(super) fn new(spec: &'a Spec, microdata: &Columns) -> Result<Self, ReviewError> {
        let columns = microdata.clone().with_missing(&spec.missing_values);
        let common = columns.rows_of(&spec.filter)?;
        let mut kept = Vec::with_capacity(spec.tables.len());
        for table in &spec.tables {
            let mut of_table = columns.rows_of(&table.filter)?;
            for (kept, common) in of_table.iter_mut().zip(&common) {
                *kept = *kept && *common;
            }
            kept.push(of_table);
        }
        let mut axes = Vec::with_capacity(spec.dimensions.len());
        for dimension in &spec.dimensions {
            let mut used = vec![false; columns.rows()];
            let mut any = false;
            for (table, kept) in spec.tables.iter().zip(&kept) {
                if table.dimensions.contains(&dimension.name) {
                    any = true;
                    used.iter_mut().zip(kept).for_each(|(u, k)| *u = *u || *k);
                }
            }
            axes.push(
                any.then(|| Axis::new(dimension, &columns, &used))
                    .transpose()?,
            );
        }
        Ok(Self {
            spec,
            columns,
            kept,
            axes,
        })
    }

    pub(super) fn counted(
        &self,
        rows: &Rows,
        profile: &Profile,
    ) -> Result<Vec<Counted<'_>>, ReviewError> {
        let mut reader = Reader::new(&self.columns);
        let mut counted = Vec::with_capacity(self.spec.tables.len());
        for (table, kept) in self.spec.tables.iter().zip(&self.kept) {
            let axes = table
                .dimensions
                .iter()
                .filter_map(|name| {
                    let place = self.spec.dimensions.iter().position(|d| &d.name == name)?;
                    self.axes.get(place)?.as_ref()
                })
                .collect();
            let measures = table
                .measures
                .iter()
                .enumerate()
                .map(|(index, measure)| reader.measure(measure, index))
                .collect::<Result<_, _>>()?;
            let frame = Frame::new(axes)?;
            counted.push(Counted::new(frame, measures, rows, kept, profile)?);
        }
        Ok(counted)
    }

    pub(super) fn grids(&self, profile: &Profile) -> Vec<Vec<Grid>> {
        let tables = self.spec.tables.iter();
        tables.map(|table| Grid::of(table, profile)).collect()
    }

    /// The published tables of the spec, in its order.
    pub(super) fn read(
        &self,
        given: &Tables,
        counted: &[Counted<'_>],
        grids: &[Vec<Grid>],
    ) -> Result<Vec<Published>, ReviewError> {
        if let Some(odd) = given
            .keys()
            .find(|name| !self.spec.tables.iter().any(|t| &t.name == *name))
        {
            return Err(ReviewError::NoTable { table: odd.clone() });
        }
        let tables = self.spec.tables.iter().zip(counted).zip(grids);
        tables
            .map(|((table, counted), grids)| {
                let columns = given
                    .get(&table.name)
                    .ok_or_else(|| ReviewError::NotGiven {
                        table: table.name.clone(),
                    })?;
                match &table.across {
                    Some(across) => {
                        let long = crosstab::long(table, across, columns)?;
                        Published::read(table, &long, counted, grids)
                    }
                    None => Published::read(table, columns, counted, grids),
                }
            })
            .collect()
    }
}
