//! `per-subject` modules that attack through one data subject: whatever they do, every other subject's record is byte for
//! byte what it would be without that subject, and that subject's own is within bounds or the default.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "what tests share fails as tests do"
)]

mod support;

use std::collections::BTreeMap;
use std::sync::Arc;

use support::guests::{INPUTS, per_subject};
use support::load_metered;
use yunei_model::{Contribution, ContributionMeasure, Limits, Mechanism, Name};
use yunei_sandbox::{
    Batch, CONTRIBUTIONS_MAX, Column, Component, Contributions, Engine, GuestEnd, Metering,
    ParameterValue, PerSubject, RecordForm, TrapKind, Values,
};

/// The subject whom the modules attack.
const VICTIM: i32 = 7;
/// All subjects: the victim in the midst of others.
const SUBJECTS: [i32; 6] = [3, 5, VICTIM, 8, 13, 21];

fn contribution() -> Contribution {
    let measure = |name: &str, max, default| ContributionMeasure {
        name: Name::parse(name).unwrap(),
        min: 0.0,
        max,
        default,
        step: None,
    };
    Contribution {
        cells: ["few", "some", "many"].map(str::to_owned).to_vec(),
        measures: vec![measure("persons", 1.0, 1.0), measure("rides", 50.0, 2.5)],
        cells_per_subject: 2,
        epsilon: 0.1,
        delta: 0.0,
        mechanism: Mechanism::Laplace,
        default_cell: Some("some".to_owned()),
    }
}

/// Rows of one subject: who it is, as the module's own key to attack by, and as many rides as it has rows.
fn rows_of(subject: i32) -> Vec<Batch> {
    rows(subject, u32::try_from(subject).unwrap() % 4 + 1)
}

fn rows(subject: i32, count: u32) -> Vec<Batch> {
    vec![Batch {
        rows: count,
        columns: vec![Column::valid(Values::Int32(
            vec![subject; count as usize].into(),
        ))],
    }]
}

struct Module(Engine, Component);

impl Module {
    fn new(wat: &str) -> Self {
        let (engine, component) = load_metered("per-subject", wat, Metering::Fuel);
        Self(engine, component)
    }

    fn start(&self, limits: &Limits) -> Result<PerSubject, GuestEnd> {
        let attack = Name::parse("attack").unwrap();
        let parameters = BTreeMap::from([(attack, ParameterValue::Integer(VICTIM.into()))]);
        PerSubject::start(&self.0, &self.1, parameters, &contribution(), limits)
    }

    fn records(&self, subjects: &[i32]) -> Vec<Vec<u8>> {
        let module = self.start(&Limits::default()).unwrap();
        let records: Vec<Vec<Batch>> = subjects.iter().map(|s| rows_of(*s)).collect();
        called(&module, &records)
    }
}

/// The record of each subject, as bytes.
fn called(module: &PerSubject, subjects: &[Vec<Batch>]) -> Vec<Vec<u8>> {
    let mut contributions = Contributions::new(Arc::clone(module.form()));
    for records in subjects {
        module.contribute(records, &mut contributions);
    }
    let size = module.form().record_bytes();
    assert_eq!(contributions.as_bytes().len(), subjects.len() * size);
    contributions
        .as_bytes()
        .chunks(size)
        .map(<[u8]>::to_vec)
        .collect()
}

fn default_record() -> Vec<u8> {
    let mut contributions = Contributions::new(Arc::new(RecordForm::of(&contribution())));
    contributions.push_default();
    contributions.as_bytes().to_vec()
}

/// What a record says of `rides` in the cell `few`.
fn rides(record: &[u8]) -> Option<f64> {
    let form = Arc::new(RecordForm::of(&contribution()));
    let contributions = Contributions::from_bytes(form, record.to_vec()).unwrap();
    let record = contributions.records().next().unwrap();
    let cells: Vec<(u32, Vec<f64>)> = record.cells().map(|(c, v)| (c, v.collect())).collect();
    match cells.as_slice() {
        [(0, values)] => Some(values[1]),
        _ => None,
    }
}

