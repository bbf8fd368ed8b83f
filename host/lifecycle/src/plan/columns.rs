//! Columns of a view that the gate reads, gathered as they are needed.

use yunei_catalog::{Lookup, MaskKey, ViewColumn, ViewPlan};
use yunei_model::{Field, JOINED_PREFIX, Joined, Mask, Name, Resource, Snapshot};

use super::{NO_FIELD, Table, column, view};
use crate::LifecycleError;

const NO_ROWS: LifecycleError = LifecycleError::Impossible {
    detail: "a joined field of rows that nothing names",
};

/// Columns of one view, gathered as they are needed; the gate sees them unmasked.
pub(crate) struct Columns<'a> {
    pub(crate) resource: &'a Resource,
    pub(crate) taken: Taken,
}

/// What was gathered: over several resources, where one of them was catalogued otherwise before.
#[derive(Default)]
pub(crate) struct Taken {
    columns: Vec<ViewColumn>,
    lookups: Vec<Lookup>,
    /// Snapshots that rows are looked up in.
    snapshots: Vec<Snapshot>,
}

impl<'a> Columns<'a> {
    /// None yet, of one of a run's tables.
    pub(crate) fn of(table: &Table<'a>, tables: &[Table<'_>]) -> Self {
        let taken = Taken {
            snapshots: tables.iter().map(|t| t.snapshot.clone()).collect(),
            ..Taken::default()
        };
        Self {
            resource: table.resource,
            taken,
        }
    }

    /// The position of a field's column, which is read from now on.
    pub(crate) fn position(&mut self, name: &Name) -> Result<usize, LifecycleError> {
        let field = self.resource.field(name).ok_or(NO_FIELD)?;
        match &field.joined {
            Some(joined) => self.taken.joined(field, joined),
            None => Ok(self.taken.own(field)),
        }
    }

    pub(super) fn optional(
        &mut self,
        name: Option<&Name>,
    ) -> Result<Option<usize>, LifecycleError> {
        name.map(|name| self.position(name)).transpose()
    }
}

impl Taken {
    /// Lets rows be looked up in a snapshot.
    pub(crate) fn know(&mut self, snapshot: Snapshot) {
        if self.snapshots.iter().all(|known| known.id != snapshot.id) {
            self.snapshots.push(snapshot);
        }
    }

    /// The view of them over a run's table.
    pub(crate) fn view(self, table: &Table<'_>) -> ViewPlan {
        ViewPlan {
            lookups: self.lookups,
            ..view(table, self.columns, MaskKey::from_bytes([0; 32]))
        }
    }

    fn own(&mut self, field: &Field) -> usize {
        let known = self.columns.iter().position(|c| c.name == field.name);
        known.unwrap_or_else(|| {
            self.columns.push(column(field, Mask::None));
            self.columns.len() - 1
        })
    }

    fn joined(&mut self, field: &Field, joined: &Joined) -> Result<usize, LifecycleError> {
        let rows = joined.rows.as_ref().ok_or(NO_ROWS)?;
        let snapshot = self.snapshots.iter().find(|s| s.id == rows.snapshot);
        let snapshot = snapshot.filter(|s| s.resource == joined.resource && s.key == joined.key);
        let sought = Lookup {
            name: joined.name.clone(),
            by: joined.by.clone(),
            key: joined.key.clone(),
            take: Vec::new(),
            filter: rows.filter.clone(),
            parts: snapshot.ok_or(NO_ROWS)?.parts.clone(),
        };
        let same = |known: &Lookup| {
            (&known.name, &known.by, &known.key) == (&sought.name, &sought.by, &sought.key)
                && (&known.filter, &known.parts) == (&sought.filter, &sought.parts)
        };
        let place = self.lookups.iter().position(same);
        let place = place.unwrap_or_else(|| {
            self.lookups.push(sought.clone());
            self.lookups.len() - 1
        });
        let lookup = self.lookups.get_mut(place).ok_or(NO_ROWS)?;
        let taken = lookup.take.iter().find(|(_, of)| of == &joined.field);
        let taken = taken.map(|(name, _)| name.clone());
        let known = taken.and_then(|name| self.columns.iter().position(|c| c.name == name));
        if let Some(position) = known {
            return Ok(position);
        }
        // The same field may be looked up in two snapshots, so that its own name would not do.
        let name = format!("{JOINED_PREFIX}{}", self.columns.len());
        let name = Name::parse(&name).map_err(|_| NO_FIELD)?;
        lookup.take.push((name.clone(), joined.field.clone()));
        self.columns.push(ViewColumn {
            name,
            ..column(field, Mask::None)
        });
        Ok(self.columns.len() - 1)
    }
}
