//! Persona × action × target, as a table that a change of policy shows up in: `policies/personas.snap`.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use cedar_policy::Schema;
use yunei_model::*;

use super::sample::*;
use crate::entity::{Scene, moment};
use crate::vocabulary::uid;
use crate::*;

/// Column, who it is, organisation, number in it, roles.
const PERSONAS: [(&str, &str, u64, u64, &[Role]); 18] = {
    use Role::*;
    [
        ("bur", "officer of the bureau", BUREAU, 0, &[Bureau]),
        ("rev", "reviewer", BUREAU, 1, &[Reviewer]),
        ("re2", "reviewer who has reviewed", BUREAU, 2, &[Reviewer]),
        ("ope", "operating unit, submitter", OPERATOR, 0, &[Operator]),
        ("dev", "developer of it", OPERATOR, 1, &[Developer]),
        (
            "op2",
            "other operating unit",
            OPERATOR_OTHER,
            0,
            &[Operator],
        ),
        ("sou", "source unit of `census`", SOURCE, 0, &[Source]),
        (
            "so2",
            "source unit of `flights`",
            SOURCE_OTHER,
            0,
            &[Source],
        ),
        (
            "cyb",
            "cyberspace administration",
            CYBERSPACE,
            0,
            &[Regulator],
        ),
        ("pol", "public security organ", POLICE, 0, &[Regulator]),
        ("sta", "state security organ", STATE, 0, &[Regulator]),
        (
            "dat",
            "data authority as regulator",
            BUREAU,
            3,
            &[Regulator],
        ),
        (
            "sec",
            "sector regulator for `census`",
            SECTOR,
            0,
            &[Regulator],
        ),
        (
            "sys",
            "system administrator",
            HOST,
            0,
            &[SystemAdministrator],
        ),
        (
            "scr",
            "security administrator",
            HOST,
            1,
            &[SecurityAdministrator],
        ),
        ("aud", "audit administrator", HOST, 2, &[AuditAdministrator]),
        ("non", "account without a role", OPERATOR, 2, &[]),
        (
            "clo",
            "closed account of the bureau",
            BUREAU,
            9,
            &[Bureau, Reviewer],
        ),
    ]
};

/// Column, who it is, and the principal.
fn personas() -> Vec<(&'static str, &'static str, Principal)> {
    let persona = |(column, who, organisation, number, roles)| {
        let mut asks = principal(organisation, number, roles);
        asks.active = column != "clo";
        if column == "sec" {
            asks.remit.resources = vec![name("census")];
        }
        (column, who, asks)
    };
    PERSONAS.into_iter().map(persona).collect()
}

fn people_targets() -> Vec<(&'static str, Target)> {
    let someone = account_target(&principal(OPERATOR, 2, &[]));
    let administrator = account_target(&principal(HOST, 1, &[]));
    let appointment =
        |account: AccountTarget, role, held: &[Role], remit_named| Target::Appointment {
            account,
            role,
            held: held.to_vec(),
            remit_named,
        };
    let regulator = account_target(&principal(SECTOR, 0, &[]));
    vec![
        ("the domain", Target::Domain),
        (
            "our organisation",
            Target::Organisation(id(OPERATOR), kind_of(OPERATOR)),
        ),
        ("the roleless account", Target::Account(someone)),
        (
            "the reviewer's account",
            Target::Account(account_target(&principal(BUREAU, 1, &[]))),
        ),
        (
            "operator, for it",
            appointment(someone, Role::Operator, &[], false),
        ),
        (
            "bureau, for it",
            appointment(someone, Role::Bureau, &[], false),
        ),
        (
            "system adm., for the security adm.",
            appointment(
                administrator,
                Role::SystemAdministrator,
                &[Role::SecurityAdministrator],
                false,
            ),
        ),
        (
            "sector regulator with a remit",
            appointment(regulator, Role::Regulator, &[], true),
        ),
        (
            "sector regulator without one",
            appointment(regulator, Role::Regulator, &[], false),
        ),
    ]
}

fn contract_targets() -> Vec<(&'static str, Target)> {
    let mut theirs = grant();
    theirs.id = id(502);
    theirs.terms.operator = id(OPERATOR_OTHER);
    theirs.terms.resources = vec![granted("flights", &["delay"])];
    let draft = Grant {
        id: id(503),
        state: GrantState::Draft,
        ..grant()
    };
    let proposed = Scenario {
        id: id(402),
        state: ScenarioState::Proposed,
        ..scenario()
    };
    let consent = |source: u64| Target::Consent {
        grant: Box::new(grant_target(&draft)),
        source_unit: id(source),
    };
    let unconsented = GrantTarget::of(&draft, &scenario(), &catalogue(), &[]);
    let [census, flights] = catalogue().try_into().expect("two resources");
    vec![
        ("`census`", Target::Resource((&census).into())),
        ("`flights`", Target::Resource((&flights).into())),
        ("approved scenario", Target::Scenario((&scenario()).into())),
        ("proposed scenario", Target::Scenario((&proposed).into())),
        (
            "our grant of `census`",
            Target::Grant(Box::new(grant_target(&grant()))),
        ),
        (
            "their grant of `flights`",
            Target::Grant(Box::new(grant_target(&theirs))),
        ),
        (
            "our draft without consent",
            Target::Grant(Box::new(unconsented)),
        ),
        ("consent for `census`", consent(SOURCE)),
        ("consent for `flights`", consent(SOURCE_OTHER)),
    ]
}

