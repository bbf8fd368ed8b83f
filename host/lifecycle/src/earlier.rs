//! Earlier releases: what the outputs of a run are held against before they leave.
//!
//! Which earlier releases matter is decided here, by public structure alone: row sets, and what was asked of them. Over
//! the same rows the gate judges old and new together; over disjoint rows there is nothing to audit; in every other case people
//! decide. What left while a gate was computing makes it compute anew, so that two runs never miss each other.

mod connected;
mod cut;
mod fill;
mod masks;
mod others;
mod plan;

use yunei_ledger::Draft;
use yunei_model::{
    Basis, Code, Digest, Dimension, ExactCandidate, ExactRelease, HeldJudgement, JoinedRows,
    Manifest, Name, Output, Relation, Release, Resource, Route, RowSet, Run, RunId, SealedOutput,
    Table, World,
};
use yunei_rooms::{GateMode, GateSession};
use yunei_store::Change;

use crate::execute::{Sealed, sealed_file};
use crate::joins;
use crate::judge::Outcome;
use crate::prepared::Prepared;
use crate::product::period_of;
use crate::{Domain, LifecycleError};

/// Judgements of one run at most: each after the first because something else left meanwhile. Past that it stays.
pub(crate) const JUDGEMENTS_MAX: u32 = 8;

/// What a judgement rests on beside the run's own output.
#[derive(Debug, Clone, Default)]
pub(crate) struct Audit {
    /// Place of the last exact release that the gate was told of.
    pub(crate) to: u64,
    /// What leaves with each output, if it leaves.
    pub(crate) candidates: Vec<ExactCandidate>,
    /// How often the run was judged before.
    pub(crate) judged: u32,
    /// Runs of the editions that it revises: the gate compares with them subject by subject, and need not be told that they overlap.
    pub(crate) revised: Vec<RunId>,
}

impl Audit {
    pub(crate) const fn new(to: u64, candidates: Vec<ExactCandidate>) -> Self {
        Self {
            to,
            candidates,
            judged: 0,
            revised: Vec::new(),
        }
    }

    /// The judgement that rests on it: the first one that people are asked about has a candidate under the key that every run has.
    pub(crate) const fn judgement(&self) -> HeldJudgement {
        HeldJudgement {
            number: 1,
            audited_to: self.to,
            salt: None,
        }
    }

    /// Whether a release is an edition that the run revises: it is compared with these rows subject by subject, and not judged with them.
    pub(crate) fn is_revised(&self, earlier: &ExactRelease, rows: &RowSet) -> bool {
        earlier.rows != *rows && self.revised.contains(&earlier.run)
    }

    /// Says on the record how far the audit looked.
    pub(crate) fn facts(&self, draft: Draft) -> Draft {
        draft.fact(AUDITED_TO, self.to)
    }
}

/// The fact that tells up to which exact release an audit looked.
pub(crate) const AUDITED_TO: &str = "audited_to";

/// Whether the gate computes the output's figures itself.
pub(crate) fn is_computed(manifest: &Manifest, output: &Output) -> bool {
    manifest.is_recomputable(output)
        || (manifest.world == World::PerRow && !output.measures.is_empty())
}

impl Domain {
    /// What would leave with each output of a run: about which rows, and what fixes it but them. Nothing for what is about no
    /// data subjects, and nothing for contributions that leave under differential privacy.
    pub(crate) fn exact_candidates(
        run: &Run,
        manifest: &Manifest,
        tables: &[(&Resource, RowSet)],
        profile: Digest,
    ) -> Vec<ExactCandidate> {
        let mut candidates = Vec::new();
        if manifest.world == World::PerSubject {
            return candidates;
        }
        for output in &manifest.outputs {
            let computed = is_computed(manifest, output);
            let about = tables.iter().find(|(r, _)| r.name == output.resource);
            for (resource, rows) in tables {
                // What a guest computed may be about everything that it read.
                let own = resource.name == output.resource;
                // Rows that it looks up are part of it, and nothing that left about them is audited against it.
                let looked_up = about
                    .is_some_and(|(about, _)| joins::looks_up(manifest, output, about, resource));
                let told_of = !computed || own || looked_up;
                if !told_of || resource.basis == Basis::NonPersonal {
                    continue;
                }
                let computed = computed && own;
                // INVARIANT: what is looked up is seen whole: a run's period chooses among the rows that refer to it.
                let rows = if looked_up {
                    rows.clone().whole()
                } else {
                    rows.clone()
                };
                let catalogued = narrowed(resource, &rows, manifest, output, computed);
                candidates.push(ExactCandidate {
                    run: run.id,
                    output: output.name.clone(),
                    rows,
                    computed,
                    structure: structure(run, manifest, output, &catalogued, profile, computed),
                    profile,
                    resource: catalogued,
                });
            }
        }
        candidates
    }

