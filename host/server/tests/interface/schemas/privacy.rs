//! Privacy budgets and accounts.

use std::collections::BTreeSet;

use serde_json::json;
use yunei_lifecycle::{NewPrivacyBudget, PrivacyAccount, PrivacyFit, PrivacyFitView};
use yunei_model::*;

use super::{AT, name, request, shown};

#[test]
fn privacy_is_as_the_document_tells() {
    let ids = RandomIds;
    request::<NewPrivacyBudget>(
        "NewPrivacyBudget",
        json!({ "population": "residents", "epsilon": 1.5, "delta": 1e-9, "reason": "yearly" }),
    );
    let budget = PrivacyBudget {
        id: BudgetId::new(&ids),
        population: name("residents"),
        epsilon: 1.5,
        delta: 1e-9,
        reason: "yearly".into(),
        state: BudgetState::InForce,
        set_by: AccountId::new(&ids),
        set_by_person: PersonId::new(&ids),
        set_at: AT,
        signed_by: Some(AccountId::new(&ids)),
        signed_by_person: Some(PersonId::new(&ids)),
        signed_at: Some(AT),
    };
    shown("PrivacyBudget", &budget);
    let account = PrivacyAccount {
        population: name("residents"),
        title: Text {
            zh: "居民".into(),
            en: "residents".into(),
        },
        private_only: true,
        resources: BTreeSet::from([name("rides")]),
        budget: Some(budget),
        spent_epsilon: 0.5,
        spent_rho: 0.01,
        spent_together: Some(1.0),
        within: true,
    };
    shown("PrivacyAccount", &account);
    let charge = PrivacyCharge {
        epsilon_nano: 5,
        rho_pico: 0,
    };
    shown("PrivacyCharge", &charge);
    let charged = PrivacyCharged {
        run: RunId::new(&ids),
        population: name("residents"),
        charge,
        at: AT,
    };
    shown("PrivacyCharged", &charged);
    for fit in [
        PrivacyFit::NotPrivate,
        PrivacyFit::Fits,
        PrivacyFit::DoesNotFit,
    ] {
        shown("PrivacyFit", &PrivacyFitView { fit });
    }
}
