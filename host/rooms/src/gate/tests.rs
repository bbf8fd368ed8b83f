//! Bad input at the gate, route by route: a clear verdict or a clear error, never a pass by accident.

mod bytes;
mod private;
mod recomputed;
mod reviewed;

use std::fmt::Write as _;

use cap_std::ambient_authority;
use cap_std::fs::Dir;
use yunei_catalog::{
    CatalogueEntry, Delimiter, Encoding, ImportFormat, ImportTerms, MaskKey, SourceFile, Vault,
    ViewColumn, ViewPlan, import,
};
use yunei_model::{
    Aggregate, Banding, BandingKind, Condition, CountingIds, FixedClock, Mask, Name, OnFailure,
    OrganisationId, Resource, ResourceId, Snapshot, Timestamp,
};

use super::*;
use crate::cell::Frame;
use crate::lockdown::RoomLimits;
use crate::{AuditPlan, DimensionPlan, MeasurePlan, SealKey, Source};

const ENTRY: &str = r#"
name = "rides"
source_unit = "transport-bureau"
basis = "statistical"
subject = "person"
grade = "g2"
licence = "CC0-1.0"
synthetic = true
title = { zh = "记录", en = "Records" }
description = { zh = "每次一行", en = "One row each" }
population = { name = "riders", title = { zh = "乘客", en = "Riders" } }
[[field]]
name = "person"
title = { zh = "人", en = "Person" }
type = "int64"
class = "direct-identifier"
grade = "g2"
mask = { kind = "withhold" }
[[field]]
name = "place"
title = { zh = "地点", en = "Place" }
type = "text"
class = "ordinary"
grade = "g1"
nullable = true
[[field]]
name = "fare"
title = { zh = "票价", en = "Fare" }
type = "float64"
class = "ordinary"
grade = "g1"
nullable = true
"#;

/// Columns of the view.
const PERSON: usize = 0;
const PLACE: usize = 1;
const FARE: usize = 2;

pub(super) fn name(text: &str) -> Name {
    Name::parse(text).unwrap()
}

/// Snapshots of one resource.
struct Bench {
    resource: Resource,
    vault: Vault,
    snapshot: Snapshot,
    _place: tempfile::TempDir,
}

impl Bench {
    /// Rows `person,place,fare`, one person each, made by `row`.
    fn of(people: usize, row: impl Fn(usize) -> String) -> Self {
        let mut text = String::from("person,place,fare\n");
        for person in 0..people {
            writeln!(text, "{person},{}", row(person)).unwrap();
        }
        let place = tempfile::tempdir().unwrap();
        std::fs::write(place.path().join("rows.csv"), text).unwrap();
        let directory = || Dir::open_ambient_dir(place.path(), ambient_authority()).unwrap();
        let ids = CountingIds::default();
        let resource = CatalogueEntry::parse(ENTRY)
            .unwrap()
            .register(ResourceId::new(&ids), OrganisationId::new(&ids), 1)
            .unwrap();
        let terms = ImportTerms {
            format: ImportFormat::Csv {
                encoding: Encoding::Utf8,
                delimiter: Delimiter::Comma,
            },
            data_as_of: Timestamp::from_micros(5),
            onto: None,
        };
        let vault = Vault::new(directory());
        let source = SourceFile::open(&directory(), "rows.csv").unwrap();
        let clock = FixedClock::at(Timestamp::from_micros(7));
        let snapshot = import(source, &terms, &resource, &vault, &ids, &clock).unwrap();
        Self {
            resource,
            vault,
            snapshot,
            _place: place,
        }
    }

    /// Forty people in each of three places, each with a fare of its own.
    fn ordinary() -> Self {
        Self::of(120, |person| {
            format!("{},{}", ["a", "b", "c"][person % 3], 10 + person % 7)
        })
    }

    /// A plan for one output over the resource.
    fn plan(&self, output: OutputPlan, filter: Vec<Condition>) -> GatePlan {
        let fields = self.resource.schema.fields.iter();
        let columns = fields.map(|field| ViewColumn {
            name: field.name.clone(),
            kind: field.kind,
            nullable: field.nullable,
            mask: Mask::None,
        });
        GatePlan {
            mode: GateMode::Judge,
            key: SealKey::from_bytes([7; 32]),
            digest_key: SealKey::from_bytes([8; 32]),
            views: vec![ViewPlan {
                name: self.resource.name.clone(),
                columns: columns.collect(),
                filter,
                mask_key: MaskKey::from_bytes([9; 32]),
                parts: self.snapshot.parts.clone(),
                lookups: Vec::new(),
            }],
            decoys: Vec::new(),
            outputs: vec![output],
            revisions: Vec::new(),
            audit: AuditPlan::default(),
            private: None,
            derived: Vec::new(),
            profile: include_str!("../../../../policies/disclosure/yunei.toml").to_owned(),
            rows_max: 1000,
            limits: RoomLimits {
                address_space_bytes_max: 1 << 30,
                file_bytes_max: 1 << 20,
                cpu_seconds_max: 60,
            },
        }
    }

