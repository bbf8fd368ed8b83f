//! Opening a view: its plan is checked against its parts once, and reads are planned from it.

use std::fs::File;
use std::sync::Arc;

use arrow::datatypes::{Field, Schema, SchemaRef};
use datafusion::common::Result;
use datafusion::prelude::SessionContext;
use yunei_model::{FIELDS_MAX, Mask, Name};

use super::barrier::Governed;
use super::lookup::LookedUp;
use super::mask::Masker;
use super::part::Descriptors;
use super::stored::Stored;
use super::{LOOKUPS_MAX, ViewColumn, ViewError, ViewField, ViewOptions, ViewPlan, masked_type};
use crate::column::arrow_type;
use crate::entry::mask_fits;

/// A view that is ready to be read.
#[derive(Debug)]
pub(super) struct View {
    fields: Vec<ViewField>,
    schema: SchemaRef,
    /// Where each column is, and its mask.
    columns: Vec<(Place, Mask)>,
    masker: Masker,
    own: Stored,
    lookups: Vec<LookedUp>,
    rows: u64,
}

/// Where a column is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    /// At a position of the view's own parts.
    Own(usize),
    /// In a table that is looked up: which one, and the position in its parts.
    LookedUp(usize, usize),
}

impl View {
    pub(super) fn open(
        plan: ViewPlan,
        files: Vec<File>,
        store: &Arc<Descriptors>,
        session: &SessionContext,
        options: &ViewOptions,
    ) -> std::result::Result<Self, ViewError> {
        let view = &plan.name;
        for (count, what, limit) in [
            (plan.columns.len(), "columns of a view", FIELDS_MAX),
            (plan.lookups.len(), "tables looked up in", LOOKUPS_MAX),
        ] {
            if count > limit {
                return Err(ViewError::TooMany { what, limit });
            }
        }
        let parts = plan.all_parts().count();
        if parts != files.len() || plan.parts.is_empty() {
            return Err(ViewError::Descriptors {
                view: view.clone(),
                parts,
                files: files.len(),
            });
        }
        let at = (store, session);
        let mut files = files.into_iter();
        let mut of = |parts: &[yunei_model::Part]| -> Vec<File> {
            files.by_ref().take(parts.len()).collect()
        };
        let own = of(&plan.parts);
        let own = Stored::open(view, plan.filter.clone(), &plan.parts, own, at, options)?;
        let mut lookups = Vec::with_capacity(plan.lookups.len());
        for lookup in &plan.lookups {
            let files = of(&lookup.parts);
            lookups.push(LookedUp::open(view, &own, lookup, files, at, options)?);
        }
        let columns = bind(&plan, own.schema(), &lookups)?;
        let fields: Vec<ViewField> = plan.columns.iter().map(seen).collect();
        let arrow_fields = fields
            .iter()
            .map(|f| Field::new(&f.name, arrow_type(f.kind), f.nullable));
        Ok(Self {
            schema: Arc::new(Schema::new(arrow_fields.collect::<Vec<_>>())),
            fields,
            columns,
            masker: Masker::new(&plan.mask_key),
            rows: plan.parts.iter().map(|p| p.rows).sum(),
            own,
            lookups,
        })
    }

    pub(super) fn fields(&self) -> &[ViewField] {
        &self.fields
    }

    pub(super) const fn rows(&self) -> u64 {
        self.rows
    }

    pub(super) const fn schema(&self) -> &SchemaRef {
        &self.schema
    }

    /// Checks positions that a guest asks for.
    pub(super) fn check(&self, columns: &[usize]) -> std::result::Result<(), ViewError> {
        let mut asked = vec![false; self.fields.len()];
        for position in columns.iter().copied() {
            match asked.get_mut(position) {
                None => {
                    return Err(ViewError::Position {
                        position,
                        columns: self.fields.len(),
                    });
                }
                Some(true) => return Err(ViewError::PositionTwice { position }),
                Some(asked) => *asked = true,
            }
        }
        Ok(())
    }

