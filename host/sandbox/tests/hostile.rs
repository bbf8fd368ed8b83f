//! Modules that attack the engine: memory, stack, tables, instructions, time; and a cell that holds them.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "what tests share fails as tests do"
)]

mod support;

use std::fs::File;
use std::io::{BufRead as _, BufReader, Seek as _, Write as _};
use std::os::unix::process::ExitStatusExt as _;
use std::process::{Child, ChildStdout, Command, Stdio};

use rustix::fs::{MemfdFlags, SealFlags};
use support::guests::{DATA, JOURNAL, analysis};
use support::host::Trips;
use support::{authentic, component, fixture, load, with_manifest};
use yunei_model::{LimitExceeded, Limits};
use yunei_sandbox::{ArtefactError, Authentic, GuestEnd, Interfaces, TrapKind, run_analysis};

fn end_of(wat: &str, limits: &Limits) -> GuestEnd {
    let (engine, component) = load("analysis", wat);
    let host = Box::new(Trips::default());
    run_analysis(&engine, &component, Interfaces::ALL, host, limits).unwrap_err()
}

fn trap(body: &str) -> TrapKind {
    match end_of(&analysis(&[], body), &Limits::default()) {
        GuestEnd::Trap(kind) => kind,
        other => panic!("{other:?}"),
    }
}

#[test]
fn deep_recursion_ends_in_a_trap() {
    let wat = analysis(&[], "(call $deep (i32.const 0)) (i32.const 128)").replace(
        "(func (export \"run\")",
        "(func $deep (param i32) (call $deep (i32.add (local.get 0) (i32.const 1))) (i32.store (i32.const 0) (local.get 0)))\n(func (export \"run\")",
    );
    assert_eq!(
        end_of(&wat, &Limits::default()),
        GuestEnd::Trap(TrapKind::StackOverflow)
    );
}

#[test]
fn traps_are_told_apart() {
    assert_eq!(trap("unreachable"), TrapKind::Unreachable);
    assert_eq!(
        trap("(i32.load (i32.const -8))"),
        TrapKind::MemoryOutOfBounds
    );
    assert_eq!(
        trap("(i32.div_u (i32.const 1) (i32.const 0))"),
        TrapKind::Arithmetic
    );
    assert_eq!(
        trap("(i32.trunc_f64_s (f64.const 1e300))"),
        TrapKind::Arithmetic
    );
    // An answer that is no text.
    let no_text = "(i32.store8 (i32.const 64) (i32.const 255)) (i32.const 144)";
    assert_eq!(trap(no_text), TrapKind::BrokenAbi);
}

#[test]
fn a_memory_bomb_ends_at_the_limit() {
    let bomb = "(loop $again (drop (memory.grow (i32.const 16))) (br $again)) (i32.const 128)";
    let limits = Limits {
        memory_bytes_max: 8 << 20,
        ..Limits::default()
    };
    let end = end_of(&analysis(&[], bomb), &limits);
    let GuestEnd::Limit(LimitExceeded {
        name,
        current,
        requested,
        ..
    }) = end
    else {
        panic!("{end:?}");
    };
    assert_eq!(name, "memory_bytes_max");
    assert!(current <= 8 << 20 && current + requested > 8 << 20);
}

#[test]
fn memories_are_summed_with_tables() {
    // The memory has two pages, the component's own table of calls two elements; 8192 more elements take 64 KiB.
    let table = "(table $t 0 funcref)\n(func (export \"run\")";
    let body = "(drop (table.grow $t (ref.null func) (i32.const 8192))) (i32.const 128)";
    let wat = analysis(&[], body).replace("(func (export \"run\")", table);
    let (engine, component) = load("analysis", &wat);
    let run = |memory_bytes_max| {
        let limits = Limits {
            memory_bytes_max,
            ..Limits::default()
        };
        run_analysis(
            &engine,
            &component,
            Interfaces::ALL,
            Box::new(Trips::default()),
            &limits,
        )
    };
    assert_eq!(run((3 << 16) + 16), Ok(()));
    let end = run((3 << 16) + 15).unwrap_err();
    assert!(
        matches!(end, GuestEnd::Limit(ref limit) if limit.name == "memory_bytes_max"),
        "{end:?}"
    );
}

#[test]
fn a_table_bomb_ends_at_the_limit() {
    let table = "(table $t 0 funcref)\n(func (export \"run\")";
    let body = "(loop $again (drop (table.grow $t (ref.null func) (i32.const 1000))) (br $again)) (i32.const 128)";
    let wat = analysis(&[], body).replace("(func (export \"run\")", table);
    let limits = Limits {
        table_elements_max: 10_000,
        ..Limits::default()
    };
    let end = end_of(&wat, &limits);
    assert!(
        matches!(end, GuestEnd::Limit(ref limit) if limit.name == "table_elements_max"),
        "{end:?}"
    );
}

#[test]
fn a_memory_of_its_own_maximum_just_fails_to_grow() {
    let wat = analysis(&[], "(if (i32.ne (memory.grow (i32.const 9)) (i32.const -1)) (then unreachable)) (i32.const 128)")
        .replace("(memory (export \"memory\") 2)", "(memory (export \"memory\") 2 10)");
    let (engine, component) = load("analysis", &wat);
    let host = Box::new(Trips::default());
    assert_eq!(
        run_analysis(
            &engine,
            &component,
            Interfaces::ALL,
            host,
            &Limits::default()
        ),
        Ok(())
    );
}

