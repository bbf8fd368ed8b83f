use anyhow::bail;

use super::Steps;

#[test]
fn nothing_failed_is_success() {
    let mut steps = Steps::default();
    assert_eq!(steps.step("one", || Ok(1)), Some(1));
    assert!(steps.finish().is_ok());
}

#[test]
fn every_failed_step_is_named_and_the_others_are_done() {
    let mut steps = Steps::default();
    let mut done = Vec::new();
    assert_eq!(
        steps.step("one", || -> anyhow::Result<()> { bail!("no") }),
        None
    );
    steps.step("two", || {
        done.push("two");
        Ok(())
    });
    steps.step("three", || -> anyhow::Result<()> { bail!("no") });
    assert_eq!(done, ["two"]);
    assert_eq!(
        steps.finish().unwrap_err().to_string(),
        "failed: one, three"
    );
}

#[test]
fn what_is_needed_ends_the_list() {
    let mut steps = Steps::default();
    let outcome = steps.need("first", || -> anyhow::Result<()> { bail!("no") });
    assert_eq!(outcome.unwrap_err().to_string(), "failed: first");
}
