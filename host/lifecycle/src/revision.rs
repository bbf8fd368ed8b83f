//! What the gate needs to hold a revision against the earlier editions of its period.

use yunei_catalog::{Lookup, ViewPlan};
use yunei_model::{Edition, Name, Release, Run, Snapshot, Table, Value};
use yunei_rooms::{OutputPlan, RevisionPlan, TableFiles};

use crate::prepared::Prepared;
use crate::{Domain, LifecycleError};

/// An earlier edition of a run's period, with what the gate compares with.
struct Earlier {
    run: Run,
    releases: Vec<Release>,
}

impl Domain {
    /// For each output that the gate computes anew, how to compare it; with the parts in the order of the plans. Nothing for a run that
    /// revises nothing.
    pub(crate) async fn revision_plans(
        &self,
        prepared: &Prepared,
        views: &[ViewPlan],
        outputs: &[OutputPlan],
    ) -> Result<(Vec<RevisionPlan>, Vec<TableFiles>), LifecycleError> {
        let mut earlier = Vec::new();
        for (edition, run) in self.editions_revised(&prepared.run).await? {
            earlier.push(self.earlier(edition, run).await?);
        }
        let (mut plans, mut files) = (Vec::new(), Vec::new());
        if earlier.is_empty() {
            return Ok((plans, files));
        }
        for output in outputs {
            let Some(now) = output.view.and_then(|view| views.get(view)) else {
                continue;
            };
            let Some(snapshot) = self.snapshot_of(&prepared.run, &now.name).await? else {
                return Err(LifecycleError::Impossible {
                    detail: "a run without its snapshot",
                });
            };
            let before = self
                .views_before(prepared, output, now, &snapshot, &earlier)
                .await?;
            files.push(self.open_view(now)?);
            let blank = blank_rows(&output.name, output.dimensions.len(), &earlier);
            let mut plan = RevisionPlan {
                output: output.name.clone(),
                now: now.clone(),
                before: Vec::new(),
                blank,
            };
            for view in before.into_iter().flatten() {
                files.push(self.open_view(&view)?);
                plan.before.push(view);
            }
            plans.push(plan);
        }
        Ok((plans, files))
    }

    async fn earlier(&self, edition: Edition, run: Run) -> Result<Earlier, LifecycleError> {
        let releases = self.store.releases_of_run(edition.run).await?;
        Ok(Earlier { run, releases })
    }

    /// The view of one output over the snapshot of each earlier edition. None when the gate cannot compare with one of them: the rows were
    /// chosen otherwise, or have another schema, or the output was not released.
    async fn views_before(
        &self,
        prepared: &Prepared,
        output: &OutputPlan,
        now: &ViewPlan,
        snapshot: &Snapshot,
        earlier: &[Earlier],
    ) -> Result<Option<Vec<ViewPlan>>, LifecycleError> {
        let granted = prepared.capability.tables();
        let granted = granted.iter().find(|t| t.resource() == &now.name);
        let mut before = Vec::with_capacity(earlier.len());
        for earlier in earlier {
            let run = &earlier.run;
            let grant = self
                .store
                .grant_version(run.grant, run.grant_version)
                .await?;
            let terms = grant.map(|grant| grant.terms);
            let filter_of = |name: &Name| {
                let granted = terms.as_ref().and_then(|terms| terms.resource(name));
                granted.map(|granted| granted.filter.clone())
            };
            let filter = filter_of(&now.name);
            let read = self.snapshot_of(run, &now.name).await?;
            let comparable = run.module_digest == prepared.run.module_digest
                && run.parameters == prepared.run.parameters
                && run.period == prepared.run.period
                && filter.as_deref() == granted.map(|g| g.filter())
                && earlier.releases.iter().any(|r| r.output == output.name);
            let read = read.filter(|read| read.schema_version == snapshot.schema_version);
            let (true, Some(read)) = (comparable, read) else {
                return Ok(None);
            };
            let mut lookups = Vec::with_capacity(now.lookups.len());
            for lookup in &now.lookups {
                // What rows found then may be another than what they find now, and moves them from cell to cell.
                let then = self.snapshot_of(run, &lookup.name).await?;
                let then = then.filter(|snapshot| snapshot.key == lookup.key);
                let (Some(then), Some(filter)) = (then, filter_of(&lookup.name)) else {
                    return Ok(None);
                };
                lookups.push(Lookup {
                    filter,
                    parts: then.parts,
                    ..lookup.clone()
                });
            }
            before.push(ViewPlan {
                parts: read.parts,
                lookups,
                ..now.clone()
            });
        }
        Ok(Some(before))
    }

    /// The snapshot of a resource that a run read.
    async fn snapshot_of(
        &self,
        run: &Run,
        resource: &Name,
    ) -> Result<Option<Snapshot>, LifecycleError> {
        let Some(resource) = self.store.resource_by_name(resource).await? else {
            return Ok(None);
        };
        for id in &run.snapshots {
            let snapshot = self.store.snapshot(*id).await?;
            if let Some(snapshot) = snapshot.filter(|s| s.resource == resource.id) {
                return Ok(Some(snapshot));
            }
        }
        Ok(None)
    }
}

/// Rows of an output's table in which an earlier edition has no figure at all.
fn blank_rows(output: &Name, labels: usize, earlier: &[Earlier]) -> Vec<usize> {
    let tables = earlier.iter().flat_map(|e| &e.releases);
    let tables = tables.filter(|r| &r.output == output).map(|r| &r.table);
    let mut blank: Vec<usize> = tables.flat_map(|table| blank_in(table, labels)).collect();
    blank.sort_unstable();
    blank.dedup();
    blank
}

/// Rows of a table in which every column after the labels is empty.
fn blank_in(table: &Table, labels: usize) -> Vec<usize> {
    let figures = table.columns().get(labels..).unwrap_or_default();
    let absent = |row: usize| {
        let mut values = figures.iter().map(|column| column.values.get(row));
        values.all(|value| matches!(value, Some(Value::Absent)))
    };
    (0..table.rows()).filter(|row| absent(*row)).collect()
}
