//! Exit codes.

use yunei_model::Code;

use super::{Exit, HELP};

#[test]
fn numbers_are_those_of_the_help() {
    for exit in [
        Exit::Done,
        Exit::Failed,
        Exit::Input,
        Exit::Refused,
        Exit::Waits,
        Exit::Differs,
    ] {
        assert!(
            HELP.contains(&format!("\n  {}  ", exit.number())),
            "{exit:?} is not in the help"
        );
    }
}

#[test]
fn what_the_server_cannot_help_is_no_fault_of_the_input() {
    for code in Code::ALL.iter().filter(|code| code.status() >= 500) {
        assert_eq!(Exit::of(*code), Exit::Failed, "{code}");
    }
    for code in Code::ALL.iter().filter(|code| code.status() == 403) {
        assert_eq!(Exit::of(*code), Exit::Refused, "{code}");
    }
}

#[test]
fn no_answer_of_the_server_counts_as_done() {
    assert!(Code::ALL.iter().all(|code| Exit::of(*code) != Exit::Done));
    assert!((300..600).all(|status| Exit::of_status(status) != Exit::Done));
}

#[test]
fn a_missing_review_is_told_from_a_refusal() {
    assert_eq!(Exit::of(Code::ModuleNotApproved), Exit::Waits);
    assert_eq!(Exit::of(Code::GrantField), Exit::Refused);
    assert_eq!(Exit::of(Code::ImportRagged), Exit::Input);
}

#[test]
fn unknown_codes_go_by_their_status() {
    assert_eq!(Exit::of_status(403), Exit::Refused);
    assert_eq!(Exit::of_status(422), Exit::Input);
    assert_eq!(Exit::of_status(503), Exit::Failed);
}
