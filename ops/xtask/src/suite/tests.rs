use super::{Doctests, is_summary};

#[test]
fn the_summary_is_told_from_other_lines() {
    assert!(is_summary(
        "     Summary [   0.172s] 16/23 tests run: 15 passed, 1 failed, 0 skipped"
    ));
    assert!(!is_summary("        PASS [   0.041s] (16/23) a::test"));
    assert!(!is_summary("    Starting 23 tests across 1 binary"));
}

#[test]
fn doctests_are_summed_over_crates() {
    let mut doctests = Doctests::default();
    for line in [
        "running 3 tests",
        "test result: ok. 3 passed; 0 failed; 1 ignored; 0 measured; 0 filtered out; finished in 0.01s",
        "test result: FAILED. 1 passed; 2 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.01s",
    ] {
        doctests.see(line);
    }
    assert_eq!(
        doctests,
        Doctests {
            passed: 4,
            failed: 2
        }
    );
}
