//! Decisions whose reasons matter, one by one; the breadth is in the table of personas.

use std::collections::BTreeSet;

use yunei_model::*;

use super::sample::*;
use crate::*;

pub(super) fn ask(principal: &Principal, action: Action, target: &Target) -> Judgement {
    authority().decide(&Question {
        principal,
        action,
        target,
        at: now(),
        emergency: false,
    })
}

pub(super) fn refusal(
    principal: &Principal,
    action: Action,
    target: &Target,
) -> (Code, Option<String>) {
    let refusal = ask(principal, action, target).refusal().expect("a refusal");
    (refusal.code, refusal.clause)
}

pub(super) fn by(code: Code, clause: &str) -> (Code, Option<String>) {
    (code, Some(clause.to_owned()))
}

pub(super) fn bureau() -> Principal {
    principal(BUREAU, 0, &[Role::Bureau])
}

fn grant_of(change: impl FnOnce(&mut Grant)) -> Target {
    let mut changed = grant();
    changed.state = GrantState::Draft;
    change(&mut changed);
    Target::Grant(Box::new(grant_target(&changed)))
}

#[test]
fn an_allowed_decision_names_its_clauses_and_the_policy_set() {
    let judgement = ask(&bureau(), Action::RevokeGrant, &grant_of(|_| ()));
    assert!(judgement.allowed);
    assert_eq!(judgement.clauses, ["grant.administer"]);
    assert_eq!(judgement.policy_set, authority().policy_set());
    assert_eq!(judgement.into_result(), Ok(()));
}

#[test]
fn what_nobody_permits_is_denied_by_default() {
    let operator = principal(OPERATOR, 0, &[Role::Operator]);
    let judgement = ask(&operator, Action::RevokeGrant, &grant_of(|_| ()));
    assert_eq!(judgement.clauses, [DEFAULT_DENY]);
    assert_eq!(
        judgement.refusal(),
        Some(Refusal::new(Code::Forbidden).by(DEFAULT_DENY))
    );
}

#[test]
fn what_one_may_not_see_looks_as_if_it_did_not_exist() {
    let other = principal(OPERATOR_OTHER, 0, &[Role::Operator]);
    for action in [Action::ViewGrant, Action::SubmitRun, Action::ViewUsage] {
        let judgement = ask(&other, action, &grant_of(|_| ()));
        assert!(!judgement.visible);
        assert_eq!(judgement.refusal(), Some(Refusal::new(Code::NotFound)));
    }
}

#[test]
fn who_is_not_entitled_learns_no_reason_of_the_target() {
    let unconsented = Target::Grant(Box::new(GrantTarget::of(
        &grant(),
        &scenario(),
        &catalogue(),
        &[],
    )));
    let operator = principal(OPERATOR, 0, &[Role::Operator]);
    assert_eq!(
        refusal(&operator, Action::ActivateGrant, &unconsented),
        by(Code::Forbidden, DEFAULT_DENY)
    );
    assert_eq!(
        refusal(&bureau(), Action::ActivateGrant, &unconsented),
        by(Code::ConsentMissing, "grant.consent")
    );
}

#[test]
fn nobody_reviews_what_they_submitted_nor_twice() {
    let reviewer = principal(BUREAU, 1, &[Role::Reviewer]);
    let mut module = module_target(701, OPERATOR, &["census"]);
    module.submitter = reviewer.person;
    let own = Target::Module(module.clone());
    assert_eq!(
        refusal(&reviewer, Action::ReviewModule, &own),
        by(Code::ReviewerIsSubmitter, "review.not-own")
    );
    module.submitter = id(1);
    module.reviewers = BTreeSet::from([reviewer.person]);
    assert_eq!(
        refusal(
            &reviewer,
            Action::ReviewModule,
            &Target::Module(module.clone())
        ),
        by(Code::ReviewerTwice, "review.once")
    );
    // The same person with another account is still the same person.
    let again = Principal {
        account: id(4711),
        ..reviewer
    };
    assert_eq!(
        refusal(&again, Action::ReviewModule, &Target::Module(module)),
        by(Code::ReviewerTwice, "review.once")
    );
}

