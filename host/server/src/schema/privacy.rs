//! Privacy budgets and accounts.

use yunei_model::BudgetState;

use super::{
    Described, count, figure, flag, id, list, name, nullable, object, of, text, time, word, words,
};

pub(super) fn schemas() -> Vec<(&'static str, Described)> {
    vec![
        ("PrivacyAccount", account()),
        ("PrivacyBudget", budget()),
        ("NewPrivacyBudget", new_budget()),
        ("PrivacyCharged", charged()),
        ("PrivacyCharge", charge()),
        ("PrivacyFit", fit()),
    ]
}

fn account() -> Described {
    object(
        "What a population may lose of its privacy, and has lost, over everyone and all time.",
        [
            ("population", name()),
            ("title", of("Text")),
            ("private_only", flag()),
            ("resources", list(name())),
            ("budget", nullable(of("PrivacyBudget"))),
            ("spent_epsilon", figure()),
            ("spent_rho", figure()),
            ("spent_together", nullable(figure())),
            ("within", flag()),
        ],
    )
}

fn budget() -> Described {
    object(
        "A population's privacy budget, as it was set once.",
        [
            ("id", id()),
            ("population", name()),
            ("epsilon", figure()),
            ("delta", figure()),
            ("reason", text()),
            ("state", words!(BudgetState)),
            ("set_by", id()),
            ("set_by_person", id()),
            ("set_at", time()),
            ("signed_by", nullable(id())),
            ("signed_by_person", nullable(id())),
            ("signed_at", nullable(time())),
        ],
    )
}

fn new_budget() -> Described {
    object(
        "A privacy budget to be set.",
        [
            ("population", name()),
            ("epsilon", figure()),
            ("delta?", figure()),
            ("reason", text()),
        ],
    )
}

fn charged() -> Described {
    object(
        "What a run was charged for a population when it was claimed.",
        [
            ("run", id()),
            ("population", name()),
            ("charge", of("PrivacyCharge")),
            ("at", time()),
        ],
    )
}

fn charge() -> Described {
    object(
        "Billionths of ε, or 10⁻¹² of ρ.",
        [("epsilon_nano", count()), ("rho_pico", count())],
    )
}

fn fit() -> Described {
    object(
        "Whether a run would fit the privacy budget now, in words as coarse as that.",
        [("fit", word(["not-private", "fits", "does-not-fit"]))],
    )
}