    /// The same for a run that was judged before, from what is stored.
    pub(crate) async fn exact_candidates_of(
        &self,
        run: &Run,
        profile: Digest,
    ) -> Result<Vec<ExactCandidate>, LifecycleError> {
        let module = self.store.module(run.module).await?;
        let manifest = module.and_then(|module| module.manifest);
        let grant = self
            .store
            .grant_version(run.grant, run.grant_version)
            .await?;
        let (Some(manifest), Some(grant)) = (manifest, grant) else {
            return Err(LifecycleError::Impossible {
                detail: "a run without module or grant",
            });
        };
        let mut read = Vec::new();
        for id in &run.snapshots {
            let snapshot = self.store.snapshot(*id).await?.ok_or(Code::NoSnapshot)?;
            let resource = self.store.resource(snapshot.resource).await?;
            let resource = resource.ok_or(LifecycleError::Impossible {
                detail: "a snapshot without its resource",
            })?;
            let granted = grant.terms.resource(&resource.name);
            let filter = granted.map(|g| g.filter.clone()).unwrap_or_default();
            let period = period_of(run, &resource);
            let rows = RowSet::new(&snapshot, &filter, period);
            let joined = JoinedRows {
                snapshot: snapshot.id,
                filter,
            };
            read.push((resource, rows, joined));
        }
        let resources: Vec<Resource> = read.iter().map(|(r, ..)| r.clone()).collect();
        let resources = joins::joined(&resources, |name| {
            let mut found = read.iter().filter(|(r, ..)| &r.name == name);
            found.next().map(|(.., rows)| rows.clone())
        });
        let rows = read.into_iter().map(|(_, rows, _)| rows);
        let tables: Vec<_> = resources.iter().zip(rows).collect();
        Ok(Self::exact_candidates(run, &manifest, &tables, profile))
    }

    /// Writes what a release tells, so that later ones are held against it.
    pub(crate) async fn keep_exact(
        &self,
        change: &mut Change,
        release: &Release,
        table: Digest,
        candidates: &[ExactCandidate],
    ) -> Result<(), LifecycleError> {
        if release.route == Route::Private {
            return Ok(());
        }
        let of_output = candidates.iter().filter(|c| c.output == release.output);
        for candidate in of_output {
            let exact = candidate.clone().released(release.id, table);
            change.put_exact_release(&exact).await?;
        }
        Ok(())
    }

    /// Has a fresh gate judge a sealed output again, with what left since.
    pub(crate) async fn judge_anew(
        &self,
        mut sealed: Sealed,
    ) -> Result<Option<Outcome>, LifecycleError> {
        let judged = sealed.audit.judged + 1;
        if judged >= JUDGEMENTS_MAX {
            return Err(LifecycleError::Impossible {
                detail: "a run that others overtake again and again",
            });
        }
        let (gate, mut audit) = self.gate_again(&sealed.prepared, &sealed.output).await?;
        audit.judged = judged;
        sealed.gate = gate;
        sealed.audit = audit;
        Box::pin(self.try_judge(sealed)).await
    }

