//! Plans for the rooms: derived from a capability, and no more.

mod columns;
mod dimension;
mod reviewed;
mod rows;

use std::fs::File;

use yunei_authority::CapabilityTable;
use yunei_catalog::{MaskKey, ViewColumn, ViewPlan, masked_type};
use yunei_model::{
    Basis, Condition, Field, Manifest, Mask, Measure, Name, OnFailure, Output, Period, Resource,
    Snapshot, World,
};
use yunei_rooms::{
    CellPlan, FeedPlan, GateMode, GatePlan, MeasurePlan, OutputPlan, RoomLimits, SealKey,
    SessionPlan, Source, SubjectsPlan, TableFiles, TablePlan,
};
use yunei_sandbox::ParameterValue;

mod private;

pub(crate) use columns::Columns;
use dimension::dimension_plan;

use crate::earlier::{Audit, is_computed};
use crate::prepared::Prepared;
use crate::product::{period_kind, period_of};
use crate::{Domain, LifecycleError};

/// Address space of a room beyond what its guest may use: wasmtime reserves much and touches little.
const ADDRESS_SPACE_BYTES_MAX: u64 = 1 << 40;
/// Bytes of a room's memory files beyond the guest's output: the ring.
const RING_BYTES: u64 = (yunei_rooms::SLOT_BYTES * yunei_rooms::SLOTS_MAX) as u64;
/// Seconds of processor time for each second that a run may take.
const CPU_SECONDS_MARGIN: u64 = 60;

const NO_MANIFEST: LifecycleError = LifecycleError::Impossible {
    detail: "an admitted module without manifest",
};
const NO_PERIOD: LifecycleError = LifecycleError::Impossible {
    detail: "a period of a resource that has no such field",
};
const NO_FIELD: LifecycleError = LifecycleError::Impossible {
    detail: "a capability for a field that does not exist",
};

/// A table of a run: what the capability gives of it, the resource, the pinned snapshot.
pub(crate) struct Table<'a> {
    pub(crate) granted: &'a CapabilityTable,
    pub(crate) resource: &'a Resource,
    pub(crate) snapshot: Snapshot,
    /// The period whose rows alone the run sees of it.
    pub(crate) period: Option<Period>,
    /// The grant's filter and the period, as conditions on rows.
    filter: Vec<Condition>,
}

impl Domain {
    pub(crate) fn room_limits(&self) -> RoomLimits {
        RoomLimits {
            address_space_bytes_max: ADDRESS_SPACE_BYTES_MAX,
            file_bytes_max: RING_BYTES
                .saturating_add(self.limits.output_bytes_max.saturating_mul(2)),
            cpu_seconds_max: self.limits.duration_ms_max / 1000 + CPU_SECONDS_MARGIN,
        }
    }

    /// Plans for feed and cell, with the parts opened.
    pub(crate) async fn session_plan(
        &self,
        prepared: &Prepared,
    ) -> Result<SessionPlan, LifecycleError> {
        let manifest = prepared.module.manifest.as_ref().ok_or(NO_MANIFEST)?;
        let tables = self.tables(prepared).await?;
        let mask_key = MaskKey::from_bytes(*self.keys.mask_key(prepared.run.grant)?);
        let mut views = Vec::new();
        let mut files = Vec::new();
        let mut planned = Vec::new();
        for table in &tables {
            let fields: Vec<&Field> = named(table.resource, &seen(manifest, table.granted))?;
            planned.push(TablePlan {
                name: table.resource.name.clone(),
                fields: fields
                    .iter()
                    .map(|f| (f.name.clone(), masked_type(f.kind, &f.mask), f.nullable))
                    .collect(),
            });
            let columns = fields
                .into_iter()
                .map(|f| column(f, f.mask.clone()))
                .collect();
            let view = view(table, columns, mask_key.clone());
            files.push(self.open_view(&view)?);
            views.push(view);
        }
        let world = prepared.capability.world();
        let subjects = if world == World::PerSubject {
            let views = subject_views(&tables)?;
            for view in &views {
                files.push(self.open_view(view)?);
            }
            let guest = prepared.capability.limits().clone();
            Some(SubjectsPlan { views, guest })
        } else {
            None
        };
        let sql = prepared.capability.join() && world == World::Analysis;
        let parameters =
            ParameterValue::typed(&manifest.parameters, prepared.capability.parameters())?;
        let limits = self.room_limits();
        Ok(SessionPlan {
            feed: FeedPlan {
                views,
                sql,
                subjects,
                batch_rows_max: usize::try_from(self.limits.batch_rows_max).unwrap_or(usize::MAX),
                limits,
            },
            cell: CellPlan {
                world,
                tables: planned,
                sql,
                outputs: manifest.outputs.iter().map(|o| o.name.clone()).collect(),
                derived: manifest.derived.clone(),
                contribution: manifest.contribution.clone(),
                parameters,
                guest: prepared.capability.limits().clone(),
                limits,
            },
            files,
            component: self.authentic_code(&prepared.module)?,
            argument_key: prepared.argument_key,
            rows_max: prepared.rows_reserved,
        })
    }

