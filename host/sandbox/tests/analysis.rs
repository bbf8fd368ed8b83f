//! `analysis` modules: what is linked, what the host is asked, where limits are.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "what tests share fails as tests do"
)]

mod support;

use support::guests::{DATA, INPUTS, JOURNAL, OUTPUT, QUERY, READER, analysis, copying};
use support::host::Trips;
use support::load;
use yunei_model::{LimitExceeded, Limits};
use yunei_sandbox::{
    Component, Engine, GuestEnd, Interfaces, Malformed, Stop, TrapKind, run_analysis,
};

struct Loaded(Engine, Component);

impl Loaded {
    fn of(wat: &str) -> Self {
        let (engine, component) = load("analysis", wat);
        Self(engine, component)
    }

    fn run(&self, host: &Trips, limits: &Limits) -> Result<(), GuestEnd> {
        self.run_with(Interfaces::ALL, host, limits)
    }

    fn run_with(
        &self,
        interfaces: Interfaces,
        host: &Trips,
        limits: &Limits,
    ) -> Result<(), GuestEnd> {
        run_analysis(&self.0, &self.1, interfaces, Box::new(host.clone()), limits)
    }
}

fn limit(name: &str, limit: u64, current: u64, requested: u64) -> Result<(), GuestEnd> {
    Err(GuestEnd::Limit(LimitExceeded {
        name: name.to_owned(),
        limit,
        current,
        requested,
    }))
}

fn nothing() -> Limits {
    Limits::default()
}

#[test]
fn a_table_is_read_and_an_output_written() {
    let host = Trips::of(&[&[1.0, 2.0], &[3.5]]);
    Loaded::of(&copying()).run(&host, &nothing()).unwrap();
    let seen = host.seen.lock().unwrap();
    assert_eq!(
        seen.asked,
        [
            "create out 1",
            "open trips",
            "scan trips [0]",
            "next 1",
            "append",
            "next 1",
            "append",
            "next 1",
            "close 1"
        ]
    );
    let rows: Vec<u32> = seen.appended.iter().map(|batch| batch.rows).collect();
    assert_eq!(rows, [2, 1]);
    assert_eq!(seen.lent_and_dropped, 2, "each lent buffer is given back");
}

#[test]
fn only_what_is_named_is_linked() {
    let loaded = Loaded::of(&copying());
    for (interfaces, missing) in [
        (Interfaces::default(), "data"),
        (
            Interfaces {
                output: true,
                ..Interfaces::default()
            },
            "data",
        ),
        (
            Interfaces {
                data: true,
                ..Interfaces::default()
            },
            "output",
        ),
    ] {
        let host = Trips::default();
        let end = loaded.run_with(interfaces, &host, &nothing()).unwrap_err();
        let GuestEnd::Denied { interface } = end else {
            panic!("{end:?}");
        };
        assert_eq!(interface, format!("yunei:guest/{missing}@0.1.0"));
        assert!(
            host.seen.lock().unwrap().asked.is_empty(),
            "it never started"
        );
    }
    let enough = Interfaces {
        data: true,
        output: true,
        ..Interfaces::default()
    };
    assert_eq!(
        loaded.run_with(enough, &Trips::default(), &nothing()),
        Ok(())
    );
}

#[test]
fn a_query_yields_readers_without_the_right_to_open_tables() {
    let body = r"
  (call $sql (i32.const 48) (i32.const 8) (i32.const 256))
  (if (i32.load8_u (i32.const 256)) (then (return (i32.const 144))))
  (local.set $handle (i32.load (i32.const 260)))
  (call $next (local.get $handle) (i32.const 256))
  (call $drop_reader (local.get $handle))
  (i32.const 128)";
    let only_query = Interfaces {
        query: true,
        output: true,
        ..Interfaces::default()
    };
    let host = Trips::of(&[&[1.0]]);
    let loaded = Loaded::of(&analysis(&[QUERY, READER], body));
    assert_eq!(loaded.run_with(only_query, &host, &nothing()), Ok(()));
    assert_eq!(
        host.seen.lock().unwrap().asked,
        ["sql select 1", "next 2", "close 2"]
    );

    let opening = Loaded::of(&analysis(&[QUERY, READER, DATA], body));
    let end = opening.run_with(only_query, &Trips::default(), &nothing());
    assert!(matches!(end, Err(GuestEnd::Denied { .. })), "{end:?}");
}

#[test]
fn an_ungranted_resource_is_a_denial_that_the_module_hears() {
    // `out` is no resource: the denial's code and clause lie where the module can read them.
    let body = r"
  (call $open (i32.const 24) (i32.const 3) (i32.const 256))
  (if (i32.ne (i32.load8_u (i32.const 256)) (i32.const 1)) (then unreachable))
  (if (i32.ne (i32.load (i32.const 264)) (i32.const 14)) (then unreachable))
  (if (i32.ne (i32.load8_u (i32.const 268)) (i32.const 1)) (then unreachable))
  (i32.const 144)";
    let end = Loaded::of(&analysis(&[DATA], body)).run(&Trips::default(), &nothing());
    assert_eq!(end, Err(GuestEnd::Error(r"no\n\u{202e}!".to_owned())));
}