#[test]
fn a_release_is_reviewed_by_others_than_its_submitter_and_their_organisation() {
    let mut run = run_target(901, OPERATOR, &["census"]);
    run.state = RunState::InReview;
    let reviewer = principal(BUREAU, 1, &[Role::Reviewer]);
    for action in [Action::ReviewRelease, Action::ViewSealedOutput] {
        assert!(ask(&reviewer, action, &Target::Run(run.clone())).allowed);
        let submitter = Principal {
            person: run.submitter,
            ..reviewer.clone()
        };
        assert_eq!(
            refusal(&submitter, action, &Target::Run(run.clone())),
            by(Code::ReviewerIsSubmitter, "review.not-own")
        );
        let colleague = Principal {
            organisation: run.operator,
            organisations: BTreeSet::from([run.operator]),
            ..reviewer.clone()
        };
        assert_eq!(
            refusal(&colleague, action, &Target::Run(run.clone())),
            by(Code::Forbidden, "review.not-own-organisation")
        );
    }
}

#[test]
fn an_output_leaves_on_the_yes_of_two() {
    let reviewer = principal(BUREAU, 1, &[Role::Reviewer]);
    let mut run = run_target(901, OPERATOR, &["census"]);
    run.state = RunState::InReview;
    run.reviewers = BTreeSet::from([reviewer.person]);
    let asked = |reviewer: &Principal, run: &RunTarget| {
        let judgement = ask(reviewer, Action::LetOutRelease, &Target::Run(run.clone()));
        (judgement.allowed, judgement.clauses)
    };
    for approvals in 0..2 {
        run.approvals = approvals;
        let (allowed, clauses) = asked(&reviewer, &run);
        assert!(!allowed);
        assert_eq!(clauses, ["release.two"]);
    }
    run.approvals = 2;
    assert!(asked(&reviewer, &run).0);
    // Who is nobody's reviewer any more, who said nothing, and who submitted it lets nothing out.
    let former = principal(BUREAU, 1, &[]);
    let other = principal(BUREAU, 2, &[Role::Reviewer]);
    let submitter = Principal {
        person: run.submitter,
        ..reviewer.clone()
    };
    let mut said = run.clone();
    said.reviewers.insert(run.submitter);
    for (who, run) in [(&former, &run), (&other, &run), (&submitter, &said)] {
        assert!(!asked(who, run).0);
    }
    run.state = RunState::Released;
    assert!(!asked(&reviewer, &run).0);
}

#[test]
fn nobody_reviews_for_an_operating_unit_in_which_they_have_another_account() {
    let mut waiting = run_target(901, OPERATOR, &["census"]);
    waiting.state = RunState::InReview;
    let mut released = run_target(902, OPERATOR, &["census"]);
    released.state = RunState::Released;
    let reviewer = principal(SECTOR, 1, &[Role::Reviewer]);
    released.reviewers = BTreeSet::from([reviewer.person]);
    let module = module_target(701, OPERATOR, &["census"]);
    let asked = [
        (Action::ReviewModule, Target::Module(module)),
        (Action::ReviewRelease, Target::Run(waiting.clone())),
        (Action::ViewSealedOutput, Target::Run(waiting)),
        (Action::ApproveStanding, Target::Run(released)),
    ];
    let with = |other: u64| Principal {
        organisations: BTreeSet::from([id(SECTOR), id(other)]),
        ..reviewer.clone()
    };
    // Nor do they see what the checks found.
    let seen = |asks: &Principal| ask(asks, Action::ViewRunDetail, &asked[1].1).allowed;
    assert!(seen(&with(OPERATOR_OTHER)) && !seen(&with(OPERATOR)));
    for (action, target) in &asked {
        assert!(
            ask(&with(OPERATOR_OTHER), *action, target).allowed,
            "{action}"
        );
        assert_eq!(
            refusal(&with(OPERATOR), *action, target),
            by(Code::Forbidden, "review.not-own-organisation"),
            "{action}"
        );
    }
}