/// Returns one contribution: `value` rides in `cell`.
fn one(cell: &str, measure: &str, value: &str) -> String {
    format!(
        "(i32.store (i32.const 1024) (i32.const 1040)) (i32.store (i32.const 1028) (i32.const 1))
         (i32.store (i32.const 1040) {cell}) (i32.store (i32.const 1044) {measure})
         (f64.store (i32.const 1048) {value}) (i32.const 1024)"
    )
}

/// As many rides as there are rows.
fn honest() -> String {
    one(
        "(i32.const 0)",
        "(i32.const 1)",
        "(f64.convert_i32_u (local.get $rows))",
    )
}

/// Honest for all but the victim, for whom it does something else.
fn attacking(attack: &str) -> String {
    per_subject(
        "",
        &format!(
            "(if (i32.eq (local.get $id) (i32.const {VICTIM})) (then {attack})) {}",
            honest()
        ),
    )
}

/// The others' records with and without the victim, and the victim's own.
fn attacked(wat: &str) -> Vec<u8> {
    let module = Module::new(wat);
    let mut with = module.records(&SUBJECTS);
    let place = SUBJECTS.iter().position(|s| *s == VICTIM).unwrap();
    let victim = with.remove(place);
    let others: Vec<i32> = SUBJECTS.into_iter().filter(|s| *s != VICTIM).collect();
    assert_eq!(
        with,
        module.records(&others),
        "another subject's record changed"
    );
    assert_eq!(
        with.iter().map(|r| rides(r)).collect::<Vec<_>>(),
        others
            .iter()
            .map(|s| Some(f64::from(s % 4 + 1)))
            .collect::<Vec<_>>(),
        "the others are served"
    );
    victim
}

#[test]
fn every_subject_is_called_with_its_own_rows() {
    let module = Module::new(&per_subject("", &honest()));
    let told: Vec<Option<f64>> = module.records(&SUBJECTS).iter().map(|r| rides(r)).collect();
    assert_eq!(told, SUBJECTS.map(|s| Some(f64::from(s % 4 + 1))));
}

#[test]
fn a_secret_under_full_support_is_clamped() {
    let victim = attacked(&attacking(&format!(
        "(return (block (result i32) {}))",
        one("(i32.const 0)", "(i32.const 1)", "(f64.const 1e9)")
    )));
    assert_eq!(rides(&victim), Some(50.0));
}

#[test]
fn what_ends_badly_for_one_is_the_default_of_one() {
    let list = |pointer: &str, length: &str| {
        format!(
            "(i32.store (i32.const 1024) (i32.const {pointer})) (i32.store (i32.const 1028) (i32.const {length})) (return (i32.const 1024))"
        )
    };
    let returning = |cell: &str, measure: &str, value: &str| {
        format!(
            "(return (block (result i32) {}))",
            one(cell, measure, value)
        )
    };
    let zero = "(i32.const 0)";
    let fine = "(f64.const 1)";
    for (attack, what) in [
        ("unreachable".to_owned(), "a trap"),
        ("(drop (i32.div_u (i32.const 1) (i32.const 0)))".to_owned(), "a division by zero"),
        ("(loop $again (br $again))".to_owned(), "spinning"),
        (
            "(loop $again (memory.fill (i32.const 65536) (i32.const 1) (i32.const 65536)) (br $again))".to_owned(),
            "spinning in one slow instruction",
        ),
        (
            "(loop $again (drop (memory.grow (i32.const 1))) (br $again))".to_owned(),
            "a memory bomb",
        ),
        ("(drop (call $self (local.get $records) (local.get $count)))".to_owned(), "deep recursion"),
        (list("1040", "0x7fffffff"), "a list beyond its memory"),
        (list("-16", "1"), "a list that lies nowhere"),
        (list("1041", "1"), "a list that is not aligned"),
        (list("2048", &(CONTRIBUTIONS_MAX + 1).to_string()), "too long a list"),
        (returning("(i32.const 3)", zero, fine), "a cell that is not there"),
        (returning("(i32.const -1)", zero, fine), "the cell that means none"),
        (returning(zero, "(i32.const 2)", fine), "a measure that is not there"),
        (returning(zero, zero, "(f64.const nan)"), "no number"),
        (returning(zero, zero, "(f64.const inf)"), "no finite number"),
        (
            "(i32.store (i32.const 1040) (i32.const 0)) (i32.store (i32.const 1056) (i32.const 1)) (i32.store (i32.const 1072) (i32.const 2))"
                .to_owned()
                + &list("1040", "3"),
            "more cells than a subject may touch",
        ),
    ] {
        assert_eq!(attacked(&attacking(&attack)), default_record(), "{what}");
    }
}