#[test]
fn a_column_that_is_not_in_the_schema_ends_the_module() {
    let body = r"
  (call $open (i32.const 16) (i32.const 5) (i32.const 256))
  (i32.store (i32.const 300) (i32.const 1))
  (call $scan (i32.load (i32.const 260)) (i32.const 300) (i32.const 1) (i32.const 256))
  (i32.const 128)";
    let end = Loaded::of(&analysis(&[DATA], body)).run(&Trips::default(), &nothing());
    assert_eq!(
        end,
        Err(GuestEnd::Malformed(Malformed::Position { column: 1 }))
    );
}

#[test]
fn parameters_are_typed() {
    let body = r"
  (call $parameter (i32.const 40) (i32.const 5) (i32.const 256))
  (if (i32.ne (i32.load8_u (i32.const 256)) (i32.const 1)) (then unreachable))
  (if (i32.ne (i32.load8_u (i32.const 264)) (i32.const 2)) (then unreachable))
  (if (i32.ne (i32.load (i32.const 272)) (i32.const 19000)) (then unreachable))
  (call $parameter (i32.const 16) (i32.const 5) (i32.const 256))
  (if (i32.load8_u (i32.const 256)) (then unreachable))
  (i32.const 128)";
    let host = Trips::default();
    let loaded = Loaded::of(&analysis(&[INPUTS], body));
    assert_eq!(loaded.run(&host, &nothing()), Ok(()));
}

#[test]
fn notes_are_escaped_and_cut_and_counted() {
    let body = r"
  (call $note (i32.const 1) (i32.const 64) (i32.const 7))
  (memory.fill (i32.const 4096) (i32.const 65) (i32.const 1000))
  (call $note (i32.const 0) (i32.const 4096) (i32.const 1000))
  (i32.const 128)";
    let host = Trips::default();
    let loaded = Loaded::of(&analysis(&[JOURNAL], body));
    let two = Limits {
        journal_notes_max: 2,
        ..nothing()
    };
    assert_eq!(loaded.run(&host, &two), Ok(()));
    let notes = host.seen.lock().unwrap().notes.clone();
    assert_eq!(notes[0], r"Warning no\n\u{202e}!");
    assert_eq!(notes[1].len(), "Info ".len() + 256);
    let one = Limits {
        journal_notes_max: 1,
        ..nothing()
    };
    assert_eq!(
        loaded.run(&Trips::default(), &one),
        limit("journal_notes_max", 1, 1, 1)
    );
}

#[test]
fn a_journal_flood_ends_the_module() {
    let flood = "(loop $again (call $note (i32.const 0) (i32.const 16) (i32.const 5)) (br $again)) (i32.const 128)";
    let host = Trips::default();
    let end = Loaded::of(&analysis(&[JOURNAL], flood)).run(&host, &nothing());
    assert_eq!(end, limit("journal_notes_max", 100, 100, 1));
    assert_eq!(host.seen.lock().unwrap().notes.len(), 100);
}

#[test]
fn calls_are_counted_over_all_interfaces() {
    let loaded = Loaded::of(&copying());
    // create, open, schema, scan, two times next.
    let six = Limits {
        calls_max: 6,
        ..nothing()
    };
    let five = Limits {
        calls_max: 5,
        ..nothing()
    };
    assert_eq!(
        loaded.run(
            &Trips::of(&[]),
            &Limits {
                calls_max: 5,
                ..nothing()
            }
        ),
        Ok(())
    );
    assert_eq!(
        loaded.run(&Trips::of(&[&[1.0]]), &five),
        limit("calls_max", 5, 5, 1)
    );
    assert_eq!(
        loaded.run(&Trips::of(&[&[1.0]]), &six),
        limit("calls_max", 6, 6, 1)
    );
    let seven = Limits {
        calls_max: 7,
        ..nothing()
    };
    assert_eq!(loaded.run(&Trips::of(&[&[1.0]]), &seven), Ok(()));
}

