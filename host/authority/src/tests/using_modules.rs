//! Use of a grant: what module, catalogue and parameters have to do with it.

use yunei_model::*;

use super::sample::*;
use super::using::{Case, case, refuses};

const PER_ROW: &str = "
name = 'scores'
version = '1.0.0'
title = { zh = '评分', en = 'Scores' }
world = 'per-row'
purpose = 'statistics'
author = 'Wutong Ltd'
bias = 'none known'
[[resource]]
name = 'census'
fields = ['income']
[[derived]]
name = 'score'
type = 'number'
min = 0.0
max = 1.0
[[output]]
name = 'by-age'
resource = 'census'
dimension = [{ field = 'age', banding = 'decades' }]
[[output.measure]]
name = 'mean-score'
aggregate = 'mean'
derived = 'score'
";

#[test]
fn only_an_admitted_module_runs() {
    for state in [
        ModuleState::Uploaded,
        ModuleState::Refused,
        ModuleState::Withdrawn,
    ] {
        refuses(Code::ModuleNotAdmitted, "module.admitted", |c| {
            c.module.state = state
        });
    }
    refuses(Code::ModuleNotApproved, "module.rejected", |c| {
        c.module.state = ModuleState::Rejected;
    });
    for state in [ModuleState::Admitted, ModuleState::Approved] {
        let mut case = case();
        case.module.state = state;
        assert!(case.ask(authority()).is_ok(), "{state}");
    }
}

#[test]
fn a_module_whose_manifest_cannot_be_read_never_runs() {
    let unread = |c: &mut Case| {
        c.module.manifest = None;
        c.module.state = ModuleState::Uploaded;
    };
    refuses(Code::GrantPurpose, "use.purpose", unread);
}

fn per_row(state: ModuleState, reviews: Vec<AlgorithmReview>) -> impl FnOnce(&mut Case) {
    move |c| {
        c.module = module(PER_ROW);
        c.module.state = state;
        c.module.reviews = reviews;
    }
}

#[test]
fn a_per_row_module_runs_after_two_other_people_approved_it() {
    use ReviewOutcome::{Approved, Rejected};
    let submitter = OPERATOR + 100;
    let insufficient = [
        (
            ModuleState::Admitted,
            vec![review(31, Approved), review(32, Approved)],
        ),
        (ModuleState::Approved, vec![]),
        (ModuleState::Approved, vec![review(31, Approved)]),
        (
            ModuleState::Approved,
            vec![review(31, Approved), review(31, Approved)],
        ),
        (
            ModuleState::Approved,
            vec![review(31, Approved), review(32, Rejected)],
        ),
        (
            ModuleState::Approved,
            vec![review(31, Approved), review(submitter, Approved)],
        ),
    ];
    for (state, reviews) in insufficient {
        refuses(
            Code::ModuleNotApproved,
            "module.approved",
            per_row(state, reviews),
        );
    }
    let mut case = case();
    per_row(
        ModuleState::Approved,
        vec![review(31, Approved), review(32, Approved)],
    )(&mut case);
    let capability = case.ask(authority()).expect("a capability");
    assert_eq!(capability.world(), World::PerRow);
    let table = capability.table(&name("census")).expect("a table");
    assert_eq!(table.fields(), [name("income")]);
    assert_eq!(table.lineage(), [name("age")]);
}

fn reading(field: &str) -> impl FnOnce(&mut Case) {
    let manifest = MANIFEST.replace("['age', 'income']", &format!("['{field}']"));
    let granted = granted("census", &["age", "income", field]);
    move |c| {
        c.module = module(&manifest);
        c.grant.terms.resources = vec![granted];
    }
}

#[test]
fn the_negative_list_is_checked_at_the_call_too() {
    let details = refuses(Code::NegativeList, "negative.use-core", reading("secret"));
    assert_eq!(details, ["field `census.secret` is core data"]);
    let details = refuses(
        Code::NegativeList,
        "negative.use-identifiers",
        reading("id-number"),
    );
    assert_eq!(
        details,
        ["field `census.id-number` is a direct identifier without a mask"]
    );
    refuses(Code::NegativeList, "negative.use-purpose", |c| {
        c.purpose = name("person-scoring");
        c.grant.terms.purpose = name("person-scoring");
        c.module =
            module(&MANIFEST.replace("purpose = 'statistics'", "purpose = 'person-scoring'"));
    });
}

#[test]
fn a_withheld_field_is_fed_to_no_module() {
    let details = refuses(Code::GrantField, "use.withheld-fields", reading("person"));
    assert_eq!(details, ["field `census.person` is fed to no module"]);
}

