//! Weeks and days: what connects them, and what is therefore overtaken.

use yunei_catalog::CatalogueEntry;
use yunei_model::{
    Cadence, Comparison, Condition, CountingIds, OrganisationId, Part, Period, Resource, RowSet,
    RunId, Scalar, Snapshot, SnapshotId, Timestamp, day_start,
};

use super::*;

const VISITS: &str = r#"
name = "visits"
source_unit = "health-commission"
basis = "statistical"
subject = "person"
grade = "g2"
licence = "CC0-1.0"
synthetic = true
title = { zh = "记录", en = "Records" }
description = { zh = "每次一行", en = "One row each" }
population = { name = "residents", title = { zh = "居民", en = "Residents" } }
[[field]]
name = "person"
title = { zh = "人", en = "Person" }
type = "text"
class = "direct-identifier"
grade = "g3"
mask = { kind = "withhold" }
[[field]]
name = "day"
title = { zh = "日期", en = "Day" }
type = "date"
class = "ordinary"
grade = "g1"
[[field]]
name = "income"
title = { zh = "收入", en = "Income" }
type = "float64"
class = "ordinary"
grade = "g1"
"#;

struct Bench {
    ids: CountingIds,
    resource: Resource,
}

impl Bench {
    fn new() -> Self {
        let ids = CountingIds::default();
        let entry = CatalogueEntry::parse(VISITS).unwrap();
        let registered = entry.register(ResourceId::new(&ids), OrganisationId::new(&ids), 1);
        Self {
            resource: registered.unwrap(),
            ids,
        }
    }

    /// The same, in which an income is what a person has, whatever day they come.
    fn of_facts() -> Self {
        let mut bench = Self::new();
        let mut fields = bench.resource.schema.fields.iter_mut();
        let income = fields.find(|field| field.name.as_str() == "income");
        income.unwrap().of_subject = true;
        bench
    }

    fn rows(&self, snapshot: &str, least: i64, period: Option<Period>) -> RowSet {
        let snapshot = Snapshot {
            id: SnapshotId::new(&self.ids),
            resource: self.resource.id,
            schema_version: 1,
            parts: vec![Part {
                digest: Digest::of(snapshot.as_bytes()),
                rows: 1,
                bytes: 1,
            }],
            data_as_of: Timestamp::from_micros(0),
            imported_at: Timestamp::from_micros(0),
            supersedes: None,
            onto: None,
            file: None,
            sorted_by_subject: true,
            key: Vec::new(),
        };
        let filter = Condition {
            field: Name::parse("income").unwrap(),
            comparison: Comparison::Ge,
            value: Scalar::Integer(least),
        };
        RowSet::new(&snapshot, &[filter], period)
    }

    fn candidate(&self, rows: RowSet) -> ExactCandidate {
        ExactCandidate {
            run: RunId::new(&self.ids),
            output: Name::parse("incomes").unwrap(),
            rows,
            computed: true,
            structure: Digest::of(b"structure"),
            profile: Digest::of(b"profile"),
            resource: self.resource.clone(),
        }
    }

    fn left(&self, rows: RowSet) -> ExactRelease {
        let candidate = self.candidate(rows);
        candidate.released(ReleaseId::new(&self.ids), Digest::of(b"table"))
    }
}

fn period(cadence: Cadence, day: &str) -> Option<Period> {
    let field = Name::parse("day").unwrap();
    Period::around(&field, cadence, day_start(day).unwrap())
}

fn week() -> Option<Period> {
    period(Cadence::Weekly, "2026-03-02")
}

fn day(day: u32) -> Option<Period> {
    period(Cadence::Daily, &format!("2026-03-{day:02}"))
}

/// The sixth and the seventh day of a week that has left, judged before either leaves: a week less both tells of each.
#[test]
fn two_days_that_a_week_connects_do_not_miss_each_other() {
    let bench = Bench::new();
    let left = |before: &[&RowSet], since: &[&RowSet]| {
        let all = |rows: &[&RowSet]| rows.iter().map(|r| bench.left((*r).clone())).collect();
        Left {
            before: all(before),
            since: all(since),
        }
    };
    let [sixth, seventh] = [7, 8].map(|d| bench.rows("one", 0, day(d)));
    let week = bench.rows("one", 0, week());
    let seventh = bench.candidate(seventh);
    let other = Some(Digest::of(b"another table"));
    let overtaking =
        |before: &[&RowSet], since: &[&RowSet]| left(before, since).overtaking(&seventh, other);
    assert_eq!(overtaking(&[&week], &[&sixth]), 1);
    assert_eq!(overtaking(&[], &[&sixth]), 0, "nothing connects them");
    assert_eq!(overtaking(&[], &[&week]), 1);
    assert_eq!(overtaking(&[&sixth], &[&week]), 1);
    assert_eq!(overtaking(&[], &[&sixth, &week]), 2);
    let next_week = bench.rows("one", 0, day(9));
    assert_eq!(overtaking(&[&week], &[&next_week]), 0);
    // Over another snapshot the gate looks whether its rows are the same.
    let week_before = bench.rows("another", 0, super::tests::week());
    assert_eq!(overtaking(&[&week_before], &[&sixth]), 1);
    // With another filter people decide about the candidate itself, and the gate follows it no further.
    let others = bench.rows("one", 18, super::tests::week());
    assert_eq!(overtaking(&[&others], &[&sixth]), 0);
    assert_eq!(overtaking(&[], &[&others]), 1);
}

