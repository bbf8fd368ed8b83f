//! Views: what they show, and what they do not.

mod absence;
mod lookups;
mod order;
mod queries;

use yunei_model::{FieldType, Mask, Snapshot};

use crate::testing::{Desk, RIDES_CSV, drain, name, rides, scan};
use crate::{ViewColumn, ViewError, ViewField, ViewPlan, Views};

/// `rides` as a grant may give it: card as pseudonym, month of the day, fare, line; students' rides only.
pub(super) fn granted(desk: &Desk, snapshot: &Snapshot) -> Views {
    Views::open(vec![granted_plan(desk, snapshot)]).unwrap()
}

pub(super) fn granted_plan(desk: &Desk, snapshot: &Snapshot) -> (ViewPlan, Vec<std::fs::File>) {
    let (mut plan, files) = desk.plan(&rides(), snapshot);
    let column = |column: &str, kind, mask| ViewColumn {
        name: name(column),
        kind,
        nullable: column == "line",
        mask,
    };
    plan.columns = vec![
        column("line", FieldType::Text, Mask::Prefix { characters: 1 }),
        column("card", FieldType::Text, Mask::Pseudonym),
        column("fare", FieldType::Decimal, Mask::None),
        column("day", FieldType::Date, Mask::Month),
    ];
    plan.filter = vec![yunei_model::Condition {
        field: name("student"),
        comparison: yunei_model::Comparison::Eq,
        value: yunei_model::Scalar::Boolean(true),
    }];
    (plan, files)
}

#[test]
fn a_view_shows_granted_columns_masked_and_rows_filtered() {
    let desk = Desk::new();
    let snapshot = desk.csv(RIDES_CSV).unwrap();
    let views = granted(&desk, &snapshot);
    let kinds: Vec<(&str, FieldType)> = views
        .schema(&name("rides"))
        .unwrap()
        .iter()
        .map(|f| (f.name.as_str(), f.kind))
        .collect();
    let expected = [
        ("line", FieldType::Text),
        ("card", FieldType::Text),
        ("fare", FieldType::Decimal),
        ("day", FieldType::Date),
    ];
    assert_eq!(kinds, expected);
    assert_eq!(views.rows(&name("rides")), Ok(4));
    let rows = scan(&views, "rides", &[3, 0, 1]);
    assert_eq!(rows.len(), 2);
    assert!(rows[0].starts_with("2024-02-01|∅|") && rows[1].starts_with("2024-03-01|3|"));
    let code = |row: &str| row.rsplit('|').next().unwrap().to_owned();
    assert_eq!(code(&rows[0]), code(&rows[1]));
    assert_eq!(code(&rows[0]).len(), 32);
}

#[test]
fn a_masked_number_is_text() {
    let desk = Desk::new();
    let snapshot = desk.csv(RIDES_CSV).unwrap();
    let (mut plan, files) = desk.plan(&rides(), &snapshot);
    plan.columns.retain(|c| c.name.as_str() == "ride");
    plan.columns[0].mask = Mask::Pseudonym;
    let views = Views::open(vec![(plan, files)]).unwrap();
    let expected = ViewField {
        name: "ride".to_owned(),
        kind: FieldType::Text,
        nullable: false,
    };
    assert_eq!(views.schema(&name("rides")).unwrap(), [expected]);
    assert_eq!(scan(&views, "rides", &[0]).len(), 4);
}

#[test]
fn no_column_at_all_counts_rows() {
    let desk = Desk::new();
    let snapshot = desk.csv(RIDES_CSV).unwrap();
    let counted = |views: Views| -> usize {
        let batches = drain(views.scan(&name("rides"), &[]).unwrap()).unwrap();
        batches
            .iter()
            .map(arrow::array::RecordBatch::num_rows)
            .sum()
    };
    assert_eq!(counted(granted(&desk, &snapshot)), 2);
    let unfiltered = Views::open(vec![desk.plan(&rides(), &snapshot)]).unwrap();
    assert_eq!(counted(unfiltered), 4);
}

#[test]
fn a_plan_survives_json_and_hides_its_key() {
    let desk = Desk::new();
    let snapshot = desk.csv(RIDES_CSV).unwrap();
    let (plan, _) = granted_plan(&desk, &snapshot);
    let text = serde_json::to_string(&plan).unwrap();
    assert_eq!(serde_json::from_str::<ViewPlan>(&text).unwrap(), plan);
    assert!(!format!("{plan:?}").contains("0707"));
    assert!(serde_json::from_str::<ViewPlan>(&text.replace("\"parts\"", "\"path\"")).is_err());
}

