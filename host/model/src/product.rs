//! Products, editions, schedules, deliveries.

use serde::{Deserialize, Serialize};

use crate::transition::{names, states};
use crate::{
    AccountId, DeliveryId, EditionId, GrantId, ModuleId, Name, ProductId, ReleaseId, ScheduleId,
    Text, Timestamp,
};

states! {
    /// The life of a product.
    ProductState {
        /// Described.
        Drafted = "drafted" => [Reviewed, Withdrawn],
        /// Its first edition was reviewed.
        Reviewed = "reviewed" => [Standing, Withdrawn],
        /// Later editions that pass every check leave by themselves.
        Standing = "standing" => [Withdrawn],
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

/// A data product.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Product {
    /// Id.
    pub id: ProductId,
    /// Name.
    pub name: Name,
    /// What people read.
    pub title: Text,
    /// Grant.
    pub grant: GrantId,
    /// Module.
    pub module: ModuleId,
    /// Column that tells the period.
    pub period: Option<Name>,
    /// Cadence of its editions.
    pub cadence: Option<Cadence>,
    /// Days after a period's end until it is closed.
    pub lateness_days: u32,
    /// State.
    pub state: ProductState,
}

/// One edition of a product, over a closed period.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Edition {
    /// Id.
    pub id: EditionId,
    /// Product.
    pub product: ProductId,
    /// First moment of the period.
    pub from: Timestamp,
    /// First moment after it.
    pub until: Timestamp,
    /// Release.
    pub release: ReleaseId,
    /// Edition that it revises.
    pub revises: Option<EditionId>,
}

/// What starts a scheduled run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
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

/// A schedule.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Schedule {
    /// Id.
    pub id: ScheduleId,
    /// Product.
    pub product: ProductId,
    /// Trigger.
    pub trigger: ScheduleTrigger,
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
