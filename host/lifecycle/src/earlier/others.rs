//! Earlier tables of other periods, or of another snapshot's rows of a period: taken into a joint plan by cutting time.

use yunei_catalog::ViewPlan;
use yunei_model::{Condition, ExactCandidate, ExactRelease, Period, RowSet, Snapshot};
use yunei_rooms::{CutPlan, JointPlan, OutputPlan, SizesPlan, TableFiles};

use super::cut::cut;
use super::plan::{LINKED_MAX, Told};
use crate::plan::{Columns, Table};
use crate::product::period_kind;
use crate::{Domain, LifecycleError};

/// Earlier releases that an output is compared with at most: the last of those that overlap.
const COMPARED_MAX: usize = 4;

/// What became of them.
#[derive(Default)]
pub(super) struct Others {
    /// Those that the gate cannot compute anew.
    pub(super) beyond: u64,
    /// Those that cannot be told apart from the candidate by time.
    pub(super) overlapping: u64,
    /// Days that the joint view is over; `None` for all rows.
    pub(super) hull: Option<Period>,
    /// Those of another snapshot: place among the released ones of the plan, snapshot, period.
    then: Vec<(usize, Snapshot, Period)>,
}

impl Domain {
    /// Takes them into a joint plan, behind those over the candidates' own rows.
    pub(super) async fn join_others(
        &self,
        group: &[(usize, &ExactCandidate)],
        table: &Table<'_>,
        cut_with: Vec<ExactRelease>,
        joint: &mut JointPlan,
        columns: &mut Columns<'_>,
    ) -> Result<Others, LifecycleError> {
        let mut others = Others::default();
        let candidates = joint.candidates.iter().map(|(_, output)| output);
        let same = joint.released.iter().map(|released| &released.output);
        if cut_with.is_empty() || candidates.chain(same).any(|output| output.derived) {
            // Derived columns are joined by position, to all rows of a run.
            others.overlapping = cut_with.len() as u64;
            return Ok(others);
        }
        let own = joint.released.len();
        let mut periods: Vec<Option<Period>> = vec![table.period.clone(); own + 1];
        for earlier in cut_with {
            let within = joint.released.len() < LINKED_MAX;
            let profile = group.iter().all(|(_, c)| c.profile == earlier.profile);
            let then = self.snapshot_then(table, &earlier).await?;
            let linked = match &then {
                Some(_) if within && profile => self.linked(&earlier, columns, joint.view).await?,
                _ => None,
            };
            let linked = linked.filter(|(_, linked, _)| !linked.output.derived);
            let Some((_, linked, _)) = linked else {
                others.beyond += 1;
                continue;
            };
            if let (Some(Some(snapshot)), Some(period)) = (then, &earlier.rows.period) {
                let place = joint.released.len();
                others.then.push((place, snapshot, period.clone()));
            }
            joint.released.push(linked);
            periods.push(earlier.rows.period);
        }
        if joint.released.len() == own {
            return Ok(others);
        }
        let periods: Vec<Option<&Period>> = periods.iter().map(Option::as_ref).collect();
        let Some(pieces) = cut(&periods) else {
            others.overlapping += (joint.released.len() - own) as u64;
            joint.released.truncate(own);
            others.then.clear();
            return Ok(others);
        };
        let mut of_tables = pieces.tables.into_iter();
        joint.cut = Some(CutPlan {
            column: columns.position(&pieces.field)?,
            field: pieces.field,
            days: pieces.days,
            piece_of: pieces.piece_of,
            candidates: of_tables.next().unwrap_or_default(),
        });
        for (released, pieces) in joint.released.iter_mut().zip(of_tables) {
            released.pieces = pieces;
        }
        others.hull = pieces.hull;
        Ok(others)
    }

    /// The snapshot that an earlier release is over, where it is another one: `None` where the gate cannot compare the two.
    async fn snapshot_then(
        &self,
        table: &Table<'_>,
        earlier: &ExactRelease,
    ) -> Result<Option<Option<Snapshot>>, LifecycleError> {
        if earlier.rows.snapshot == table.snapshot.digest() {
            return Ok(Some(None));
        }
        let Some(run) = self.store.run(earlier.run).await? else {
            return Ok(None);
        };
        for id in &run.snapshots {
            let Some(snapshot) = self.store.snapshot(*id).await? else {
                continue;
            };
            let of_release = snapshot.resource == earlier.rows.resource
                && snapshot.digest() == earlier.rows.snapshot;
            if of_release {
                let alike = snapshot.schema_version == table.snapshot.schema_version;
                return Ok(alike.then_some(Some(snapshot)));
            }
        }
        Ok(None)
    }

