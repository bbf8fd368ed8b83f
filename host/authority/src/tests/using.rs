//! Use of a grant: the capability, and every way to be refused one.

use proptest::prelude::*;
use yunei_model::*;

use super::sample::*;
use crate::*;

/// Everything that a use is decided from, to be changed one thing at a time.
pub(super) struct Case {
    pub(super) principal: Principal,
    pub(super) grant: Grant,
    pub(super) scenario: Scenario,
    pub(super) resources: Vec<Resource>,
    pub(super) module: Module,
    pub(super) purpose: Name,
    pub(super) parameters: Parameters,
    pub(super) usage: Usage,
    pub(super) rows_requested: u64,
    pub(super) privacy: PrivacyStanding,
    pub(super) at: Timestamp,
    pub(super) emergency: bool,
}

pub(super) fn case() -> Case {
    Case {
        principal: principal(OPERATOR, 0, &[Role::Operator]),
        grant: grant(),
        scenario: scenario(),
        resources: catalogue(),
        module: module(MANIFEST),
        purpose: name("statistics"),
        parameters: Parameters::new(),
        usage: Usage::default(),
        rows_requested: 100,
        privacy: PrivacyStanding::default(),
        at: now(),
        emergency: false,
    }
}

impl Case {
    pub(super) fn ask(&self, authority: &Authority) -> Result<Capability, Refusal> {
        authority.capability(&UseQuestion {
            principal: &self.principal,
            grant: &self.grant,
            scenario: &self.scenario,
            resources: &self.resources,
            module: &self.module,
            purpose: &self.purpose,
            parameters: &self.parameters,
            usage: self.usage,
            rows_requested: self.rows_requested,
            privacy: &self.privacy,
            at: self.at,
            emergency: self.emergency,
            limits: &Limits::default(),
        })
    }
}

/// The refusal after `change`.
pub(super) fn refused(change: impl FnOnce(&mut Case)) -> Refusal {
    let mut case = case();
    change(&mut case);
    case.ask(authority()).expect_err("a refusal")
}

/// Asserts code and clause of the refusal after `change`.
pub(super) fn refuses(code: Code, clause: &str, change: impl FnOnce(&mut Case)) -> Vec<String> {
    let refusal = refused(change);
    assert_eq!(
        (refusal.code, refusal.clause.as_deref()),
        (code, Some(clause))
    );
    refusal.details
}

fn names(names: &[&str]) -> Vec<Name> {
    names.iter().map(|n| name(n)).collect()
}

#[test]
fn a_capability_is_the_meeting_of_grant_and_manifest() {
    let mut case = case();
    let condition = Condition {
        field: name("age"),
        comparison: Comparison::Ge,
        value: Scalar::Integer(18),
    };
    case.grant.terms.resources[0].filter = vec![condition.clone()];
    let authority = authority();
    let capability = case.ask(authority).expect("a capability");
    assert_eq!(
        (capability.grant(), capability.grant_version()),
        (case.grant.id, 3)
    );
    assert_eq!(
        (capability.module(), capability.world()),
        (case.module.id, World::Analysis)
    );
    assert_eq!(capability.clauses(), ["use.operator"]);
    assert_eq!(capability.policy_set(), authority.policy_set());
    assert!(!capability.join() && !capability.export());
    let [table] = capability.tables() else {
        panic!("one table")
    };
    assert_eq!(table.resource(), &name("census"));
    // `region` is granted and not required; the order is the grant's, not the manifest's.
    assert_eq!(table.fields(), names(&["income", "age"]));
    assert_eq!(table.lineage(), names(&["income", "age"]));
    assert_eq!(table.filter(), [condition]);
}

#[test]
fn the_gate_reads_lineage_that_the_guest_does_not() {
    let mut case = case();
    case.module = module(&MANIFEST.replace("['age', 'income']", "['income', 'region']"));
    let capability = case.ask(authority()).expect("a capability");
    let table = capability.table(&name("census")).expect("a table");
    assert_eq!(table.fields(), names(&["income", "region"]));
    assert_eq!(table.lineage(), names(&["income", "age"]));
}