#[test]
fn the_very_same_table_tells_nothing_more() {
    let bench = Bench::new();
    let candidate = bench.candidate(bench.rows("one", 0, day(8)));
    let left = Left {
        before: Vec::new(),
        since: vec![bench.left(candidate.rows.clone())],
    };
    assert_eq!(left.overtaking(&candidate, Some(Digest::of(b"table"))), 0);
    assert_eq!(left.overtaking(&candidate, Some(Digest::of(b"other"))), 1);
    let guests = ExactCandidate {
        computed: false,
        ..candidate
    };
    assert_eq!(left.overtaking(&guests, Some(Digest::of(b"other"))), 1);
}

/// A table is overtaken exactly when it would be judged with something else than it was.
#[test]
fn overtaken_is_what_would_be_judged_with_something_else() {
    let bench = Bench::new();
    let periods = [None, week(), day(6), day(7), day(8), day(9)];
    let mut sets = Vec::new();
    for snapshot in ["one", "another"] {
        for least in [0, 18] {
            let of = |period: &Option<Period>| bench.rows(snapshot, least, period.clone());
            sets.extend(periods.iter().map(of));
        }
    }
    let reached = |candidate: &ExactCandidate, told: &[&ExactRelease]| {
        let sorted = sort(candidate, told.to_vec());
        let all = sorted.same.iter().chain(&sorted.cut);
        let ids = all.chain(&sorted.overlapping).map(|exact| exact.release);
        ids.collect::<BTreeSet<ReleaseId>>()
    };
    let mut connected = 0;
    for own in &sets {
        let candidate = bench.candidate(own.clone());
        for before in &sets {
            for since in &sets {
                let (before, since) = (bench.left(before.clone()), bench.left(since.clone()));
                let then = reached(&candidate, &[&before]);
                let now = reached(&candidate, &[&before, &since]);
                let direct = reached(&candidate, &[&since]);
                connected += usize::from(now.len() > then.len() && direct.is_empty());
                let left = Left {
                    before: vec![before],
                    since: vec![since],
                };
                let overtaking = left.overtaking(&candidate, Some(Digest::of(b"other")));
                assert_eq!(overtaking > 0, now != then, "{own:?} {left:?}");
            }
        }
    }
    assert!(
        connected > 0,
        "what only a third one connects is among them"
    );
}

/// Incomes of those who came on one day less those who came on another are the incomes of whoever came on one alone.
#[test]
fn days_that_repeat_a_fact_about_people_are_no_others() {
    for (bench, overlapping) in [(Bench::new(), 0), (Bench::of_facts(), 2)] {
        let candidate = bench.candidate(bench.rows("one", 0, day(8)));
        let rows = [
            bench.rows("one", 0, day(7)),
            bench.rows("one", 0, week()),
            bench.rows("one", 0, day(8)),
        ];
        let told: Vec<ExactRelease> = rows.map(|rows| bench.left(rows)).into();
        let sorted = sort(&candidate, told.iter().collect::<Vec<_>>());
        assert_eq!(sorted.same.len(), 1);
        assert_eq!(sorted.overlapping.len(), overlapping);
        // What connects them is cut by time where rows repeat nothing.
        assert_eq!(sorted.cut.len(), 2 - overlapping);
        let left = Left {
            before: Vec::new(),
            since: vec![told[0].clone()],
        };
        let overtaking = left.overtaking(&candidate, Some(Digest::of(b"other")));
        assert_eq!(overtaking, overlapping as u64 / 2);
        // Where each has one row, rows of another day are of other people.
        let mut once = bench.resource.clone();
        once.schema.key = once.subject.iter().cloned().collect();
        assert!(!once.shares_facts_of_subjects(&once));
    }
}
