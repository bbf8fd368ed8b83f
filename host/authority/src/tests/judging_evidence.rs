//! Who asks for evidence, signs for it, and refuses it.

use yunei_model::*;

use super::judging::{ask, bureau, by, refusal};
use super::sample::*;
use crate::*;

#[test]
fn evidence_needs_an_approval_and_a_second_signature() {
    let regulator = principal(POLICE, 0, &[Role::Regulator]);
    let evidence = |approval: &str, second_signer| Target::Evidence {
        record: RecordTarget::default(),
        approval: approval.into(),
        second_signer,
        requested: Some((regulator.person, id(POLICE))),
    };
    let ask = |target: &Target| refusal(&regulator, Action::RetrieveEvidence, target);
    let (number, other) = ("公调字1号", Some(id(999)));
    assert_eq!(
        ask(&evidence(" ", other)),
        by(Code::Forbidden, "evidence.approval")
    );
    assert_eq!(
        ask(&evidence(number, None)),
        by(Code::Forbidden, "evidence.second-signature")
    );
    let same = Some(regulator.person);
    assert_eq!(
        ask(&evidence(number, same)),
        by(Code::Forbidden, "evidence.second-signature")
    );
    let target = evidence(number, other);
    assert!(super::judging::ask(&regulator, Action::RetrieveEvidence, &target).recorded);
    let elsewhere = principal(STATE, 0, &[Role::Regulator]);
    assert_eq!(
        refusal(&elsewhere, Action::RetrieveEvidence, &target),
        by(Code::Forbidden, "evidence.requester")
    );
}

#[test]
fn evidence_is_signed_for_by_another_person_of_the_authority_or_of_the_bureau() {
    let requester = principal(POLICE, 0, &[Role::Regulator]);
    let target = Target::Evidence {
        record: RecordTarget::default(),
        approval: "公调字1号".into(),
        second_signer: None,
        requested: Some((requester.person, id(POLICE))),
    };
    let sign = |who: &Principal| ask(who, Action::SignEvidence, &target);
    assert_eq!(
        refusal(&requester, Action::SignEvidence, &target),
        by(Code::ReviewerIsSubmitter, "evidence.not-own")
    );
    assert!(sign(&principal(POLICE, 1, &[Role::Regulator])).allowed);
    assert!(sign(&bureau()).allowed);
    assert!(!sign(&principal(STATE, 0, &[Role::Regulator])).allowed);
    assert!(!sign(&principal(POLICE, 1, &[])).allowed);
}

#[test]
fn evidence_is_refused_by_whoever_could_sign_or_asked() {
    let requester = principal(POLICE, 0, &[Role::Regulator]);
    let target = Target::Evidence {
        record: RecordTarget::default(),
        approval: "公调字1号".into(),
        second_signer: None,
        requested: Some((requester.person, id(POLICE))),
    };
    let refuse = |who: &Principal| ask(who, Action::RefuseEvidence, &target).allowed;
    assert!(refuse(&requester), "taken back");
    assert!(refuse(&principal(POLICE, 1, &[Role::Regulator])));
    assert!(refuse(&bureau()));
    assert!(!refuse(&principal(STATE, 0, &[Role::Regulator])));
    assert!(!refuse(&principal(POLICE, 1, &[])));
}
