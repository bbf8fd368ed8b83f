//! The gate's part of it: which earlier tables it is told of, and how it computes them anew.

use std::fs::File;

use yunei_catalog::ViewPlan;
use yunei_model::{
    Code, Digest, ExactCandidate, ExactRelease, Joined, Manifest, Name, Output, Relation, Resource,
    RowSet, Run,
};
use yunei_rooms::{AuditPlan, EarlierPlan, JointPlan, LinkedPlan, SealKey, SealedPlan, TableFiles};

use super::connected::{Sorted, sort};
use super::{Audit, masks, relation};
use crate::keys::KeyUse;
use crate::plan::{self, Columns};
use crate::prepared::Prepared;
use crate::{Domain, LifecycleError};

/// Earlier tables over the same rows that are judged together with new ones at most; past that people decide.
pub(super) const LINKED_MAX: usize = 32;

/// Earlier releases of a resource that are looked at in one judgement at most; past that people decide.
pub(super) const RELEASES_MAX: usize = 20_000;

/// What a gate is told for the audit.
#[derive(Default)]
pub(crate) struct Told {
    pub(crate) plan: AuditPlan,
    /// Outputs that overlap with earlier releases, by position, with these: to be compared for the people who decide.
    pub(crate) compared: Vec<(usize, Vec<ExactRelease>)>,
    /// Sealed outputs of earlier runs, in the order in which the plan names them.
    pub(crate) sealed: Vec<File>,
}