#[test]
fn a_reviewer_sees_what_there_is_to_decide_and_decides_nothing_else() {
    let reviewer = principal(BUREAU, 1, &[Role::Reviewer]);
    let of = |state, reviewers: &[PersonId]| {
        let mut run = run_target(901, OPERATOR, &["census"]);
        run.state = state;
        run.reviewers = reviewers.iter().copied().collect();
        run
    };
    let waiting = Target::Run(of(RunState::InReview, &[]));
    for action in [Action::ViewRunDetail, Action::ReviewRelease] {
        assert!(ask(&reviewer, action, &waiting).allowed, "{action}");
    }
    // What does not wait looks as if it did not exist: no answer tells which runs there are.
    let elsewhere = [
        RunState::Queued,
        RunState::Running,
        RunState::Sealed,
        RunState::Withheld,
        RunState::Failed,
        RunState::Released,
    ];
    for state in elsewhere {
        let run = Target::Run(of(state, &[]));
        for action in [
            Action::ViewRunDetail,
            Action::ReviewRelease,
            Action::ViewSealedOutput,
            Action::ApproveStanding,
        ] {
            // What a failed module said is seen like an output, on the record.
            if (state, action) == (RunState::Failed, Action::ViewSealedOutput) {
                assert!(ask(&reviewer, action, &run).allowed);
                continue;
            }
            assert_eq!(
                refusal(&reviewer, action, &run).0,
                Code::NotFound,
                "{action} {state}"
            );
        }
    }
    // What they released themselves they see, decide no second time, and may let leave again.
    let released = Target::Run(of(RunState::Released, &[reviewer.person]));
    assert!(ask(&reviewer, Action::ViewRunDetail, &released).allowed);
    assert!(ask(&reviewer, Action::ApproveStanding, &released).allowed);
    assert_eq!(
        refusal(&reviewer, Action::ReviewRelease, &released),
        by(Code::ReviewerTwice, "review.once")
    );
    // Figures of the checks are never for whoever submitted, nor for their organisation.
    let mut own = of(RunState::InReview, &[]);
    own.submitter = reviewer.person;
    let mut colleague = of(RunState::InReview, &[]);
    colleague.operator = reviewer.organisation;
    for run in [own, colleague] {
        let run = Target::Run(run);
        assert!(!ask(&reviewer, Action::ViewRunDetail, &run).allowed);
        assert!(!ask(&reviewer, Action::ReviewRelease, &run).allowed);
    }
}

#[test]
fn a_reviewers_key_is_ones_own_and_confirmed_by_another() {
    let reviewer = principal(BUREAU, 1, &[Role::Reviewer]);
    let other = principal(BUREAU, 2, &[Role::Reviewer]);
    let key = |of: &Principal| Target::Account(account_target(of));
    let registers =
        |who: &Principal, of: &Principal| ask(who, Action::RegisterReviewerKey, &key(of)).allowed;
    assert!(registers(&reviewer, &reviewer));
    assert!(!registers(&other, &reviewer));
    assert!(!registers(
        &principal(BUREAU, 1, &[Role::Bureau]),
        &reviewer
    ));
    let security = principal(HOST, 1, &[Role::SecurityAdministrator]);
    assert!(ask(&security, Action::ConfirmReviewerKey, &key(&reviewer)).allowed);
    assert!(!ask(&reviewer, Action::ConfirmReviewerKey, &key(&reviewer)).allowed);
    assert!(!ask(&other, Action::ConfirmReviewerKey, &key(&reviewer)).allowed);
    // The same person with an account of the security administrator is still the same person.
    let same = Principal {
        person: reviewer.person,
        ..security
    };
    assert_eq!(
        refusal(&same, Action::ConfirmReviewerKey, &key(&reviewer)),
        by(Code::Forbidden, "reviewer-key.not-own")
    );
}

#[test]
fn a_sealed_output_is_seen_in_review_alone_and_on_the_record() {
    let reviewer = principal(BUREAU, 1, &[Role::Reviewer]);
    for state in RunState::ALL {
        let mut run = run_target(901, OPERATOR, &["census"]);
        run.state = *state;
        let judgement = ask(&reviewer, Action::ViewSealedOutput, &Target::Run(run));
        let seen = matches!(state, RunState::InReview | RunState::Failed);
        assert_eq!(judgement.allowed, seen, "{state}");
        assert_eq!(judgement.recorded, judgement.allowed);
    }
}

#[test]
fn a_regulator_sees_what_its_remit_covers_and_details_when_it_covers_all() {
    let mut sector = principal(SECTOR, 0, &[Role::Regulator]);
    sector.remit.resources = vec![name("census")];
    let joined = Target::Run(run_target(901, OPERATOR, &["census", "flights"]));
    assert!(ask(&sector, Action::ViewRun, &joined).recorded);
    assert!(!ask(&sector, Action::ViewRunDetail, &joined).allowed);
    assert!(
        ask(
            &sector,
            Action::ViewRunDetail,
            &Target::Run(run_target(901, OPERATOR, &["census"]))
        )
        .recorded
    );
    let foreign = Target::Run(run_target(901, OPERATOR, &["flights"]));
    assert_eq!(
        refusal(&sector, Action::ViewRun, &foreign).0,
        Code::NotFound
    );
    assert_eq!(
        refusal(&sector, Action::RequestStop, &foreign).0,
        Code::NotFound
    );
    assert!(!ask(&sector, Action::RequestStop, &Target::Domain).allowed);
}

