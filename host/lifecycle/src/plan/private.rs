//! The gate's plan for the contributions of a `per-subject` module.

use yunei_catalog::{MaskKey, ViewPlan};
use yunei_model::{Manifest, Mask};
use yunei_rooms::{PrivatePlan, TableFiles};

use super::{NO_FIELD, Table, column, view};
use crate::prepared::Prepared;
use crate::privacy::charge_of;
use crate::{Domain, LifecycleError};

/// The plan, and the views and parts that it reads, in one order.
type Planned = (PrivatePlan, Vec<ViewPlan>, Vec<TableFiles>);

impl Domain {
    /// What the gate needs to bound and add up contributions: who is in the snapshots, and in which groups. Nothing else of them.
    pub(super) fn private_plan(
        &self,
        prepared: &Prepared,
        manifest: &Manifest,
        tables: &[Table<'_>],
    ) -> Result<Option<Planned>, LifecycleError> {
        let (Some(charge), Some(contribution)) =
            (charge_of(&prepared.module), &manifest.contribution)
        else {
            return Ok(None);
        };
        let mut views = Vec::new();
        let mut files = Vec::new();
        let mut groups = Vec::new();
        for table in tables {
            let subject = table.resource.subject.as_ref();
            let subject = subject.ok_or(LifecycleError::Impossible {
                detail: "a `per-subject` run over a resource without data subjects",
            })?;
            let group = table.resource.subject_group.as_ref();
            let mut columns = Vec::new();
            for name in std::iter::once(subject).chain(group) {
                let field = table.resource.field(name).ok_or(NO_FIELD)?;
                columns.push(column(field, Mask::None));
            }
            let view = view(table, columns, MaskKey::from_bytes([0; 32]));
            files.push(self.open_view(&view)?);
            views.push(view);
            groups.push(group.is_some());
        }
        let plan = PrivatePlan {
            output: manifest.name.clone(),
            contribution: contribution.clone(),
            charge,
            groups,
            exact_beside: !tables.iter().all(|t| t.resource.population.private_only),
            draws: prepared.draws,
        };
        Ok(Some((plan, views, files)))
    }
}