#[test]
fn results_leave_on_the_bases_that_have_a_route() {
    for (basis, served) in [
        (Basis::Statistical, true),
        (Basis::NonPersonal, true),
        (Basis::Consented, false),
        (Basis::Model, false),
    ] {
        let mut case = case();
        case.resources[0].basis = basis;
        assert_eq!(case.ask(authority()).is_ok(), served, "{basis}");
    }
    refuses(Code::GrantResource, "use.basis", |c| {
        c.resources[0].basis = Basis::Model
    });
    let details = refuses(Code::GrantResource, "use.private-only", |c| {
        c.resources[0].population.private_only = true;
    });
    assert_eq!(details, ["resource `census` allows no exact release"]);
}

#[test]
fn lineage_is_registered() {
    let details = refuses(Code::GrantLineage, "use.lineage", |c| {
        c.module = module(&MANIFEST.replace("'decades'", "'years'"));
    });
    assert_eq!(details, ["field `age` of `census` has no banding `years`"]);
}

#[test]
fn nothing_is_summed_or_weighed_by_who_somebody_is() {
    let field = "field = 'income'";
    for measured in ["field = 'person'", "field = 'income'\nweight = 'person'"] {
        let details = refuses(Code::GrantLineage, "use.lineage", |c| {
            c.grant.terms.resources =
                vec![granted("census", &["income", "age", "region", "person"])];
            c.module = module(&MANIFEST.replace(field, measured));
        });
        assert_eq!(
            details,
            [
                "field `person` of `census` is a direct identifier: nothing is summed, weighed or divided by it"
            ]
        );
    }
    // Nor by what a mask keeps back from every guest: the gate reads it without.
    let details = refuses(Code::GrantLineage, "use.lineage", |c| {
        let fields = &mut c.resources[0].schema.fields;
        let region = fields.iter_mut().find(|f| f.name.as_str() == "region");
        region.expect("a field").mask = Mask::Withhold;
        c.module = module(&MANIFEST.replace(field, "field = 'region'"));
    });
    assert_eq!(
        details,
        ["field `region` of `census` is masked: nothing is summed, weighed or divided by it"]
    );
}

fn year(min: i64, max: i64, default: Option<i64>) -> Parameter {
    Parameter {
        name: name("year"),
        kind: ParameterType::Integer { min, max },
        default: default.map(Scalar::Integer),
    }
}

fn with_year(c: &mut Case) {
    let manifest = c.module.manifest.as_mut().expect("a manifest");
    manifest.parameters = vec![year(2000, 2030, Some(2010))];
    c.grant.terms.parameters = vec![year(2020, 2025, Some(2021))];
}

#[test]
fn parameters_are_declared_by_the_manifest_and_narrowed_by_the_grant() {
    let mut case = case();
    with_year(&mut case);
    let bound = |case: &Case| {
        let capability = case.ask(authority())?;
        Ok::<_, Refusal>(capability.parameters().get(&name("year")).cloned())
    };
    assert_eq!(bound(&case), Ok(Some(Scalar::Integer(2021))));
    case.parameters.insert(name("year"), Scalar::Integer(2025));
    assert_eq!(bound(&case), Ok(Some(Scalar::Integer(2025))));

    let given = |value: i64| {
        move |c: &mut Case| {
            with_year(c);
            c.parameters.insert(name("year"), Scalar::Integer(value));
        }
    };
    let details = refuses(Code::GrantParameter, "grant.parameters", given(2026));
    assert_eq!(
        details,
        ["parameter `year` is outside what the grant allows"]
    );
    let details = refuses(Code::GrantParameter, "grant.parameters", given(1999));
    assert_eq!(details, ["parameter `year` is out of its declared range"]);
    let details = refuses(Code::GrantParameter, "grant.parameters", |c| {
        c.parameters.insert(name("month"), Scalar::Integer(1));
    });
    assert_eq!(details, ["parameter `month` is not declared"]);
}

#[test]
fn a_narrowed_parameter_that_the_module_lacks_is_no_hindrance() {
    let mut case = case();
    case.grant.terms.parameters = vec![year(2020, 2025, Some(2021))];
    let capability = case.ask(authority()).expect("a capability");
    assert!(capability.parameters().is_empty());
}

#[test]
fn a_resource_that_stands_twice_in_a_manifest_is_one_table() {
    let twice = MANIFEST.replace(
        "fields = ['age', 'income']",
        "fields = ['age']\n[[resource]]\nname = 'census'\nfields = ['income']",
    );
    let mut case = case();
    case.module = module(&twice);
    let capability = case.ask(authority()).expect("a capability");
    assert_eq!(capability.tables().len(), 1);
    assert_eq!(
        capability.tables()[0].fields(),
        [name("income"), name("age")]
    );
}