    /// The gate's plan, with the parts opened in the order of its views, and what the audit rests on.
    pub(crate) async fn gate_plan(
        &self,
        prepared: &Prepared,
    ) -> Result<(GatePlan, Vec<TableFiles>, Audit), LifecycleError> {
        let manifest = prepared.module.manifest.as_ref().ok_or(NO_MANIFEST)?;
        let tables = self.tables(prepared).await?;
        let mut views = Vec::new();
        let mut files = Vec::new();
        let mut outputs = Vec::new();
        let mut decoys = Vec::new();
        for output in &manifest.outputs {
            let table = tables.iter().find(|t| t.resource.name == output.resource);
            let table = table.ok_or(LifecycleError::Impossible {
                detail: "an output about a resource that is not granted",
            })?;
            if let Some(period) = &prepared.run.period {
                period_kind(table.resource, &period.field).ok_or(NO_PERIOD)?;
            }
            let (plan, view) =
                self.output_view(prepared, manifest, output, (table, &tables), views.len())?;
            decoys.push(self.decoy_plan(table.resource).await?);
            files.push(self.open_view(&view)?);
            views.push(view);
            outputs.push(plan);
        }
        let audit = self.audit(prepared, manifest, &tables).await?;
        let mut told = self
            .audit_plan(manifest, &tables, &audit, &mut views, &mut files)
            .await?;
        let private = self.private_plan(prepared, manifest, &tables)?;
        let private = private.map(|(plan, planned, opened)| {
            views.extend(planned);
            files.extend(opened);
            plan
        });
        let (revisions, revised) = self.revision_plans(prepared, &views, &outputs).await?;
        let sized = self.sizes(&mut told, &tables, &views, &outputs).await?;
        let plan = GatePlan {
            mode: GateMode::Judge,
            key: prepared.key.clone(),
            digest_key: prepared.digest_key.clone(),
            views,
            decoys,
            outputs,
            revisions,
            audit: told.plan,
            private,
            derived: manifest.derived.clone(),
            profile: prepared.profile.clone(),
            rows_max: self.limits.output_rows_max,
            limits: self.room_limits(),
        };
        // Each sealed output is one descriptor more, after those of all parts.
        files.push(TableFiles { parts: told.sealed });
        files.extend(revised.into_iter().chain(sized));
        Ok((plan, files, audit))
    }

    /// What the gate does about an output, and what it reads for it.
    fn output_view(
        &self,
        prepared: &Prepared,
        manifest: &Manifest,
        output: &Output,
        (table, tables): (&Table<'_>, &[Table<'_>]),
        place: usize,
    ) -> Result<(OutputPlan, ViewPlan), LifecycleError> {
        if is_computed(manifest, output) || !output.own.is_empty() || output.model.is_some() {
            if let Some(period) = &prepared.run.period {
                period_kind(table.resource, &period.field).ok_or(NO_PERIOD)?;
            }
            let mut columns = Columns::of(table, tables);
            let mut plan = output_plan_over(manifest, output, &mut columns, place)?;
            if output.on_failure == OnFailure::Perturb {
                let key = self.keys.noise_key(&table.resource.population.name)?;
                plan.noise_key = Some(SealKey::from_bytes(*key));
            }
            Ok((plan, columns.taken.view(table)))
        } else {
            // What a module wrote can only be compared with what it saw: masked as for the cell.
            let fields: Vec<&Field> = named(table.resource, table.granted.fields())?;
            let columns = fields.into_iter().map(|f| column(f, f.mask.clone()));
            let mask_key = MaskKey::from_bytes(*self.keys.mask_key(prepared.run.grant)?);
            Ok((
                reviewed::looked_at(output, place),
                view(table, columns.collect(), mask_key),
            ))
        }
    }

    async fn tables<'a>(&self, prepared: &'a Prepared) -> Result<Vec<Table<'a>>, LifecycleError> {
        let mut tables = Vec::new();
        for (granted, snapshot) in prepared
            .capability
            .tables()
            .iter()
            .zip(&prepared.run.snapshots)
        {
            let resource = prepared
                .resources
                .iter()
                .find(|r| &r.name == granted.resource());
            let resource = resource.ok_or(LifecycleError::Impossible {
                detail: "a capability without its resource",
            })?;
            let snapshot = self.store.snapshot(*snapshot).await?;
            let snapshot = snapshot.filter(|s| s.resource == resource.id);
            let snapshot = snapshot.ok_or(LifecycleError::Impossible {
                detail: "a run without its snapshot",
            })?;
            let period = period_of(&prepared.run, resource);
            let filter = rows::filter_over(granted, resource, period.as_ref())?;
            tables.push(Table {
                granted,
                resource,
                snapshot,
                period,
                filter,
            });
        }
        Ok(tables)
    }

    /// The parts that a view is over, in the order of its plan.
    pub(crate) fn open_view(&self, view: &ViewPlan) -> Result<TableFiles, LifecycleError> {
        let parts: Result<Vec<File>, _> = view
            .all_parts()
            .map(|part| self.vault.open_part(part))
            .collect();
        Ok(TableFiles { parts: parts? })
    }
}