fn use_targets() -> Vec<(&'static str, Target)> {
    let second = principal(BUREAU, 2, &[]).person;
    let mut reviewed = module_target(702, OPERATOR, &["census"]);
    reviewed.reviewers = BTreeSet::from([second]);
    let mut waiting = run_target(902, OPERATOR, &["census"]);
    waiting.state = RunState::InReview;
    waiting.reviewers = BTreeSet::from([second]);
    waiting.approvals = 2;
    let mut released = run_target(905, OPERATOR, &["census"]);
    released.state = RunState::Released;
    released.reviewers = BTreeSet::from([second]);
    let release = |number, run: RunTarget| ReleaseTarget {
        id: id(number),
        operator: run.operator,
        submitter: run.submitter,
        resources: run.resources,
        reviewers: run.reviewers,
    };
    vec![
        (
            "our module",
            Target::Module(module_target(701, OPERATOR, &["census"])),
        ),
        ("our module, one review", Target::Module(reviewed)),
        (
            "our unreadable module",
            Target::Module(module_target(703, OPERATOR, &[])),
        ),
        (
            "their module",
            Target::Module(module_target(704, OPERATOR_OTHER, &["flights"])),
        ),
        (
            "our run",
            Target::Run(run_target(901, OPERATOR, &["census"])),
        ),
        ("our run in review", Target::Run(waiting.clone())),
        ("our released run", Target::Run(released)),
        (
            "our run joining both",
            Target::Run(run_target(903, OPERATOR, &["census", "flights"])),
        ),
        (
            "their run",
            Target::Run(run_target(904, OPERATOR_OTHER, &["flights"])),
        ),
        ("our release", Target::Release(release(1001, waiting))),
        (
            "their release",
            Target::Release(release(1002, run_target(904, OPERATOR_OTHER, &["flights"]))),
        ),
        (
            "our product",
            Target::Product(product_target(1101, OPERATOR, &["census"])),
        ),
        (
            "their product",
            Target::Product(product_target(1102, OPERATOR_OTHER, &["flights"])),
        ),
    ]
}

fn record_targets() -> Vec<(&'static str, Target)> {
    let record = |resources: &[&str]| RecordTarget {
        operator: Some(id(OPERATOR)),
        resources: resources.iter().map(|r| name(r)).collect(),
    };
    let evidence = |approval: &str, second_signer| Target::Evidence {
        record: record(&["census"]),
        approval: approval.into(),
        second_signer,
        requested: Some((id(998), id(POLICE))),
    };
    let own = principal(BUREAU, 0, &[]).person;
    let budget = |proposer| Target::PrivacyBudget {
        resources: BTreeSet::from([name("census")]),
        proposer: Some(proposer),
    };
    vec![
        ("entry about `census`", Target::Record(record(&["census"]))),
        ("entry about no resource", Target::Record(record(&[]))),
        (
            "evidence, two signatures",
            evidence("苏数调〔2026〕1号", Some(id(999))),
        ),
        (
            "evidence, one signature",
            evidence("苏数调〔2026〕1号", None),
        ),
        ("evidence, no approval", evidence(" ", Some(id(999)))),
        ("budget for `census`", budget(id(998))),
        ("raised by the officer", budget(own)),
    ]
}

fn targets() -> Vec<(&'static str, Target)> {
    [
        people_targets(),
        contract_targets(),
        use_targets(),
        record_targets(),
    ]
    .concat()
}

/// Whether the schema gives the action such a target.
fn applies(schema: &Schema, authority: &Authority, action: Action, target: &Target) -> bool {
    let action = uid(&authority.words.action, action);
    let consents = matches!(target, Target::Consent { .. });
    let plain_grant = matches!(target, Target::Grant(_));
    let appointing = matches!(target, Target::Appointment { .. });
    let retrieving = matches!(target, Target::Evidence { .. });
    let budgeting = matches!(target, Target::PrivacyBudget { .. });
    // Types whose context is that of a few actions alone are asked with those.
    let own_context = match action.id().as_ref() as &str {
        "consent-grant" => return consents,
        "appoint" | "end-appointment" => return appointing,
        "request-evidence" | "sign-evidence" | "refuse-evidence" | "view-evidence"
        | "retrieve-evidence" => {
            return retrieving;
        }
        "set-privacy-budget" | "sign-privacy-budget" => return budgeting,
        "view-privacy-account" => return budgeting || matches!(target, Target::Domain),
        _ => consents || appointing || retrieving || budgeting,
    };
    let kind = crate::entity::type_of(&authority.words, target);
    let mut kinds = schema.resources_for_action(&action).into_iter().flatten();
    (!own_context || plain_grant) && kinds.any(|k| k == kind)
}