#[test]
fn handles_are_limited_and_come_back_when_dropped() {
    let hoard = r"
  (loop $again
    (call $open (i32.const 16) (i32.const 5) (i32.const 256))
    (br $again))
  (i32.const 128)";
    let limits = Limits {
        handles_max: 5,
        ..nothing()
    };
    let end = Loaded::of(&analysis(&[DATA], hoard)).run(&Trips::default(), &limits);
    assert_eq!(end, limit("handles_max", 5, 5, 1));
    let tidy = r"
  (local.set $at (i32.const 20))
  (loop $again
    (call $sql (i32.const 48) (i32.const 8) (i32.const 256))
    (call $drop_reader (i32.load (i32.const 260)))
    (local.set $at (i32.sub (local.get $at) (i32.const 1)))
    (br_if $again (local.get $at)))
  (i32.const 128)";
    let end = Loaded::of(&analysis(&[QUERY, READER], tidy)).run(&Trips::default(), &limits);
    assert_eq!(end, Ok(()));
}

#[test]
fn outputs_are_limited_in_rows_and_bytes() {
    let loaded = Loaded::of(&copying());
    let host = || Trips::of(&[&[1.0, 2.0], &[3.0]]);
    let at = Limits {
        output_rows_max: 3,
        output_bytes_max: 24,
        ..nothing()
    };
    assert_eq!(loaded.run(&host(), &at), Ok(()));
    let rows = Limits {
        output_rows_max: 2,
        ..nothing()
    };
    assert_eq!(
        loaded.run(&host(), &rows),
        limit("output_rows_max", 2, 2, 1)
    );
    let bytes = Limits {
        output_bytes_max: 23,
        ..nothing()
    };
    assert_eq!(
        loaded.run(&host(), &bytes),
        limit("output_bytes_max", 23, 16, 8)
    );
}

#[test]
fn strings_are_limited() {
    let body = r"
  (call $open (i32.const 16) (i32.const 5) (i32.const 256))
  (i32.const 128)";
    let loaded = Loaded::of(&analysis(&[DATA], body));
    let at = Limits {
        string_bytes_max: 5,
        ..nothing()
    };
    assert_eq!(loaded.run(&Trips::default(), &at), Ok(()));
    let past = Limits {
        string_bytes_max: 4,
        ..nothing()
    };
    assert_eq!(
        loaded.run(&Trips::default(), &past),
        limit("string_bytes_max", 4, 0, 5)
    );
}

#[test]
fn appended_columns_must_fit_the_schema() {
    // One row and no column.
    let body = r"
  (call $create (i32.const 24) (i32.const 3) (i32.const 96) (i32.const 1) (i32.const 256))
  (call $append (i32.load (i32.const 260)) (i32.const 1) (i32.const 0) (i32.const 0) (i32.const 400))
  (i32.const 128)";
    let host = Trips::default();
    let end = Loaded::of(&analysis(&[OUTPUT], body)).run(&host, &nothing());
    assert!(matches!(end, Err(GuestEnd::Malformed(_))), "{end:?}");
    assert!(host.seen.lock().unwrap().appended.is_empty());
}

#[test]
fn a_schema_with_a_name_twice_ends_the_module() {
    let body = r"
  (memory.copy (i32.const 108) (i32.const 96) (i32.const 12))
  (call $create (i32.const 24) (i32.const 3) (i32.const 96) (i32.const 2) (i32.const 256))
  (i32.const 128)";
    let host = Trips::default();
    assert_eq!(
        Loaded::of(&analysis(&[OUTPUT], body)).run(&host, &nothing()),
        Err(GuestEnd::Malformed(Malformed::Schema))
    );
    assert!(host.seen.lock().unwrap().asked.is_empty());
}

#[test]
fn the_host_can_stop_the_module_without_its_hearing() {
    let loaded = Loaded::of(&copying());
    for (stop, end) in [
        (Stop::Deadline, GuestEnd::Deadline),
        (
            Stop::Host("ring closed".to_owned()),
            GuestEnd::Stopped("ring closed".to_owned()),
        ),
    ] {
        let mut host = Trips::of(&[&[1.0]]);
        host.stop_on = Some(("next", stop));
        assert_eq!(loaded.run(&host, &nothing()), Err(end));
    }
}

#[test]
fn forged_and_dropped_handles_break_the_interface() {
    for handle in ["(i32.const 77)", "(i32.const 0)", "(i32.const -1)"] {
        let body = format!("(call $next {handle} (i32.const 256)) (i32.const 128)");
        let end = Loaded::of(&analysis(&[READER], &body)).run(&Trips::default(), &nothing());
        assert!(
            matches!(end, Err(GuestEnd::Trap(TrapKind::BrokenAbi))),
            "{handle}: {end:?}"
        );
    }
    let twice = r"
  (call $sql (i32.const 48) (i32.const 8) (i32.const 256))
  (call $drop_reader (i32.load (i32.const 260)))
  (call $next (i32.load (i32.const 260)) (i32.const 256))
  (i32.const 128)";
    let end = Loaded::of(&analysis(&[QUERY, READER], twice)).run(&Trips::default(), &nothing());
    assert_eq!(end, Err(GuestEnd::Trap(TrapKind::BrokenAbi)));
}
