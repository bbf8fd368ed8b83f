//! Decisions about roles, their separation, and what they cover.

use std::collections::BTreeSet;

use yunei_model::*;

use super::judging::{ask, by, refusal};
use super::sample::*;
use crate::*;

#[test]
fn the_three_administrators_are_three_people() {
    let security = principal(HOST, 1, &[Role::SecurityAdministrator]);
    let someone = account_target(&principal(HOST, 5, &[]));
    for role in Role::SEPARATED {
        for held in Role::SEPARATED {
            let target = Target::Appointment {
                account: someone,
                role,
                held: vec![held],
                remit_named: false,
            };
            let judgement = ask(&security, Action::Appoint, &target);
            assert_eq!(judgement.allowed, role == held, "{role} beside {held}");
            if role != held {
                let expected = Refusal::new(Code::RoleSeparation).by("separation.administrators");
                assert_eq!(judgement.refusal(), Some(expected));
            }
        }
    }
}

#[test]
fn administrators_take_no_part_in_the_use_of_data() {
    let security = principal(HOST, 1, &[Role::SecurityAdministrator]);
    let business = [
        Role::Bureau,
        Role::Reviewer,
        Role::Operator,
        Role::Developer,
        Role::Source,
        Role::Regulator,
    ];
    for one in business {
        for administrator in Role::SEPARATED {
            for (role, held) in [(one, administrator), (administrator, one)] {
                let target = Target::Appointment {
                    account: account_target(&principal(BUREAU, 5, &[])),
                    role,
                    held: vec![held],
                    remit_named: true,
                };
                let judgement = ask(&security, Action::Appoint, &target);
                assert!(
                    judgement
                        .clauses
                        .contains(&"separation.business".to_owned()),
                    "{role} {held}"
                );
            }
        }
    }
}

#[test]
fn roles_belong_to_kinds_of_organisations_and_five_kinds_supervise() {
    let security = principal(HOST, 1, &[Role::SecurityAdministrator]);
    let may = |role, organisation| {
        let target = Target::Appointment {
            account: account_target(&principal(organisation, 5, &[])),
            role,
            held: Vec::new(),
            remit_named: true,
        };
        ask(&security, Action::Appoint, &target).allowed
    };
    let all = [
        BUREAU, OPERATOR, SOURCE, CYBERSPACE, POLICE, STATE, SECTOR, HOST,
    ];
    let kinds = |role| {
        all.iter()
            .copied()
            .filter(|o| may(role, *o))
            .collect::<Vec<_>>()
    };
    assert_eq!(
        kinds(Role::Regulator),
        [BUREAU, CYBERSPACE, POLICE, STATE, SECTOR]
    );
    assert_eq!(kinds(Role::Bureau), [BUREAU]);
    assert_eq!(kinds(Role::Reviewer), [BUREAU, SECTOR]);
    assert_eq!(kinds(Role::Operator), [OPERATOR]);
    assert_eq!(kinds(Role::Developer), [OPERATOR]);
    assert_eq!(kinds(Role::Source), [SOURCE]);
    assert_eq!(kinds(Role::AuditAdministrator), [BUREAU, HOST]);
}

#[test]
fn nobody_appoints_themselves_and_two_separated_roles_block_an_account() {
    let security = principal(HOST, 1, &[Role::SecurityAdministrator]);
    let target = Target::Appointment {
        account: account_target(&security),
        role: Role::SecurityAdministrator,
        held: vec![Role::SecurityAdministrator],
        remit_named: false,
    };
    assert_eq!(
        refusal(&security, Action::Appoint, &target),
        by(Code::RoleSeparation, "separation.own-role")
    );
    let both = principal(
        HOST,
        1,
        &[Role::SecurityAdministrator, Role::AuditAdministrator],
    );
    assert_eq!(
        refusal(&both, Action::ViewSystem, &Target::Domain),
        by(Code::RoleSeparation, "separation.held")
    );
}

#[test]
fn roles_and_remits_are_those_in_force() {
    let appointment = |role, from: &str, until: Option<&str>, resources: &[&str]| Appointment {
        role,
        from: at(from),
        until: until.map(at),
        remit: Remit {
            resources: resources.iter().map(|r| name(r)).collect(),
        },
    };
    let mut account = Account {
        id: id(1),
        name: name("zhang"),
        person: id(2),
        organisation: id(SECTOR),
        appointments: vec![
            appointment(
                Role::Bureau,
                "2025-01-01T00:00:00Z",
                Some("2026-03-01T00:00:00Z"),
                &[],
            ),
            appointment(Role::Reviewer, "2026-03-01T00:00:00.000001Z", None, &[]),
            appointment(Role::Regulator, "2026-01-01T00:00:00Z", None, &["census"]),
            appointment(
                Role::Regulator,
                "2026-01-01T00:00:00Z",
                None,
                &["flights", "census"],
            ),
        ],
        active: true,
    };
    let organisation = Organisation {
        id: id(SECTOR),
        name: name("transport"),
        title: text(),
        kind: OrganisationKind::Sector,
    };
    let principal = Principal::of(&account, &organisation, &[], now());
    assert_eq!(principal.roles, [Role::Regulator]);
    assert_eq!(principal.remit.resources, [name("census"), name("flights")]);
    account.appointments.push(appointment(
        Role::Regulator,
        "2026-01-01T00:00:00Z",
        None,
        &[],
    ));
    assert_eq!(
        Principal::of(&account, &organisation, &[], now()).remit,
        Remit::default()
    );
    // Whatever else the person has, or had, counts; what others have does not.
    let mut elsewhere = account.clone();
    (elsewhere.id, elsewhere.organisation, elsewhere.active) = (id(3), id(OPERATOR), false);
    let mut of_another = elsewhere.clone();
    (of_another.person, of_another.organisation) = (id(4), id(OPERATOR_OTHER));
    let accounts = [account.clone(), elsewhere, of_another];
    let principal = Principal::of(&account, &organisation, &accounts, now());
    let organisations = BTreeSet::from([id(OPERATOR), id(SECTOR)]);
    assert_eq!(principal.organisations, organisations);
}