    /// The sizes of all outputs that overlap with earlier releases, with the parts in the order of the plans.
    pub(crate) async fn sizes(
        &self,
        told: &mut Told,
        tables: &[Table<'_>],
        views: &[ViewPlan],
        outputs: &[OutputPlan],
    ) -> Result<Vec<TableFiles>, LifecycleError> {
        let mut files = Vec::new();
        for (index, overlapping) in std::mem::take(&mut told.compared) {
            let output = outputs.get(index);
            let view = output.and_then(|output| views.get(output.view?));
            let table = view.and_then(|view| tables.iter().find(|t| t.resource.name == view.name));
            let (Some(output), Some(view), Some(table)) = (output, view, table) else {
                continue;
            };
            let sizes = self.sizes_plan(table, output, view, &overlapping).await?;
            if let Some((plan, opened)) = sizes {
                told.plan.sizes.push(plan);
                files.extend(opened);
            }
        }
        Ok(files)
    }

    /// Has the gate tell people by how much an output's rows differ from those of earlier releases that overlap with them: where both
    /// snapshots are in the order of their subjects, and of the same schema.
    async fn sizes_plan(
        &self,
        table: &Table<'_>,
        output: &OutputPlan,
        view: &ViewPlan,
        overlapping: &[ExactRelease],
    ) -> Result<Option<(SizesPlan, Vec<TableFiles>)>, LifecycleError> {
        let comparable = output.subject.is_some() && table.snapshot.sorted_by_subject;
        let mut files = vec![self.open_view(view)?];
        let mut sizes = SizesPlan {
            output: output.name.clone(),
            now: view.clone(),
            before: Vec::new(),
        };
        for earlier in overlapping.iter().rev().filter(|_| comparable) {
            let Some(then) = self.snapshot_then(table, earlier).await? else {
                continue;
            };
            let snapshot = then.as_ref().unwrap_or(&table.snapshot);
            if sizes.before.len() >= COMPARED_MAX || !snapshot.sorted_by_subject {
                continue;
            }
            let Some(filter) = filter_of(table, &earlier.rows) else {
                continue;
            };
            let before = ViewPlan {
                filter,
                parts: snapshot.parts.clone(),
                ..view.clone()
            };
            files.push(self.open_view(&before)?);
            sizes.before.push(before);
        }
        Ok((!sizes.before.is_empty()).then_some((sizes, files)))
    }

    /// Has the gate look whether the rows of those of another snapshot are still the same: two views for each.
    pub(super) fn compare_others(
        &self,
        table: &Table<'_>,
        others: &Others,
        over: &ViewPlan,
        joint: &mut JointPlan,
        views: &mut Vec<ViewPlan>,
        files: &mut Vec<TableFiles>,
    ) -> Result<(), LifecycleError> {
        for (place, snapshot, period) in &others.then {
            let now = ViewPlan {
                filter: table.over(Some(period))?,
                ..over.clone()
            };
            let then = ViewPlan {
                parts: snapshot.parts.clone(),
                ..now.clone()
            };
            if let Some(released) = joint.released.get_mut(*place) {
                released.then_and_now = Some((views.len(), views.len() + 1));
            }
            files.extend([self.open_view(&then)?, self.open_view(&now)?]);
            views.extend([then, now]);
        }
        Ok(())
    }
}

/// The conditions that choose a row set; `None` where the resource has its field no more.
fn filter_of(table: &Table<'_>, rows: &RowSet) -> Option<Vec<Condition>> {
    let mut filter = rows.filter().to_vec();
    let known = |condition: &Condition| table.resource.field(&condition.field).is_some();
    if !filter.iter().all(known) {
        return None;
    }
    if let Some(period) = &rows.period {
        let kind = period_kind(table.resource, &period.field)?;
        filter.extend(period.conditions(kind)?);
    }
    Some(filter)
}