#[test]
fn nothing_is_left_from_one_subject_to_the_next() {
    // Each call counts in a global, in memory, in the size of its memory and of its table: all begin anew.
    let state = r"
      (global.set $calls (i32.add (global.get $calls) (i32.const 1)))
      (i32.store (i32.const 4096) (i32.add (i32.load (i32.const 4096)) (i32.const 1)))
      (i32.store (i32.const 131068) (i32.add (i32.load (i32.const 131068)) (i32.const 1)))
      (drop (memory.grow (i32.const 1)))
      (i32.store (i32.const 131072) (i32.add (i32.load (i32.const 131072)) (i32.const 1)))
      (drop (table.grow $kept (ref.null func) (i32.const 1)))
      (drop (table.grow $first (ref.null func) (i32.const 1)))";
    let seen = "(f64.convert_i32_u (i32.add
        (i32.add (i32.add (global.get $calls) (i32.load (i32.const 4096))) (i32.add (i32.load (i32.const 131068)) (i32.load (i32.const 131072))))
        (i32.add (memory.size) (i32.add (table.size $kept) (table.size $first)))))";
    let wat = per_subject(
        "(global $calls (mut i32) (i32.const 0)) (table $kept 0 100 funcref) (table $first 1 100 funcref)",
        &format!("{state} {}", one("(i32.const 0)", "(i32.const 1)", seen)),
    );
    let module = Module::new(&wat).start(&Limits::default()).unwrap();
    // More calls than the engine has places for instances.
    let subjects: Vec<Vec<Batch>> = (0..300).map(|s| rows(s, 1)).collect();
    let records = called(&module, &subjects);
    // 4 counters at 1, 3 pages, 1 and 2 elements.
    assert!(records.iter().all(|record| rides(record) == Some(10.0)));
}

#[test]
fn a_call_stops_at_the_same_point_every_time() {
    let work = "(local.set $at (i32.const 1000)) (loop $again (br_if $again (local.tee $at (i32.sub (local.get $at) (i32.const 1)))))";
    let module = Module::new(&per_subject("", &format!("{work} {}", honest())));
    let served = |fuel: u64| {
        let limits = Limits {
            subject_fuel_max: fuel,
            ..Limits::default()
        };
        let started = module.start(&limits).unwrap();
        rides(&called(&started, &[rows(1, 3)])[0]) == Some(3.0)
    };
    let (mut too_little, mut enough) = (0, 100_000);
    assert!(served(enough) && !served(too_little + 1));
    while enough - too_little > 1 {
        let middle = u64::midpoint(enough, too_little);
        if served(middle) {
            enough = middle;
        } else {
            too_little = middle;
        }
    }
    assert!((3_000..9_000).contains(&enough), "{enough}");
    for _ in 0..3 {
        assert!(served(enough) && !served(enough - 1));
    }
}

#[test]
fn rows_and_bytes_of_one_subject_are_limited() {
    let module = Module::new(&per_subject("", &honest()));
    let served = |limits: Limits, count| {
        let started = module.start(&limits).unwrap();
        called(&started, &[rows(1, count)])[0] != default_record()
    };
    let few = |subject_rows_max| Limits {
        subject_rows_max,
        ..Limits::default()
    };
    assert!(served(few(3), 3));
    assert!(!served(few(3), 4));
    let small = |subject_bytes_max| Limits {
        subject_bytes_max,
        ..Limits::default()
    };
    assert!(served(small(12), 3));
    assert!(!served(small(12), 4));
}