    /// A plan that reads `columns` of the view: parts in order, then row filter, then what is looked up, then masks.
    pub(super) fn scan(&self, columns: &[usize]) -> Result<Arc<Governed>> {
        let bound: Vec<&(Place, Mask)> = columns
            .iter()
            .filter_map(|c| self.columns.get(*c))
            .collect();
        let of_table = |table: usize| -> Vec<usize> {
            let mut taken: Vec<usize> = Vec::new();
            for (place, _) in &bound {
                match place {
                    Place::LookedUp(of, at) if *of == table && !taken.contains(at) => {
                        taken.push(*at);
                    }
                    _ => {}
                }
            }
            taken
        };
        let looked_up: Vec<(usize, &LookedUp, Vec<usize>)> = self
            .lookups
            .iter()
            .enumerate()
            .map(|(index, lookup)| (index, lookup, of_table(index)))
            .filter(|(_, _, taken)| !taken.is_empty())
            .collect();
        let own = bound.iter().filter_map(|(place, _)| match place {
            Place::Own(at) => Some(*at),
            Place::LookedUp(..) => None,
        });
        let by = looked_up.iter().flat_map(|(_, lookup, _)| lookup.by());
        let (inner, read) = self.own.read(own.chain(by.copied()))?;
        let mut places: Vec<Place> = read.iter().map(|at| Place::Own(*at)).collect();
        let mut joins = Vec::with_capacity(looked_up.len());
        for (index, lookup, taken) in looked_up {
            joins.push(lookup.join(&read, &taken)?);
            places.extend(taken.into_iter().map(|at| Place::LookedUp(index, at)));
        }
        let outputs = bound
            .iter()
            .filter_map(|(place, mask)| {
                let at = places.iter().position(|known| known == place)?;
                Some((at, mask.clone()))
            })
            .collect();
        let schema = Arc::new(self.schema.project(columns)?);
        Ok(Arc::new(Governed::new(
            inner,
            joins,
            schema,
            outputs,
            self.masker.clone(),
        )))
    }
}

/// Places and masks of a plan's columns, checked.
fn bind(
    plan: &ViewPlan,
    own: &Schema,
    lookups: &[LookedUp],
) -> std::result::Result<Vec<(Place, Mask)>, ViewError> {
    let view = &plan.name;
    let mut bound = Vec::with_capacity(plan.columns.len());
    for (index, column) in plan.columns.iter().enumerate() {
        let name: &Name = &column.name;
        if plan.columns.iter().take(index).any(|c| &c.name == name) {
            return Err(ViewError::ColumnTwice {
                view: view.clone(),
                column: name.clone(),
            });
        }
        if column.mask == Mask::Withhold {
            return Err(ViewError::Withheld {
                view: view.clone(),
                column: name.clone(),
            });
        }
        if !mask_fits(&column.mask, column.kind) {
            return Err(ViewError::Mask {
                view: view.clone(),
                column: name.clone(),
            });
        }
        let place = place(column, own, lookups).ok_or_else(|| ViewError::Column {
            view: view.clone(),
            column: name.clone(),
            kind: column.kind,
        })?;
        bound.push((place, column.mask.clone()));
    }
    Ok(bound)
}

/// Where a column is; `None` where no place holds what the plan says of it.
fn place(column: &ViewColumn, own: &Schema, lookups: &[LookedUp]) -> Option<Place> {
    let agrees = |field: &Field| field.data_type() == &arrow_type(column.kind);
    let tables = lookups.iter().enumerate();
    let mut found = tables.filter_map(|(table, lookup)| {
        let (at, field) = lookup.column(&column.name)?;
        // What is looked up may be absent, whatever it is there.
        (agrees(field) && column.nullable).then_some(Place::LookedUp(table, at))
    });
    if let Some(place) = found.next() {
        return Some(place);
    }
    let (at, field) = own.fields().find(column.name.as_str())?;
    // A column that may hold nothing must not be promised to hold something.
    let agrees = agrees(field) && (column.nullable || !field.is_nullable());
    agrees.then_some(Place::Own(at))
}

fn seen(column: &ViewColumn) -> ViewField {
    ViewField {
        name: column.name.to_string(),
        kind: masked_type(column.kind, &column.mask),
        nullable: column.nullable,
    }
}