#[test]
fn a_grant_is_held_against_scenario_term_and_negative_list() {
    let five_years = 157_852_800_000_000;
    let from = grant().terms.from.as_micros();
    let term = |length: i64| grant_of(|g| g.terms.until = Timestamp::from_micros(from + length));
    let ask_draft = |target: &Target| ask(&bureau(), Action::DraftGrant, target);
    assert!(ask_draft(&term(five_years)).allowed);
    let cases = [
        (term(five_years + 1), Code::GrantInvalid, "grant.term-max"),
        (term(0), Code::GrantInvalid, "grant.term-max"),
        (
            grant_of(|g| g.terms.scenario = id(499)),
            Code::ScenarioNotApproved,
            "grant.scenario-approved",
        ),
        (
            grant_of(|g| g.terms.purpose = name("advertising")),
            Code::GrantPurpose,
            "grant.scenario-purpose",
        ),
        (
            grant_of(|g| g.terms.purpose = name("person-scoring")),
            Code::NegativeList,
            "negative.purpose",
        ),
        (
            grant_of(|g| g.terms.resources = vec![granted("census", &["age", "secret"])]),
            Code::NegativeList,
            "negative.core",
        ),
        (
            grant_of(|g| g.terms.resources = vec![granted("census", &["age", "id-number"])]),
            Code::NegativeList,
            "negative.identifiers",
        ),
        (
            grant_of(|g| {
                g.terms.resources = vec![granted("census", &["age", "grid"])];
                g.terms.export = true;
            }),
            Code::NegativeList,
            "negative.export",
        ),
    ];
    for (target, code, clause) in cases {
        assert_eq!(
            refusal(&bureau(), Action::DraftGrant, &target),
            by(code, clause)
        );
    }
}

#[test]
fn the_longest_term_is_the_models() {
    let mut terms = grant().terms;
    let longest = 157_852_800_000_000;
    terms.until = Timestamp::from_micros(terms.from.as_micros() + longest);
    assert_eq!(terms.check(), Ok(()));
    terms.until = Timestamp::from_micros(terms.from.as_micros() + longest + 1);
    assert_eq!(terms.check(), Err(vec![GrantError::TermTooLong]));
}

#[test]
fn an_emergency_stop_lets_nothing_start_or_leave() {
    let mut run = run_target(901, OPERATOR, &["census"]);
    run.state = RunState::InReview;
    let operator = principal(OPERATOR, 0, &[Role::Operator]);
    let reviewer = principal(BUREAU, 1, &[Role::Reviewer]);
    let ours = Target::Grant(Box::new(grant_target(&grant())));
    let authority = authority();
    for (principal, action, target) in [
        (&operator, Action::SubmitRun, &ours),
        (&operator, Action::UploadModule, &Target::Domain),
        (&bureau(), Action::ResumeGrant, &ours),
        (&reviewer, Action::ReviewRelease, &Target::Run(run)),
    ] {
        let mut question = Question {
            principal,
            action,
            target,
            at: now(),
            emergency: false,
        };
        assert!(authority.decide(&question).allowed, "{action}");
        question.emergency = true;
        let expected = Refusal::new(Code::EmergencyStop).by("emergency.standstill");
        assert_eq!(
            authority.decide(&question).refusal(),
            Some(expected),
            "{action}"
        );
    }
}

#[test]
fn an_evaluation_error_and_a_wrong_target_are_denials() {
    let judgement = ask(&bureau(), Action::RevokeGrant, &Target::Domain);
    assert_eq!((judgement.allowed, judgement.errors.len()), (false, 1));
    // The length of this term does not fit 64 bits: the policy fails, and a failing policy denies.
    let endless = grant_of(|g| {
        g.terms.from = Timestamp::from_micros(i64::MIN);
        g.terms.until = Timestamp::from_micros(i64::MAX);
    });
    let judgement = ask(&bureau(), Action::DraftGrant, &endless);
    assert_eq!(judgement.clauses, [EVALUATION_ERROR]);
    assert_eq!(
        judgement.refusal(),
        Some(Refusal::new(Code::Internal).by(EVALUATION_ERROR))
    );
}

#[test]
fn terms_are_held_against_the_catalogue() {
    let mut terms = grant().terms;
    assert_eq!(terms_errors(&terms, &catalogue()), []);
    terms.until = terms.from;
    terms.resources = vec![
        granted("census", &["age", "height"]),
        granted("cars", &["plate"]),
    ];
    assert_eq!(
        terms_errors(&terms, &catalogue()),
        [
            GrantError::InvertedTerm,
            GrantError::UnknownField {
                resource: name("census"),
                field: name("height")
            },
            GrantError::UnknownResource {
                resource: name("cars")
            },
        ]
    );
}