impl Domain {
    /// What leaves with each output, if it leaves, and up to where the audit looks.
    pub(crate) async fn audit(
        &self,
        prepared: &Prepared,
        manifest: &Manifest,
        tables: &[plan::Table<'_>],
    ) -> Result<Audit, LifecycleError> {
        let to = match prepared.audited_to {
            Some(to) => to,
            None => self.store.exact_position().await?,
        };
        let read: Vec<(&Resource, RowSet)> = tables
            .iter()
            .map(|t| {
                (
                    t.resource,
                    RowSet::new(&t.snapshot, t.granted.filter(), t.period.clone()),
                )
            })
            .collect();
        let profile = Digest::of(prepared.profile.as_bytes());
        let candidates = Self::exact_candidates(&prepared.run, manifest, &read, profile);
        let revised = self.editions_revised(&prepared.run).await?;
        let mut audit = Audit::new(to, candidates);
        audit.revised = revised.into_iter().map(|(_, run)| run.id).collect();
        Ok(audit)
    }

    /// What the gate is told about what left before, with the views that it needs for it.
    pub(crate) async fn audit_plan(
        &self,
        manifest: &Manifest,
        tables: &[plan::Table<'_>],
        audit: &Audit,
        views: &mut Vec<ViewPlan>,
        files: &mut Vec<TableFiles>,
    ) -> Result<Told, LifecycleError> {
        let mut told = Told::default();
        let (candidates, to) = (&audit.candidates, audit.to);
        for output in &manifest.outputs {
            let candidate = candidates
                .iter()
                .find(|c| c.output == output.name && c.computed);
            let earlier = match candidate {
                Some(candidate) => self.repeated(candidate, to).await?,
                None => self.told_beside(output, audit).await?,
            };
            told.plan.earlier.push(earlier);
        }
        for table in tables {
            let mut group: Vec<(usize, &ExactCandidate)> = Vec::new();
            for (index, output) in manifest.outputs.iter().enumerate() {
                let open = told
                    .plan
                    .earlier
                    .get(index)
                    .is_some_and(|e| e.repeats.is_none());
                let candidate = candidates.iter().find(|c| {
                    c.computed && c.output == output.name && c.rows.resource == table.resource.id
                });
                group.extend(candidate.filter(|_| open).map(|c| (index, c)));
            }
            if let Some((_, first)) = group.first() {
                let (told_of, unread) = self.told_of(first, audit).await?;
                let sorted = (sort(first, told_of), unread);
                self.join(
                    manifest,
                    (table, tables),
                    &group,
                    sorted,
                    &mut told,
                    views,
                    files,
                )
                .await?;
            }
        }
        self.tell_beside(manifest, audit, &mut told).await?;
        for (output, earlier) in manifest.outputs.iter().zip(&mut told.plan.earlier) {
            earlier.looked_up_twice = is_looked_up_twice(output, audit);
        }
        Ok(told)
    }

    /// A computed output that looks up rows about data subjects is about those rows, too: what left about them is held against it by people.
    async fn tell_beside(
        &self,
        manifest: &Manifest,
        audit: &Audit,
        told: &mut Told,
    ) -> Result<(), LifecycleError> {
        for (output, earlier) in manifest.outputs.iter().zip(&mut told.plan.earlier) {
            let mut of_output = audit.candidates.iter().filter(|c| c.output == output.name);
            if earlier.repeats.is_none() && of_output.any(|c| c.computed) {
                let beside = self.told_beside(output, audit).await?;
                earlier.beyond += beside.beyond;
                earlier.overlapping += beside.overlapping;
            }
        }
        Ok(())
    }

    /// What left about rows that an output may be about which the gate does not compute: nothing of it is audited, and people are told.
    async fn told_beside(
        &self,
        output: &Output,
        audit: &Audit,
    ) -> Result<EarlierPlan, LifecycleError> {
        let mut beside = EarlierPlan::default();
        let of_output = audit.candidates.iter();
        for candidate in of_output.filter(|c| c.output == output.name && !c.computed) {
            let (told, unread) = self.told_of(candidate, audit).await?;
            beside.overlapping += unread;
            for exact in &told {
                match relation(&candidate.rows, &candidate.resource, exact) {
                    Relation::Same => beside.beyond += 1,
                    Relation::Overlapping => beside.overlapping += 1,
                    Relation::Disjoint => {}
                }
            }
        }
        Ok(beside)
    }

    /// The table of the same structure over the same rows that left first, if one did.
    async fn repeated(
        &self,
        candidate: &ExactCandidate,
        to: u64,
    ) -> Result<EarlierPlan, LifecycleError> {
        let rows = candidate.rows.digest();
        let like = self
            .store
            .exact_release_like(rows, candidate.structure, to)
            .await?;
        let release = match like {
            Some(listed) => self.store.release(listed.exact.release).await?,
            None => None,
        };
        Ok(EarlierPlan {
            repeats: release.map(|release| release.table),
            ..EarlierPlan::default()
        })
    }

    /// What left about the resource before, and how many releases there are beyond those that are looked at.
    async fn told_of(
        &self,
        candidate: &ExactCandidate,
        audit: &Audit,
    ) -> Result<(Vec<ExactRelease>, u64), LifecycleError> {
        let (mut told, mut unread, mut after) = (Vec::new(), 0, 0);
        loop {
            let page = self
                .store
                .exact_releases(candidate.rows.resource, after, audit.to)
                .await?;
            let Some(last) = page.last().map(|listed| listed.position) else {
                return Ok((told, unread));
            };
            after = last;
            for listed in page {
                if audit.is_revised(&listed.exact, &candidate.rows) {
                    continue;
                }
                if told.len() < RELEASES_MAX {
                    told.push(listed.exact);
                } else {
                    unread += 1;
                }
            }
        }
    }

    /// Puts the outputs about one resource into one joint plan with the earlier tables over the same rows.
    #[expect(
        clippy::too_many_arguments,
        reason = "one call, in parts for their length"
    )]
    async fn join(
        &self,
        manifest: &Manifest,
        (table, tables): (&plan::Table<'_>, &[plan::Table<'_>]),
        group: &[(usize, &ExactCandidate)],
        (sorted, unread): (Sorted<ExactRelease>, u64),
        told: &mut Told,
        views: &mut Vec<ViewPlan>,
        files: &mut Vec<TableFiles>,
    ) -> Result<(), LifecycleError> {
        let mut columns = Columns::of(table, tables);
        let mut joint = JointPlan {
            view: views.len(),
            candidates: Vec::new(),
            released: Vec::new(),
            cut: None,
        };
        for (index, _) in group {
            let Some(output) = manifest.outputs.get(*index) else {
                continue;
            };
            let plan = plan::output_plan_over(manifest, output, &mut columns, views.len())?;
            joint.candidates.push((*index, plan));
        }
        let own = match group.first() {
            Some((_, first)) => self.store.run(first.run).await?,
            None => None,
        };
        let own = own.ok_or(Code::NotFound)?;
        let mut beyond = 0_u64;
        let mut sealed = Vec::new();
        for earlier in &sorted.same {
            let within = joint.released.len() < LINKED_MAX;
            let profile = group.iter().all(|(_, c)| c.profile == earlier.profile);
            let linked = if within && profile && earlier.computed {
                self.linked(earlier, &mut columns, views.len()).await?
            } else {
                None
            };
            match linked.filter(|(run, linked, _)| !masks::may_be((&own, &joint), (run, linked))) {
                Some((_, linked, file)) => {
                    joint.released.push(linked);
                    sealed.extend(file);
                }
                None => beyond += 1,
            }
        }
        let others = self
            .join_others(group, table, sorted.cut, &mut joint, &mut columns)
            .await?;
        let masked = masks::are_within(joint.candidates.iter().map(|(_, output)| output));
        for (index, _) in group {
            if let Some(earlier) = told.plan.earlier.get_mut(*index) {
                earlier.masked = masked;
                earlier.beyond = beyond + others.beyond;
                let overlapping = sorted.overlapping.len() as u64 + unread;
                earlier.overlapping = overlapping + others.overlapping;
            }
            told.compared.push((*index, sorted.overlapping.clone()));
        }
        if group.len() + joint.released.len() > 1 {
            let mut over = columns.taken.view(table);
            if joint.cut.is_some() {
                over.filter = table.over(others.hull.as_ref())?;
            }
            files.push(self.open_view(&over)?);
            views.push(over.clone());
            self.compare_others(table, &others, &over, &mut joint, views, files)?;
            told.plan.joint.push(joint);
            told.sealed.extend(sealed);
        }
        Ok(())
    }

    /// An earlier release as the gate computes it anew; `None` where it cannot: its sealed output is gone, or the catalogue has changed
    /// what the snapshot's columns are.
    pub(super) async fn linked(
        &self,
        earlier: &ExactRelease,
        columns: &mut Columns<'_>,
        view: usize,
    ) -> Result<Option<(Run, LinkedPlan, Option<File>)>, LifecycleError> {
        let Some(run) = self.store.run(earlier.run).await? else {
            return Ok(None);
        };
        let module = self.store.module(run.module).await?;
        let Some(manifest) = module.and_then(|module| module.manifest) else {
            return Ok(None);
        };
        let output = manifest.outputs.iter().find(|o| o.name == earlier.output);
        let release = self.store.release(earlier.release).await?;
        let (Some(output), Some(release)) = (output, release) else {
            return Ok(None);
        };
        for field in &earlier.resource.schema.fields {
            let same = match &field.joined {
                Some(joined) => self.know_rows_of(joined, columns).await?,
                None => columns
                    .resource
                    .field(&field.name)
                    .is_some_and(|now| now.joined.is_none() && now.is_alike(field)),
            };
            if !same {
                return Ok(None);
            }
        }
        let mut then = Columns {
            resource: &earlier.resource,
            taken: std::mem::take(&mut columns.taken),
        };
        let plan = plan::output_plan_over(&manifest, output, &mut then, view);
        columns.taken = then.taken;
        let plan = plan?;
        let sealed = if plan.derived {
            match self.sealed_plan(&run, &manifest).await? {
                Some(sealed) => Some(sealed),
                None => return Ok(None),
            }
        } else {
            None
        };
        let (sealed, file) = sealed.unzip();
        let linked = LinkedPlan {
            output: plan,
            table: release.table,
            sealed,
            pieces: Vec::new(),
            then_and_now: None,
        };
        Ok(Some((run, linked, file)))
    }

    /// Lets rows be looked up where an earlier release looked them up; false where that snapshot is gone.
    async fn know_rows_of(
        &self,
        joined: &Joined,
        columns: &mut Columns<'_>,
    ) -> Result<bool, LifecycleError> {
        let Some(rows) = &joined.rows else {
            return Ok(false);
        };
        let snapshot = self.store.snapshot(rows.snapshot).await?;
        let snapshot = snapshot.filter(|s| s.resource == joined.resource && s.key == joined.key);
        let found = snapshot.is_some();
        snapshot.into_iter().for_each(|s| columns.taken.know(s));
        Ok(found)
    }

    /// The sealed output of an earlier run, unless it was destroyed.
    async fn sealed_plan(
        &self,
        run: &Run,
        manifest: &Manifest,
    ) -> Result<Option<(SealedPlan, File)>, LifecycleError> {
        let held = self.store.sealed_output(run.id).await?;
        let Some((held, wrapped)) = held.and_then(|h| h.wrapped_key.clone().map(|key| (h, key)))
        else {
            return Ok(None);
        };
        let key = self.keys.open_run_key(run.id, &wrapped)?;
        let file = self
            .sealed
            .open(&held.file)
            .map_err(LifecycleError::data("to open a sealed output"))?
            .into_std();
        let plan = SealedPlan {
            key: SealKey::from_bytes(*key),
            digest_key: SealKey::from_bytes(*self.keys.evidence_key(run.id, KeyUse::Output)?),
            digest: held.sealed.digest,
            bytes: held.sealed.bytes,
            derived: manifest.derived.clone(),
        };
        Ok(Some((plan, file)))
    }
}

/// Whether an output that the gate computes and another one are about the same data subjects by way of two resources: one of the two, at
/// least, looks them up, so that no joint plan holds the two against each other.
fn is_looked_up_twice(output: &Output, audit: &Audit) -> bool {
    let computes = |name: &Name| {
        let mut own = audit.candidates.iter().filter(|c| &c.output == name);
        own.any(|candidate| candidate.computed)
    };
    let own = audit.candidates.iter().filter(|c| c.output == output.name);
    let beside = |candidate: &ExactCandidate| {
        let mut others = audit.candidates.iter().filter(|other| {
            other.output != candidate.output && other.rows.resource == candidate.rows.resource
        });
        others.any(|other| !(other.computed && candidate.computed) && computes(&other.output))
    };
    computes(&output.name) && own.into_iter().any(beside)
}