#[test]
fn huge_strings_and_lists_never_reach_the_host() {
    let string =
        "(call $open (i32.const 16) (i32.const 0x7fffffff) (i32.const 256)) (i32.const 128)";
    assert_eq!(
        end_of(&analysis(&[DATA], string), &Limits::default()),
        GuestEnd::Trap(TrapKind::BrokenAbi)
    );
    // Within memory, but more than one call may carry.
    let list = r"
  (drop (memory.grow (i32.const 128)))
  (call $open (i32.const 16) (i32.const 5) (i32.const 256))
  (call $scan (i32.load (i32.const 260)) (i32.const 65536) (i32.const 2000000) (i32.const 256))
  (i32.const 128)";
    assert_eq!(
        end_of(&analysis(&[DATA], list), &Limits::default()),
        GuestEnd::Trap(TrapKind::BrokenAbi)
    );
}

#[test]
fn a_start_function_is_under_the_same_limits() {
    let start = r#"(func $start (loop $again (drop (memory.grow (i32.const 16))) (br $again)))
(start $start)
(func (export "run")"#;
    let wat = analysis(&[], "(i32.const 128)").replace(r#"(func (export "run")"#, start);
    let limits = Limits {
        memory_bytes_max: 8 << 20,
        ..Limits::default()
    };
    let end = end_of(&wat, &limits);
    assert!(
        matches!(end, GuestEnd::Limit(ref limit) if limit.name == "memory_bytes_max"),
        "{end:?}"
    );
}

/// A cell that runs `wat` locked down, once it has said that it is locked.
fn cell(wat: &str) -> (Child, BufReader<ChildStdout>) {
    let code = authentic(&with_manifest(component("analysis", wat), "analysis"));
    let mut child = Command::new(fixture())
        .arg("cell")
        .env_clear()
        .stdin(Stdio::from(code.hand_over().unwrap()))
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut output = BufReader::new(child.stdout.take().unwrap());
    let mut line = String::new();
    output.read_line(&mut line).unwrap();
    assert_eq!(line, "locked\n");
    (child, output)
}

fn memory_file(bytes: &[u8], sealed: bool) -> File {
    let flags = MemfdFlags::CLOEXEC | MemfdFlags::ALLOW_SEALING;
    let mut file = File::from(rustix::fs::memfd_create("test", flags).unwrap());
    file.write_all(bytes).unwrap();
    file.rewind().unwrap();
    let mut seals = SealFlags::WRITE | SealFlags::GROW | SealFlags::SHRINK;
    if sealed {
        seals |= SealFlags::SEAL;
    }
    rustix::fs::fcntl_add_seals(&file, seals).unwrap();
    file
}

#[test]
fn a_spinning_guest_ends_with_its_process() {
    for body in [
        "(loop $again (br $again)) (i32.const 128)",
        "(loop $again (memory.fill (i32.const 65536) (i32.const 1) (i32.const 65536)) (br $again)) (i32.const 128)",
    ] {
        let (mut child, _output) = cell(&analysis(&[], body));
        assert_eq!(child.try_wait().unwrap(), None, "it spins");
        child.kill().unwrap();
        assert_eq!(child.wait().unwrap().signal(), Some(libc::SIGKILL));
    }
}

#[test]
fn a_locked_cell_runs_grows_calls_and_traps_with_the_listed_system_calls_alone() {
    let grow = "(drop (memory.grow (i32.const 1600))) (memory.fill (i32.const 65536) (i32.const 7) (i32.const 100000000))";
    let note = "(call $note (i32.const 0) (i32.const 16) (i32.const 5))";
    for (body, told) in [
        (format!("{grow} {note} (i32.const 128)"), "null\n"),
        (
            format!("{note} unreachable"),
            "\"the module trapped: unreachable\"\n",
        ),
        (
            "(i32.load (i32.const -8))".to_owned(),
            "\"the module trapped: access outside memory\"\n",
        ),
        (
            "(i32.div_s (i32.const 1) (i32.const 0))".to_owned(),
            "\"the module trapped: arithmetic\"\n",
        ),
        (
            "(call $run)".to_owned(),
            "\"the module trapped: stack overflow\"\n",
        ),
    ] {
        let wat = analysis(&[JOURNAL], &body)
            .replace("(func (export \"run\")", "(func $run (export \"run\")");
        let (mut child, mut output) = cell(&wat);
        let mut line = String::new();
        output.read_line(&mut line).unwrap();
        assert_eq!(line, told);
        assert!(child.wait().unwrap().success());
    }
}

#[test]
fn code_that_could_still_change_is_not_taken_over() {
    assert!(Authentic::from_supervisor(memory_file(b"code", true)).is_ok());
    let open = Authentic::from_supervisor(memory_file(b"code", false));
    assert!(matches!(open, Err(ArtefactError::NotSealed)));
    let plain = Authentic::from_supervisor(File::open("/proc/self/exe").unwrap());
    assert!(matches!(plain, Err(ArtefactError::NotSealed)));
}