#[test]
fn plans_that_do_not_agree_are_refused() {
    let desk = Desk::new();
    let snapshot = desk.csv(RIDES_CSV).unwrap();
    let open = |change: &dyn Fn(&mut ViewPlan, &mut Vec<std::fs::File>)| {
        let (mut plan, mut files) = granted_plan(&desk, &snapshot);
        change(&mut plan, &mut files);
        Views::open(vec![(plan, files)]).map(drop)
    };
    let (view, column) = (name("rides"), name("fare"));
    let damaged = Err(ViewError::Corrupt { view: view.clone() });
    assert_eq!(open(&|_, _| {}), Ok(()));
    assert_eq!(open(&|plan, _| plan.parts[0].rows += 1), damaged);
    assert_eq!(open(&|plan, _| plan.parts[0].bytes -= 1), damaged);
    assert_eq!(open(&|plan, _| plan.parts[0].bytes += 1), damaged);
    assert_eq!(open(&|plan, _| plan.parts[0].bytes = u64::MAX), damaged);
    assert_eq!(
        open(&|_, files| files.clear()),
        Err(ViewError::Descriptors {
            view: view.clone(),
            parts: 1,
            files: 0
        })
    );
    assert_eq!(
        open(&|plan, _| plan.columns[2].mask = Mask::Withhold),
        Err(ViewError::Withheld {
            view: view.clone(),
            column: column.clone()
        })
    );
    assert_eq!(
        open(&|plan, _| plan.columns[2].mask = Mask::Month),
        Err(ViewError::Mask {
            view: view.clone(),
            column: column.clone()
        })
    );
    assert_eq!(
        open(&|plan, _| plan.columns[2].kind = FieldType::Int64),
        Err(ViewError::Column {
            view: view.clone(),
            column,
            kind: FieldType::Int64
        })
    );
    assert_eq!(
        open(&|plan, _| plan.columns[0].nullable = false),
        Err(ViewError::Column {
            view: view.clone(),
            column: name("line"),
            kind: FieldType::Text
        })
    );
    assert_eq!(
        open(&|plan, _| plan.columns[2].name = name("line")),
        Err(ViewError::ColumnTwice {
            view,
            column: name("line")
        })
    );
}

#[test]
fn two_views_of_one_name_are_refused_and_so_are_too_many() {
    let desk = Desk::new();
    let snapshot = desk.csv(RIDES_CSV).unwrap();
    let plan = || granted_plan(&desk, &snapshot);
    let view = name("rides");
    assert_eq!(
        Views::open(vec![plan(), plan()]).map(drop),
        Err(ViewError::ViewTwice { view })
    );
    let many = (0..=super::VIEWS_MAX).map(|_| plan()).collect();
    assert!(matches!(
        Views::open(many),
        Err(ViewError::TooMany { what: "views", .. })
    ));
}

#[test]
fn a_part_damaged_behind_its_footer_fails_the_scan_without_a_value() {
    let desk = Desk::new();
    let snapshot = desk.csv(RIDES_CSV).unwrap();
    let (plan, _) = desk.plan(&rides(), &snapshot);
    let path = desk.kept.path().join(&desk.files()[0]);
    let mut bytes = std::fs::read(&path).unwrap();
    let footer = bytes.len() - 8;
    let length = u32::from_le_bytes(bytes[footer..footer + 4].try_into().unwrap()) as usize;
    bytes[4..footer - length].fill(0xff);
    let broken = desk.source.path().join("broken");
    std::fs::write(&broken, &bytes).unwrap();
    let files = vec![std::fs::File::open(&broken).unwrap()];
    let views = Views::open(vec![(plan, files)]).unwrap();
    let scanned = drain(views.scan(&name("rides"), &[0]).unwrap());
    assert_eq!(scanned.map(drop), Err(ViewError::Failed));
    // The vault sees it as well.
    let digest = snapshot.parts[0].digest;
    std::fs::remove_file(&path).unwrap();
    std::fs::write(&path, &bytes).unwrap();
    let verified = desk.vault.verify(&snapshot).unwrap_err();
    assert!(matches!(verified, crate::VaultError::Corrupt { part } if part == digest));
}

#[test]
fn preparing_needs_no_view() {
    assert_eq!(crate::prepare(), Ok(()));
}