fn schema() -> Schema {
    Schema::from_cedarschema_str(SCHEMA).expect("the schema").0
}

fn cell(judgement: &Judgement) -> &'static str {
    match judgement {
        Judgement {
            allowed: true,
            recorded: true,
            ..
        } => "rec",
        Judgement { allowed: true, .. } => "yes",
        Judgement { visible: false, .. } => "·",
        Judgement {
            denial: Some((_, clause)),
            ..
        } if clause == DEFAULT_DENY => "no",
        _ => "no!",
    }
}

fn table() -> String {
    let (authority, schema, personas) = (authority(), schema(), personas());
    let mut table = String::from(
        "yes permitted   rec permitted, and put on the record   no not permitted   \
         no! forbidden by the clause below   · looks as if it did not exist\n\n",
    );
    for (column, who, _) in &personas {
        writeln!(table, "{column} {who}").expect("a line");
    }
    for action in Action::ALL {
        write!(table, "\n{:<38}", action.as_str()).expect("a heading");
        for (column, ..) in &personas {
            write!(table, " {column}").expect("a column");
        }
        table.push('\n');
        for (label, target) in targets() {
            if applies(&schema, authority, *action, &target) {
                row(&mut table, authority, &personas, *action, label, &target);
            }
        }
    }
    table
}

fn row(
    table: &mut String,
    authority: &Authority,
    personas: &[(&str, &str, Principal)],
    action: Action,
    label: &str,
    target: &Target,
) {
    let mut line = format!("  {label:<36}");
    let mut reasons = BTreeSet::new();
    for (_, _, principal) in personas {
        let judgement = authority.decide(&Question {
            principal,
            action,
            target,
            at: now(),
            emergency: false,
        });
        assert_eq!(judgement.errors, [""; 0], "{action} {label}");
        let cell = cell(&judgement);
        if cell == "no!" {
            reasons.extend(
                judgement
                    .denial
                    .map(|(code, clause)| format!("{clause} ({code})")),
            );
        }
        write!(line, " {cell:<3}").expect("a cell");
    }
    writeln!(table, "{}", line.trim_end()).expect("a row");
    for reason in reasons {
        writeln!(table, "      no! {reason}").expect("a reason");
    }
}

#[test]
fn table_of_personas() {
    insta::with_settings!({
        snapshot_path => "../../../../policies",
        prepend_module_to_snapshot => false,
        omit_expression => true,
        description => "who may do what; made by the tests of `host/authority`",
    }, {
        insta::assert_snapshot!("personas", table());
    });
}

#[test]
fn every_action_stands_in_the_table() {
    let (authority, schema, targets) = (authority(), schema(), targets());
    for action in Action::ALL {
        let stands = |(_, target): &(&str, Target)| applies(&schema, authority, *action, target);
        assert!(
            targets.iter().any(stands),
            "{action} has no target in the table"
        );
    }
}

#[test]
fn questions_conform_to_the_schema() {
    let (authority, schema) = (authority(), schema());
    for action in Action::ALL {
        for (label, target) in targets() {
            if !applies(&schema, authority, *action, &target) {
                continue;
            }
            for (column, _, principal) in personas() {
                let asked = Scene::of(&authority.words, &principal, &target, moment(now(), false))
                    .and_then(|scene| {
                        scene.ask(uid(&authority.words.action, action), Some(&schema))
                    });
                assert!(
                    asked.is_ok(),
                    "{action} {label} {column}: {:?}",
                    asked.err()
                );
            }
        }
    }
}

#[test]
fn every_permit_permits_something_in_the_table() {
    let (authority, schema, targets, personas) = (authority(), schema(), targets(), personas());
    let mut idle: BTreeSet<String> = POLICIES
        .iter()
        .flat_map(|(file, text)| {
            let set: cedar_policy::PolicySet = text.parse().expect(file);
            let permits = set
                .policies()
                .filter(|p| p.effect() == cedar_policy::Effect::Permit)
                .filter_map(|p| p.annotation("id").map(str::to_owned));
            permits.collect::<Vec<_>>()
        })
        .collect();
    // Asked by `Authority::capability` alone.
    idle.remove("use.operator");
    for action in Action::ALL {
        for (_, target) in &targets {
            if !applies(&schema, authority, *action, target) {
                continue;
            }
            for (_, _, principal) in &personas {
                let judgement = authority.decide(&Question {
                    principal,
                    action: *action,
                    target,
                    at: now(),
                    emergency: false,
                });
                if judgement.allowed {
                    idle.retain(|id| !judgement.clauses.contains(id));
                }
            }
        }
    }
    assert!(idle.is_empty(), "{idle:?} permit nothing that is tested");
}
