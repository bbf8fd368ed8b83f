//! What `cargo xtask bench decide` measures: one decision of the policies, and one capability, warm, in one thread.
//!
//! Duty: ask the loaded policies of this release the questions that their tests ask, and tell how long each answer took.
//!
//! Invariants: every question is asked anew with all its facts; nothing is kept from one to the next but the loaded policies.
//!
//! Never: ship with Yunei.

// The sample speaks of what it belongs to as `crate`: here that is all of the crate that is measured.
use yunei_authority::*;

#[path = "../../../../host/authority/src/tests/sample.rs"]
#[expect(
    dead_code,
    clippy::expect_used,
    reason = "the sample is that of the tests, of which a few things are asked here"
)]
mod sample;

use std::hint::black_box;
use std::process::ExitCode;
use std::time::Instant;

use serde_json::json;
use yunei_model::{Limits, Parameters, Role};

/// Answers of one kind before the clock runs.
const WARM_UP: usize = 2_000;
/// Answers between two looks at the clock.
const ANSWERS: usize = 200;
/// Looks at the clock; each gives one mean.
const LOOKS: usize = 200;

fn main() -> ExitCode {
    let authority = sample::authority();
    let operator = sample::principal(sample::OPERATOR, 0, &[Role::Operator]);
    let regulator = sample::principal(sample::CYBERSPACE, 0, &[Role::Regulator]);
    let grant = sample::grant();
    let submit = Question {
        principal: &operator,
        action: Action::SubmitRun,
        target: &Target::Grant(Box::new(sample::grant_target(&grant))),
        at: sample::now(),
        emergency: false,
    };
    let denied = Question {
        principal: &regulator,
        ..submit
    };
    let domain = Question {
        principal: &operator,
        action: Action::ViewCatalogue,
        target: &Target::Domain,
        at: sample::now(),
        emergency: false,
    };
    let limits = Limits::default();
    let module = sample::module(sample::MANIFEST);
    let (scenario, catalogue, parameters) =
        (sample::scenario(), sample::catalogue(), Parameters::new());
    let purpose = sample::name("statistics");
    let privacy = PrivacyStanding::default();
    let capability = UseQuestion {
        principal: &operator,
        grant: &grant,
        scenario: &scenario,
        resources: &catalogue,
        module: &module,
        purpose: &purpose,
        parameters: &parameters,
        usage: Usage::default(),
        rows_requested: 100,
        privacy: &privacy,
        at: sample::now(),
        emergency: false,
        limits: &limits,
    };
    let as_meant = authority.decide(&submit).allowed
        && !authority.decide(&denied).allowed
        && authority.decide(&domain).allowed
        && authority.capability(&capability).is_ok();
    if !as_meant {
        eprintln!("error: the sample's questions are answered otherwise than they were meant");
        return ExitCode::FAILURE;
    }
    let told = json!({
        "decision: view the catalogue": micros(|| authority.decide(black_box(&domain))),
        "decision: submit a run": micros(|| authority.decide(black_box(&submit))),
        "decision: submit a run, refused": micros(|| authority.decide(black_box(&denied))),
        "capability": micros(|| authority.capability(black_box(&capability))),
    });
    println!("{told}");
    ExitCode::SUCCESS
}

/// Microseconds that an answer takes: means over [`ANSWERS`] each.
fn micros<T>(mut answer: impl FnMut() -> T) -> Vec<f64> {
    for _ in 0..WARM_UP {
        black_box(answer());
    }
    let look = |_| {
        let start = Instant::now();
        for _ in 0..ANSWERS {
            black_box(answer());
        }
        start.elapsed().as_secs_f64() * 1e6 / ANSWERS as f64
    };
    (0..LOOKS).map(look).collect()
}