/// The fields of a table in the order in which a module counts them: the grant's for one that asks for them by name, the
/// manifest's for one that gets its rows without a schema.
fn seen(manifest: &Manifest, granted: &CapabilityTable) -> Vec<Name> {
    if manifest.world == World::Analysis {
        return granted.fields().to_vec();
    }
    let required = manifest.resources.iter();
    let required = required.filter(|r| &r.name == granted.resource());
    let mut seen: Vec<Name> = Vec::new();
    for field in required.flat_map(|r| &r.fields) {
        if granted.fields().contains(field) && !seen.contains(field) {
            seen.push(field.clone());
        }
    }
    seen
}

fn named<'a>(resource: &'a Resource, names: &[Name]) -> Result<Vec<&'a Field>, LifecycleError> {
    names
        .iter()
        .map(|name| resource.field(name).ok_or(NO_FIELD))
        .collect()
}

fn column(field: &Field, mask: Mask) -> ViewColumn {
    ViewColumn {
        name: field.name.clone(),
        kind: field.kind,
        nullable: field.nullable,
        mask,
    }
}

fn view(table: &Table<'_>, columns: Vec<ViewColumn>, mask_key: MaskKey) -> ViewPlan {
    ViewPlan {
        name: table.resource.name.clone(),
        columns,
        filter: table.filter.clone(),
        mask_key,
        parts: table.snapshot.parts.clone(),
        lookups: Vec::new(),
    }
}

/// The subject column of each table, for the feed alone. Subjects of one population are one and the same in all of
/// its resources; those of two are not.
fn subject_views(tables: &[Table<'_>]) -> Result<Vec<ViewPlan>, LifecycleError> {
    let population = |table: &Table<'_>| table.resource.population.name.clone();
    let mut populations = tables.iter().map(population);
    let first = populations.next();
    if populations.any(|other| Some(other) != first) {
        return Err(LifecycleError::Impossible {
            detail: "a `per-subject` run over several populations",
        });
    }
    let subject = |table: &Table<'_>| -> Result<ViewPlan, LifecycleError> {
        let name = table.resource.subject.as_ref();
        let sorted = name.filter(|_| table.snapshot.sorted_by_subject);
        let name = sorted.ok_or(LifecycleError::Impossible {
            detail: "a `per-subject` run over rows that are not sorted by data subject",
        })?;
        let field = table.resource.field(name).ok_or(NO_FIELD)?;
        let columns = vec![column(field, Mask::None)];
        Ok(view(table, columns, MaskKey::from_bytes([0; 32])))
    };
    tables.iter().map(subject).collect()
}

/// What the gate computes of an output, over columns that others may read too.
pub(crate) fn output_plan_over(
    manifest: &Manifest,
    output: &Output,
    columns: &mut Columns<'_>,
    view: usize,
) -> Result<OutputPlan, LifecycleError> {
    let resource = columns.resource;
    let protected = resource.basis != Basis::NonPersonal;
    let subject = columns.optional(resource.subject.as_ref().filter(|_| protected))?;
    let group = columns.optional(resource.subject_group.as_ref().filter(|_| protected))?;
    let mut dimensions = Vec::new();
    for dimension in &output.dimensions {
        dimensions.push(dimension_plan(manifest, dimension, columns)?);
    }
    let mut measures = Vec::new();
    for measure in &output.measures {
        measures.push(measure_plan(manifest, measure, columns)?);
    }
    let own = reviewed::own(output, columns)?;
    let model = output.model.as_ref();
    let model = model
        .map(|model| reviewed::model(manifest, model, columns))
        .transpose()?;
    Ok(OutputPlan {
        name: output.name.clone(),
        view: Some(view),
        derived: manifest.world == World::PerRow && !manifest.is_recomputable(output),
        subject,
        group,
        dimensions,
        measures,
        own,
        model,
        look: false,
        totals: output.totals,
        on_failure: output.on_failure,
        noise_key: None,
    })
}

fn derived_position(manifest: &Manifest, name: &Name) -> Result<usize, LifecycleError> {
    let position = manifest.derived.iter().position(|d| &d.name == name);
    position.ok_or(LifecycleError::Impossible {
        detail: "a derived column that nothing derives",
    })
}

fn measure_plan(
    manifest: &Manifest,
    measure: &Measure,
    columns: &mut Columns<'_>,
) -> Result<MeasurePlan, LifecycleError> {
    let values = match (&measure.field, &measure.derived) {
        (Some(field), _) => Some(Source::Column(columns.position(field)?)),
        (None, Some(derived)) => Some(Source::Derived(derived_position(manifest, derived)?)),
        (None, None) => None,
    };
    let resource = columns.resource;
    let fields = measure.field.iter().chain(&measure.denominator);
    let mut fields = fields.chain(&measure.weight);
    let of_subject = fields.any(|name| resource.field(name).is_some_and(|f| f.of_subject));
    Ok(MeasurePlan {
        of_subject,
        name: measure.name.clone(),
        title: measure.title.clone(),
        aggregate: measure.aggregate,
        values,
        denominator: columns.optional(measure.denominator.as_ref())?,
        weight: columns.optional(measure.weight.as_ref())?,
    })
}