#[test]
fn each_ungranted_field_is_named() {
    let details = refuses(Code::GrantField, "grant.fields", |c| {
        c.grant.terms.resources = vec![granted("census", &["region"])];
    });
    let expected = [
        "field `census.age` is not granted",
        "field `census.income` is not granted",
    ];
    assert_eq!(details, expected);
    // A field that stands only in the lineage of an output is no less needed.
    let details = refuses(Code::GrantField, "grant.fields", |c| {
        c.module = module(&MANIFEST.replace("['age', 'income']", "['income']"));
        c.grant.terms.resources = vec![granted("census", &["income"])];
    });
    assert_eq!(details, ["field `census.age` is not granted"]);
}

#[test]
fn each_ungranted_resource_is_named() {
    let refusal = refused(|c| {
        c.module = module(&format!(
            "{MANIFEST}[[resource]]\nname = 'flights'\nfields = ['delay']\n"
        ));
        c.grant.terms.join = true;
    });
    assert_eq!(
        (refusal.code, refusal.clause.as_deref()),
        (Code::GrantResource, Some("grant.resources"))
    );
    let expected = [
        "resource `flights` is not granted",
        "field `flights.delay` is not granted",
    ];
    assert_eq!(refusal.details, expected);
    let details = refuses(Code::GrantResource, "grant.resources", |c| {
        c.resources.clear();
    });
    assert_eq!(
        details[0],
        "resource `census` is no longer in the catalogue"
    );
}

#[test]
fn joining_is_a_right_of_its_own() {
    let both = |c: &mut Case| {
        c.module = module(&format!(
            "{MANIFEST}[[resource]]\nname = 'flights'\nfields = ['delay']\n"
        ));
        c.grant.terms.resources.push(granted("flights", &["delay"]));
    };
    refuses(Code::GrantJoin, "grant.join", both);
    let mut case = case();
    both(&mut case);
    case.grant.terms.join = true;
    let capability = case.ask(authority()).expect("a capability");
    assert!(capability.join());
    assert_eq!(capability.tables().len(), 2);
}

#[test]
fn only_an_active_grant_is_used() {
    for state in GrantState::ALL {
        let mut case = case();
        case.grant.state = *state;
        match case.ask(authority()) {
            Ok(_) => assert_eq!(*state, GrantState::Active),
            Err(refusal) => assert_eq!(
                (refusal.code, refusal.clause.as_deref()),
                (Code::GrantNotActive, Some("grant.state")),
                "{state}"
            ),
        }
    }
}

#[test]
fn the_term_is_half_open() {
    let asked = |at: Timestamp| Case { at, ..case() }.ask(authority());
    let terms = grant().terms;
    let before = |t: Timestamp| Timestamp::from_micros(t.as_micros() - 1);
    assert!(asked(terms.from).is_ok());
    assert!(asked(before(terms.until)).is_ok());
    refuses(Code::GrantTermOver, "grant.term", |c| {
        c.at = before(terms.from)
    });
    refuses(Code::GrantTermOver, "grant.term", |c| c.at = terms.until);
}

#[test]
fn the_scenario_was_approved_and_is_the_grants() {
    for state in [ScenarioState::Proposed, ScenarioState::Rejected] {
        refuses(Code::ScenarioNotApproved, "grant.scenario", |c| {
            c.scenario.state = state
        });
    }
    refuses(Code::ScenarioNotApproved, "grant.scenario", |c| {
        c.scenario.id = id(499)
    });
    let mut closed = case();
    closed.scenario.state = ScenarioState::Closed;
    assert!(closed.ask(authority()).is_ok());
}

#[test]
fn run_module_and_grant_have_one_purpose() {
    let details = refuses(Code::GrantPurpose, "use.purpose", |c| {
        c.purpose = name("advertising")
    });
    assert_eq!(
        details,
        [
            "the grant's purpose is `statistics`; the run states `advertising`, the module `statistics`"
        ]
    );
    refuses(Code::GrantPurpose, "use.purpose", |c| {
        c.module = module(&MANIFEST.replace("purpose = 'statistics'", "purpose = 'advertising'"));
    });
}

