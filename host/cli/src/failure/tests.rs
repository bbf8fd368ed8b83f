//! What went wrong, in words.

use anyhow::{Context as _, anyhow};

use super::{Answered, Input, exit, for_people, for_programs};
use crate::exit::Exit;

fn refused() -> Answered {
    Answered {
        status: 403,
        code: "grant-field".to_owned(),
        message: "A field is outside the grant.".to_owned(),
        details: vec!["field `race` of `census-income-1994`".to_owned()],
        clause: Some("use-fields".to_owned()),
        request_id: Some("0190b5d3".to_owned()),
    }
}

#[test]
fn a_refusal_names_clause_details_and_request() {
    let error = anyhow::Error::new(refused()).context("cannot submit");
    assert_eq!(exit(&error), Exit::Refused);
    insta::assert_snapshot!(for_people(&error), @r"
    refused: A field is outside the grant. (grant-field)
      clause   use-fields
      detail   field `race` of `census-income-1994`
      request  0190b5d3
    ");
}

#[test]
fn programs_get_one_line_in_the_servers_shape() {
    let line = for_programs(&refused().into());
    let told: Answered = serde_json::from_str(&line).unwrap();
    assert_eq!(told.code, "grant-field");
    assert_eq!(told.clause.as_deref(), Some("use-fields"));
    assert!(!line.contains('\n'));
}

#[test]
fn wrong_input_is_found_below_its_context() {
    let cause = std::io::Error::from(std::io::ErrorKind::NotFound);
    let error = Err::<(), _>(Input::new("cannot read `grant.toml`").because(cause))
        .context("cannot draft the grant")
        .unwrap_err();
    assert_eq!(exit(&error), Exit::Input);
    let told = for_people(&error);
    assert!(
        told.starts_with("error: cannot draft the grant\n  because  cannot read `grant.toml`\n"),
        "{told}"
    );
    assert!(for_programs(&error).contains("bad-input"));
}

#[test]
fn anything_else_has_failed() {
    let error = anyhow!("the disk is full");
    assert_eq!(exit(&error), Exit::Failed);
    assert_eq!(for_people(&error), "error: the disk is full");
}

#[test]
fn a_code_that_this_program_does_not_know_goes_by_its_status() {
    let later = Answered {
        code: "from-a-later-version".to_owned(),
        ..refused()
    };
    assert_eq!(later.exit(), Exit::Refused);
    let failed = Answered {
        status: 502,
        ..later
    };
    assert_eq!(failed.exit(), Exit::Failed);
}

#[test]
fn words_from_outside_cannot_steer_the_terminal() {
    let told = Answered {
        details: vec!["\u{1b}[2Jgone".to_owned()],
        ..refused()
    };
    let told = for_people(&told.into());
    assert!(
        !told.contains('\u{1b}') && told.contains("\\u{1b}[2Jgone"),
        "{told}"
    );
}