    /// What the gate says of the one output, and the table that would leave or be shown to people: the same, whether it began before
    /// the output was whole or not.
    fn judged(
        &self,
        plan: &GatePlan,
        plaintext: &[u8],
    ) -> Result<(Verdict, Option<Table>), RoomError> {
        let begun_early = self.judged_once(plan, plaintext, true);
        // Noise is drawn each time.
        if plan.private.is_none() {
            let later = self.judged_once(plan, plaintext, false);
            assert_eq!(format!("{begun_early:?}"), format!("{later:?}"));
        }
        begun_early
    }

    fn judged_once(
        &self,
        plan: &GatePlan,
        plaintext: &[u8],
        begins_early: bool,
    ) -> Result<(Verdict, Option<Table>), RoomError> {
        let parts = self.snapshot.parts.iter();
        let mut descriptors = parts.map(|part| self.vault.open_part(part).unwrap().into());
        let runtime = single_threaded()?;
        let mut judging = Judging::begin(plan, &mut descriptors)?;
        if begins_early {
            judging.ahead(&runtime)?;
        }
        let (outputs, _) = judging.finish(plaintext, &mut descriptors, &runtime)?;
        let [judged] = <[_; 1]>::try_from(outputs).unwrap();
        Ok(judged)
    }
}

/// An output of nothing yet.
fn output() -> OutputPlan {
    OutputPlan {
        name: name("table"),
        view: Some(0),
        derived: false,
        subject: Some(PERSON),
        group: None,
        dimensions: Vec::new(),
        measures: Vec::new(),
        own: Vec::new(),
        model: None,
        look: false,
        totals: false,
        on_failure: OnFailure::Suppress,
        noise_key: None,
    }
}

/// A dimension of values of a column.
fn banded(column: usize, dimension: &str, values: &[&str]) -> DimensionPlan {
    DimensionPlan::Banded {
        name: name(dimension),
        title: None,
        sensitive: false,
        column,
        banding: Banding {
            name: name("values"),
            kind: BandingKind::Values {
                values: values.iter().map(|v| (*v).to_owned()).collect(),
            },
            within: None,
        },
        coarser: Vec::new(),
    }
}

fn places() -> DimensionPlan {
    banded(PLACE, "place", &["a", "b", "c"])
}

fn measure(measure: &str, aggregate: Aggregate, values: Option<Source>) -> MeasurePlan {
    MeasurePlan {
        of_subject: false,
        name: name(measure),
        title: None,
        aggregate,
        values,
        denominator: None,
        weight: None,
    }
}

/// Frames as a cell writes them.
fn frames(written: &[Frame]) -> Vec<u8> {
    let mut bytes = Vec::new();
    for frame in written {
        let body = postcard::to_stdvec(frame).unwrap();
        bytes.extend((body.len() as u64).to_le_bytes());
        bytes.extend(body);
    }
    bytes
}

/// What must come of a case.
#[derive(Debug, Clone, Copy)]
enum Comes {
    /// That decision, for a reason that has these words; none where it needs none.
    Of(Decision, &'static str),
    /// An error with these words.
    Error(&'static str),
}

fn hold(case: &str, judged: &Result<(Verdict, Option<Table>), RoomError>, comes: Comes) {
    match (judged, comes) {
        (Ok((verdict, table)), Comes::Of(decision, reason)) => {
            assert_eq!(verdict.decision, decision, "{case}: {verdict:?}");
            let told = verdict.reasons.join("; ");
            assert!(told.contains(reason), "{case}: {told}");
            if decision == Decision::Withhold {
                assert!(table.is_none(), "{case}: what stays has no table");
                assert_eq!(verdict.cells_released, 0, "{case}");
            }
        }
        (Err(error), Comes::Error(words)) => {
            assert!(error.to_string().contains(words), "{case}: {error}");
        }
        (judged, comes) => panic!("{case}: {comes:?}, and it was {judged:?}"),
    }
}
