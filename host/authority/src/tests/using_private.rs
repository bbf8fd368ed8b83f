//! Use of a grant on the private route, and who sets what a population may lose.

use std::collections::BTreeSet;

use yunei_model::*;

use super::sample::*;
use super::using::*;
use crate::*;

fn per_subject() -> Module {
    let manifest = MANIFEST.split("[[output]]").next().unwrap_or_default();
    let manifest = manifest.replace("'analysis'", "'per-subject'")
        + "[contribution]\ncells = ['all']\nmeasures = [{ name = 'n', min = 0.0, max = 1.0 }]\ncells_per_subject = 1\nepsilon = 0.1\n";
    module(&manifest)
}

fn private(change: impl FnOnce(&mut Case)) -> impl FnOnce(&mut Case) {
    |case| {
        case.module = per_subject();
        change(case);
    }
}

#[test]
fn a_private_only_population_allows_the_private_route_and_no_other() {
    let private_only = |case: &mut Case| {
        for resource in &mut case.resources {
            resource.population.private_only = true;
        }
    };
    let details = refuses(Code::GrantResource, "use.private-only", private_only);
    assert_eq!(details, ["resource `census` allows no exact release"]);
    let mut case = case();
    private(private_only)(&mut case);
    let capability = case.ask(authority()).expect("a capability");
    assert_eq!(capability.world(), World::PerSubject);
}

#[test]
fn the_private_route_needs_a_budget_that_covers_the_run() {
    let residents = || BTreeSet::from([name("residents")]);
    let unset = private(|case| case.privacy.unset = residents());
    let details = refuses(Code::PrivacyBudgetUnset, "privacy.unset", unset);
    assert_eq!(details, ["population `residents` has no privacy budget"]);
    let spent = private(|case| case.privacy.spent = residents());
    refuses(Code::PrivacyBudgetSpent, "privacy.spent", spent);
    // What another route does costs nothing of it.
    let mut exact = case();
    exact.privacy.spent = residents();
    exact.privacy.unset = residents();
    assert!(exact.ask(authority()).is_ok());
}

#[test]
fn the_private_route_is_about_the_subjects_of_one_population() {
    let nobody = private(|case| case.resources[0].subject = None);
    let details = refuses(Code::GrantResource, "use.private-subject", nobody);
    assert_eq!(details, ["resource `census` names no data subject"]);
    let several = private(|case| {
        let mut manifest = case.module.manifest.clone().expect("a manifest");
        manifest.resources.push(Required {
            name: name("flights"),
            fields: Vec::new(),
        });
        case.module.manifest = Some(manifest);
        case.grant.terms.resources.push(granted("flights", &[]));
        case.grant.terms.join = true;
        case.resources[1].population.name = name("passengers");
        case.resources[1].subject = case.resources[1]
            .schema
            .fields
            .first()
            .map(|f| f.name.clone());
    });
    refuses(Code::GrantResource, "use.private-population", several);
}

#[test]
fn nobody_signs_for_a_budget_of_their_own() {
    let officer = principal(BUREAU, 0, &[Role::Bureau]);
    let sign = |proposer| {
        let target = Target::PrivacyBudget {
            resources: BTreeSet::from([name("census")]),
            proposer: Some(proposer),
        };
        authority().decide(&Question {
            principal: &officer,
            action: Action::SignPrivacyBudget,
            target: &target,
            at: now(),
            emergency: false,
        })
    };
    let own = sign(officer.person);
    let (code, clause) = own.denial.expect("a denial");
    assert_eq!(
        (code, clause.as_str()),
        (Code::ReviewerIsSubmitter, "privacy.not-own")
    );
    assert!(sign(principal(BUREAU, 5, &[]).person).allowed);
}
