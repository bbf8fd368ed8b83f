//! Products, editions, schedules, deliveries.

use serde::{Deserialize, Serialize};

use crate::transition::{names, states};
use crate::{
    AccountId, Code, DeliveryId, EditionId, GrantId, ModuleId, Name, OrganisationId, Parameters,
    Period, PersonId, ProductId, ReleaseId, RunId, ScheduleId, SnapshotId, Text, Timestamp,
};

states! {
    /// The life of a product.
    ProductState {
        /// Described.
        Drafted = "drafted" => [Reviewed, Withdrawn],
        /// Its first edition was reviewed. Another module makes it a draft again.
        Reviewed = "reviewed" => [Drafted, Standing, Withdrawn],
        /// Later editions that pass every check leave by themselves, as long as the standing approval is in force.
        Standing = "standing" => [Drafted, Reviewed, Withdrawn],
        /// Taken back.
        Withdrawn = "withdrawn" => [],
    }
}

names! {
    /// How often an edition comes.
    Cadence {
        /// Every day.
        Daily = "daily",
        /// Every week.
        Weekly = "weekly",
        /// Every month.
        Monthly = "monthly",
    }
}

names! {
    /// Formats of a delivery.
    Format {
        /// Comma-separated values, UTF-8 with a byte-order mark.
        Csv = "csv",
        /// Parquet.
        Parquet = "parquet",
        /// Excel workbook.
        Xlsx = "xlsx",
        /// JSON.
        Json = "json",
    }
}

/// Revisions of one period at most: each is held against every earlier edition of it.
pub const REVISIONS_MAX: usize = 8;

/// What leaves again and again: a module's outputs over the closed periods of a resource.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Product {
    /// Id.
    pub id: ProductId,
    /// Name, unique in the domain; one that the grant names.
    pub name: Name,
    /// What people read.
    pub title: Text,
    /// The operating unit.
    pub operator: OrganisationId,
    /// Grant.
    pub grant: GrantId,
    /// Module.
    pub module: ModuleId,
    /// Parameters of every run.
    pub parameters: Parameters,
    /// Date or timestamp field that tells the period.
    pub period: Name,
    /// Cadence of its editions.
    pub cadence: Cadence,
    /// First moment of the first period that it covers.
    pub starts: Timestamp,
    /// Days after a period's end until it is closed.
    pub lateness_days: u32,
    /// Days after a period is closed at which late rows are looked for, once; not at all when there is no such number.
    pub revision_days: Option<u32>,
    /// State.
    pub state: ProductState,
    /// The run whose edition two people released, when it became `reviewed`.
    #[serde(default)]
    pub first_reviewed: Option<RunId>,
    /// Account that drafted it, under which its scheduled runs are submitted.
    pub drafted_by: AccountId,
    /// Person behind that account.
    pub drafted_by_person: PersonId,
    /// When it was drafted.
    pub drafted_at: Timestamp,
}

/// One edition of a product, over a closed period.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Edition {
    /// Id.
    pub id: EditionId,
    /// Product.
    pub product: ProductId,
    /// The period.
    pub period: Period,
    /// Run that it came of.
    pub run: RunId,
    /// Releases, one per output.
    pub releases: Vec<ReleaseId>,
    /// 0 for the first edition of its period, then 1, 2, 3 …
    pub revision: u32,
    /// Edition that it revises: the one before it; none for the first of its period.
    pub revises: Option<EditionId>,
    /// When it left.
    pub at: Timestamp,
}

/// What a run is to become: the edition of a product, or the revision of one. Its period is the run's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct EditionOf {
    /// Product.
    pub product: ProductId,
    /// Edition that it would revise: the newest of its period.
    pub revises: Option<EditionId>,
}

/// What starts a scheduled run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case", deny_unknown_fields)]
pub enum ScheduleTrigger {
    /// Five cron fields, in Asia/Shanghai.
    Cron {
        /// The expression.
        expression: String,
    },
    /// A new snapshot of a resource.
    OnSnapshot {
        /// The resource.
        resource: Name,
    },
}

/// When a schedule has something to do next: kept with it, so that an interruption neither loses nor doubles a step.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum Due {
    /// At this moment.
    At {
        /// The moment.
        at: Timestamp,
    },
    /// Once there is another newest snapshot than this one.
    After {
        /// The newest snapshot of the last step; none before the first.
        snapshot: Option<SnapshotId>,
    },
    /// Never again.
    Never,
}

/// A schedule that waits for a privacy budget to cover its next run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Paused {
    /// What the next run was refused with.
    pub code: Code,
    /// Since when.
    pub at: Timestamp,
}

/// A schedule.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Schedule {
    /// Id.
    pub id: ScheduleId,
    /// Product.
    pub product: ProductId,
    /// Trigger.
    pub trigger: ScheduleTrigger,
    /// When it has something to do next.
    pub due: Due,
    /// Why it does nothing for now, if so. What is due stays due.
    #[serde(default)]
    pub paused: Option<Paused>,
    /// Account that set it up.
    pub set_by: AccountId,
    /// When it was set up.
    pub set_at: Timestamp,
}

/// A released table handed over.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Delivery {
    /// Id.
    pub id: DeliveryId,
    /// Release.
    pub release: ReleaseId,
    /// Format.
    pub format: Format,
    /// To whom.
    pub account: AccountId,
    /// When.
    pub at: Timestamp,
}