#[test]
fn memory_of_one_instance_is_limited() {
    // Two pages, and the two elements of the table that a component has for its own calls.
    let module = Module::new(&per_subject("", &honest()));
    let start = |subject_memory_bytes_max| {
        module.start(&Limits {
            subject_memory_bytes_max,
            ..Limits::default()
        })
    };
    let least = (131_072..131_200)
        .find(|bytes| start(*bytes).is_ok())
        .unwrap();
    assert!(matches!(start(least - 1), Err(GuestEnd::Limit(_))));
}

#[test]
fn parameters_are_the_runs_and_their_calls_are_limited() {
    let ask = "(call $parameter (i32.const 16) (i32.const 6) (i32.const 256))";
    let value = "(f64.convert_i64_s (i64.load (i32.const 272)))";
    let asking = |times: usize| {
        let wat = format!(
            "{} {}",
            ask.repeat(times),
            one("(i32.const 0)", "(i32.const 1)", value)
        );
        support::guests::per_subject_with(INPUTS, r#"(data (i32.const 16) "attack")"#, &wat)
    };
    let limits = Limits {
        subject_calls_max: 3,
        ..Limits::default()
    };
    let told = |times| {
        let module = Module::new(&asking(times)).start(&limits).unwrap();
        rides(&called(&module, &[rows(1, 1)])[0])
    };
    assert_eq!(told(3), Some(f64::from(VICTIM)));
    assert_eq!(told(4), None);
}

#[test]
fn what_fails_for_every_subject_fails_before_the_first() {
    let start = "(func $start unreachable) (start $start)";
    let trapping = Module::new(&per_subject(start, &honest()));
    let end = trapping.start(&Limits::default()).unwrap_err();
    assert_eq!(end, GuestEnd::Trap(TrapKind::Unreachable));
    let (engine, component) = load_metered(
        "analysis",
        &support::guests::analysis(&[], "(i32.const 128)"),
        Metering::None,
    );
    let end = Module(engine, component).start(&Limits::default());
    assert!(matches!(end, Err(GuestEnd::Denied { .. })), "{end:?}");
}

/// Milliseconds that the call for one subject may take at most; what is measured is a fraction, on an idle machine.
const SUBJECT_MS_MAX: u128 = 2_000;

#[test]
fn however_fuel_is_spent_it_is_a_limit_of_time() {
    for (what, work) in [
        ("branches", ""),
        (
            "small fills",
            "(memory.fill (i32.const 65536) (i32.const 1) (i32.const 1))",
        ),
        (
            "large fills",
            "(memory.fill (i32.const 65536) (i32.const 1) (i32.const 65536))",
        ),
        (
            "small copies",
            "(memory.copy (i32.const 65536) (i32.const 70000) (i32.const 8))",
        ),
        ("growing by nothing", "(drop (memory.grow (i32.const 0)))"),
        (
            "tables",
            "(drop (table.grow $kept (ref.null func) (i32.const 0)))",
        ),
        (
            "square roots",
            "(f64.store (i32.const 4096) (f64.sqrt (f64.load (i32.const 4096))))",
        ),
        (
            "divisions",
            "(i64.store (i32.const 4096) (i64.div_s (i64.const 0x7fffffffffffffff) (i64.or (i64.const 3) (i64.load (i32.const 4096)))))",
        ),
        (
            "pages",
            "(i32.store (local.tee $at (i32.and (i32.add (local.get $at) (i32.const 4096)) (i32.const 0x1ffff))) (i32.const 1))",
        ),
        (
            "asking",
            "(call $parameter (i32.const 16) (i32.const 6) (i32.const 256))",
        ),
    ] {
        let body = format!("(loop $again {work} (br $again)) unreachable");
        let rest = r#"(table $kept 0 100 funcref) (data (i32.const 16) "attack")"#;
        let module = Module::new(&support::guests::per_subject_with(INPUTS, rest, &body));
        let module = module.start(&Limits::default()).unwrap();
        // The shortest of a few, which other work on the machine does not make longer.
        let times = (0..3).map(|_| {
            let began = std::time::Instant::now();
            assert_eq!(called(&module, &[rows(1, 1)]), [default_record()], "{what}");
            began.elapsed()
        });
        let took = times.min().unwrap();
        println!("{what}: {} µs", took.as_micros());
        assert!(took.as_millis() < SUBJECT_MS_MAX, "{what}: {took:?}");
    }
}