    /// Starts a fresh gate over an output that was sealed before and waits for nobody.
    pub(crate) async fn gate_again(
        &self,
        prepared: &Prepared,
        output: &SealedOutput,
    ) -> Result<(GateSession, Audit), LifecycleError> {
        let (mut plan, files, audit) = self.gate_plan(prepared).await?;
        plan.mode = GateMode::JudgeAgain {
            digest: output.digest,
            bytes: output.bytes,
            waits: None,
        };
        let mut options = cap_std::fs::OpenOptions::new();
        options.read(true).write(true);
        let ciphertext = self
            .sealed
            .open_with(sealed_file(output.run), &options)
            .map_err(LifecycleError::data("to open a sealed output"))?
            .into_std();
        let gate = GateSession::judge_again(&self.program, plan, ciphertext, &files).await?;
        Ok((gate, audit))
    }
}

/// How the rows of an earlier release lie to others of the same resource.
///
/// Disjoint rows are no others where both tables sum a fact about the subject, which a subject's rows of other days repeat.
fn relation(rows: &RowSet, resource: &Resource, earlier: &ExactRelease) -> Relation {
    match relation_of_rows(rows, resource, earlier) {
        Relation::Disjoint if resource.shares_facts_of_subjects(&earlier.resource) => {
            Relation::Overlapping
        }
        relation => relation,
    }
}

/// How rows lie to each other, whatever they repeat.
fn relation_of_rows(rows: &RowSet, resource: &Resource, earlier: &ExactRelease) -> Relation {
    rows.relation(&earlier.rows, |field| {
        resource
            .type_of(field)
            .or_else(|| earlier.resource.type_of(field))
    })
}

/// Digest of a table, as releases are named by it.
pub(crate) fn digest_of(table: &Table) -> Result<Digest, LifecycleError> {
    let bytes = serde_json::to_vec(table).map_err(|_| LifecycleError::Impossible {
        detail: "a table that is no JSON",
    })?;
    Ok(Digest::of(&bytes))
}

/// The resource with those fields alone that the output is about and that its row filters may name.
fn narrowed(
    resource: &Resource,
    rows: &RowSet,
    manifest: &Manifest,
    output: &Output,
    computed: bool,
) -> Resource {
    let mut named: Vec<&Name> = resource
        .subject
        .iter()
        .chain(&resource.subject_group)
        .chain(rows.filter().iter().map(|condition| &condition.field))
        .collect();
    for dimension in &output.dimensions {
        if let Dimension::Banded { field, .. } = dimension {
            named.push(field);
        }
    }
    let summed = output.measures.iter().flat_map(|measure| {
        let fields = measure.field.iter().chain(&measure.denominator);
        fields.chain(&measure.weight)
    });
    let summed: Vec<&Name> = summed.collect();
    named.extend(&summed);
    if !computed {
        named.extend(
            manifest
                .required(&resource.name)
                .iter()
                .flat_map(|r| &r.fields),
        );
    }
    let mut narrowed = resource.clone();
    narrowed.schema.frames.clear();
    narrowed.schema.fields = resource
        .schema
        .fields
        .iter()
        .filter(|field| named.contains(&&field.name))
        .cloned()
        .collect();
    for field in &mut narrowed.schema.fields {
        // What is counted by is told of whole people, and rounded; what a guest made of a field nobody knows.
        field.of_subject &= !computed || summed.contains(&&field.name);
    }
    narrowed
}

/// Digest of all that fixes a table but the rows.
fn structure(
    run: &Run,
    manifest: &Manifest,
    output: &Output,
    resource: &Resource,
    profile: Digest,
    computed: bool,
) -> Digest {
    let guests = !computed || !manifest.is_recomputable(output);
    let by = guests
        .then(|| serde_json::json!({ "module": run.module_digest, "parameters": run.parameters }));
    let told = serde_json::json!({
        "output": output,
        "fields": resource.schema.fields,
        "subject": resource.subject,
        "subject_group": resource.subject_group,
        "derived": guests.then_some(&manifest.derived),
        "by": by,
        "profile": profile,
    });
    Digest::of(told.to_string().as_bytes())
}