#[test]
fn anothers_grant_or_module_is_refused_without_details() {
    let others = |c: &mut Case| {
        c.principal = principal(OPERATOR_OTHER, 0, &[Role::Operator]);
        c.grant.state = GrantState::Revoked;
    };
    assert_eq!(
        refuses(Code::GrantOperator, "grant.operator", others),
        [""; 0]
    );
    let foreign = |c: &mut Case| {
        c.module.operator = id(OPERATOR_OTHER);
        c.module.state = ModuleState::Withdrawn;
    };
    assert_eq!(refuses(Code::NotFound, "module.operator", foreign), [""; 0]);
}

#[test]
fn who_no_longer_works_for_the_operating_unit_uses_nothing() {
    refuses(Code::Forbidden, DEFAULT_DENY, |c| c.principal.roles.clear());
    refuses(Code::Forbidden, DEFAULT_DENY, |c| {
        c.principal.roles = vec![Role::Developer]
    });
    refuses(Code::Forbidden, "account.active", |c| {
        c.principal.active = false
    });
}

#[test]
fn an_emergency_stop_stops_uses() {
    refuses(Code::EmergencyStop, "emergency.standstill", |c| {
        c.emergency = true
    });
}

#[test]
fn quotas_cover_the_run_to_the_last_one() {
    let used = |runs, rows, released_cells| Usage {
        runs,
        rows,
        released_cells,
    };
    let last = Case {
        usage: used(9, 900, 99),
        ..case()
    };
    assert!(last.ask(authority()).is_ok());
    refuses(Code::QuotaRuns, "quota.runs", |c| c.usage = used(10, 0, 0));
    refuses(Code::QuotaRows, "quota.rows", |c| c.usage = used(0, 901, 0));
    refuses(Code::QuotaRows, "quota.rows", |c| {
        c.usage = used(0, 1001, 0)
    });
    refuses(Code::QuotaRows, "quota.rows", |c| c.rows_requested = 1001);
    refuses(Code::QuotaRows, "quota.rows", |c| {
        c.rows_requested = u64::MAX
    });
    refuses(Code::QuotaCells, "quota.cells", |c| {
        c.usage = used(0, 0, 100)
    });
}

#[test]
fn every_reason_is_told_at_once() {
    let details = refuses(Code::GrantNotActive, "grant.state", |c| {
        c.grant.state = GrantState::Suspended;
        c.at = c.grant.terms.until;
        c.usage.runs = 10;
        c.grant.terms.resources = vec![granted("census", &["age"])];
    });
    assert_eq!(details.len(), 4);
    assert_eq!(details[2], "field `census.income` is not granted");
}

#[test]
fn details_are_limited() {
    let fields: Vec<String> = (0..200).map(|n| format!("'f{n}'")).collect();
    let wide = MANIFEST.replace("['age', 'income']", &format!("[{}]", fields.join(", ")));
    let details = refuses(Code::GrantField, "grant.fields", |c| {
        c.module = module(&wide)
    });
    assert_eq!(details.len(), DETAILS_MAX);
    assert_eq!(details.last().map(String::as_str), Some("and 137 more"));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// Whatever is granted and required: what is handed out was both, and what is missing was named.
    #[test]
    fn a_capability_never_exceeds_the_grant(
        given in prop::sample::subsequence(vec!["age", "region", "income"], 0..=3),
        wanted in prop::sample::subsequence(vec!["age", "region", "income"], 0..=3),
    ) {
        let mut case = case();
        case.grant.terms.resources = vec![granted("census", &given)];
        let list: Vec<String> = wanted.iter().map(|w| format!("'{w}'")).collect();
        let manifest = MANIFEST.split("[[output]]").next().unwrap_or_default();
        let own = "[[output]]\nname = 'own'\nresource = 'census'\n";
        let manifest = manifest.replace("['age', 'income']", &format!("[{}]", list.join(", "))) + own;
        case.module = module(&manifest);
        let missing: Vec<String> = wanted
            .iter()
            .filter(|w| !given.contains(w))
            .map(|w| format!("field `census.{w}` is not granted"))
            .collect();
        match case.ask(authority()) {
            Ok(capability) => {
                prop_assert!(missing.is_empty());
                prop_assert_eq!(capability.tables()[0].fields().len(), wanted.len());
            }
            Err(refusal) => {
                prop_assert_eq!(refusal.code, Code::GrantField);
                let named: std::collections::BTreeSet<_> = refusal.details.into_iter().collect();
                prop_assert_eq!(named, missing.into_iter().collect());
            }
        }
    }
}
