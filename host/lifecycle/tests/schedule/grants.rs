//! Amendments, suspensions and terms reach what is under way, and drafts reach nothing.

use yunei_ledger::Kind;
use yunei_lifecycle::{LifecycleError, NewAccount, NewGrant, NewScenario, RunRequest};
use yunei_model::{
    Cadence, Code, EndCause, Grant, GrantState, GrantTerms, Parameters, RandomIds, ReleaseReview,
    Run, RunId, RunState, State as _, StopRequest, StopRequestId, StopTarget,
};
use yunei_store::Page;
use yunei_town::{PASSWORD, administrator};

use crate::standing::reviews;
use crate::town::{Town, code, name, text};
use crate::{DAY_SECONDS, cron};

/// The days that the town's grant is in force.
const TERM_DAYS: i64 = 365;

/// A town with the rides of a day and a product of them.
async fn town() -> Town {
    let town = Town::at("2026-03-05T05:00:00+08:00").await;
    town.import("2026-03-02").await;
    town.import("2026-03-03").await;
    town
}

async fn versions(town: &Town) -> Vec<GrantState> {
    let versions = town.store().await.grant_versions(town.grant).await;
    versions.unwrap().iter().map(|grant| grant.state).collect()
}

/// Drafts an amendment of what stands.
async fn drafted(
    town: &Town,
    amend: impl FnOnce(&mut GrantTerms),
) -> Result<Grant, LifecycleError> {
    let standing = town.store().await.grant_standing(town.grant).await;
    let mut terms = standing.unwrap().unwrap().terms;
    amend(&mut terms);
    let new = NewGrant {
        amends: Some(town.grant),
        terms,
    };
    town.domain.draft_grant(&town.officer, new).await
}

async fn consented(town: &Town, amend: impl FnOnce(&mut GrantTerms)) -> Grant {
    drafted(town, amend).await.unwrap();
    let rides = name("rides");
    let given = town.domain.consent_grant(&town.source, town.grant, &rides);
    given.await.unwrap()
}

async fn activated(town: &Town) -> Result<Grant, LifecycleError> {
    let reason = "the amendment";
    town.domain
        .activate_grant(&town.officer, town.grant, reason)
        .await
}

fn more_runs(terms: &mut GrantTerms) {
    terms.quota.runs += 1000;
}

/// Of the rides nothing but the day is left, which no module of the town reads.
fn days_alone(terms: &mut GrantTerms) {
    terms.resources[0].fields = vec![name("day")];
}

async fn queued(town: &Town) -> Result<RunId, LifecycleError> {
    let request = RunRequest {
        module: town.module,
        grant: town.grant,
        purpose: name("planning"),
        parameters: Parameters::new(),
        period: None,
    };
    Ok(town.domain.submit(&town.operator, request).await?.id)
}

/// A run that a worker has claimed, and that goes on.
async fn running(town: &Town) -> RunId {
    let run = queued(town).await.unwrap();
    assert!(town.domain.claim().await.unwrap().is_some());
    run
}

/// The town with a run in that state, and with what people have said of it.
async fn is_in(town: Town, id: RunId, state: RunState, given: &[ReleaseReview]) -> Town {
    town.rewritten(async |change| {
        let mut run = change.run(id).await.unwrap().unwrap();
        run.state = state;
        change.put_run(&run).await.unwrap();
        for review in given {
            change.put_release_review(id, review).await.unwrap();
        }
    })
    .await
}

async fn run(town: &Town, id: RunId) -> Run {
    town.store().await.run(id).await.unwrap().unwrap()
}

#[track_caller]
fn assert_ended(run: &Run, grant: &str) {
    assert_eq!(run.state, RunState::Stopped);
    let state = grant.to_owned();
    assert_eq!(run.end_cause, Some(EndCause::GrantEnded { state }));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_grant_is_suspended_and_resumed_whatever_amendment_waits() {
    let town = town().await;
    let going = running(&town).await;
    drafted(&town, more_runs).await.unwrap();
    let domain = &town.domain;
    let suspend = async || {
        domain
            .suspend_grant(&town.officer, town.grant, "a leak")
            .await
    };
    let suspended = suspend().await.unwrap();
    assert_eq!(
        (suspended.version, suspended.state),
        (1, GrantState::Suspended)
    );
    assert_ended(&run(&town, going).await, "suspended");
    assert_eq!(code(queued(&town).await), Code::GrantNotActive);
    let resume = async || {
        domain
            .resume_grant(&town.officer, town.grant, "mended")
            .await
    };
    let resumed = resume().await.unwrap();
    assert_eq!((resumed.version, resumed.state), (1, GrantState::Active));
    queued(&town).await.unwrap();

    // Nor does the one that comes into force meanwhile end a suspension.
    let rides = name("rides");
    let given = domain.consent_grant(&town.source, town.grant, &rides);
    given.await.unwrap();
    suspend().await.unwrap();
    let amended = activated(&town).await.unwrap();
    assert_eq!((amended.version, amended.state), (2, GrantState::Suspended));
    assert_eq!(code(queued(&town).await), Code::GrantNotActive);
    let resumed = resume().await.unwrap();
    assert_eq!((resumed.version, resumed.state), (2, GrantState::Active));
    queued(&town).await.unwrap();
    // What took its place is in force; what stood before has no say.
    suspend().await.unwrap();
    assert_eq!(code(queued(&town).await), Code::GrantNotActive);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_revoked_grant_is_over_in_every_version() {
    let town = town().await;
    consented(&town, more_runs).await;
    let revoked = town
        .domain
        .revoke_grant(&town.officer, town.grant, "a leak")
        .await;
    assert_eq!(revoked.unwrap().version, 1);
    assert_eq!(versions(&town).await, [GrantState::Revoked; 2]);
    assert_eq!(code(activated(&town).await), Code::WrongState);
    assert_eq!(code(drafted(&town, more_runs).await), Code::WrongState);
    assert_eq!(code(queued(&town).await), Code::GrantNotActive);
    assert_eq!(versions(&town).await.len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_for_a_stop_is_open_while_the_grant_is_in_force() {
    let town = town().await;
    let (grant, asker) = (town.grant, town.source.principal().clone());
    let request = StopRequest {
        id: StopRequestId::new(&RandomIds),
        target: StopTarget::Grant { grant },
        reason: "now".to_owned(),
        account: asker.account,
        organisation: asker.organisation,
        at: town.domain.clock().now(),
    };
    let town = town
        .rewritten(async |change| change.put_stop_request(&request).await.unwrap())
        .await;
    let open = async || {
        let requests = town.domain.stop_requests(&town.officer, Page::first(9));
        requests.await.unwrap().items[0].open
    };
    assert!(open().await);
    consented(&town, more_runs).await;
    assert!(
        open().await,
        "an amendment that is not in force stops nothing"
    );
    let suspended = town.domain.suspend_grant(&town.officer, grant, "asked for");
    suspended.await.unwrap();
    assert!(!open().await);
}

#[tokio::test(flavor = "multi_thread")]
async fn amendments_drafted_at_once_are_two_and_of_the_same_unit() {
    let town = town().await;
    let (one, other) = tokio::join!(drafted(&town, more_runs), drafted(&town, days_alone));
    let mut numbers = [one.unwrap().version, other.unwrap().version];
    numbers.sort_unstable();
    assert_eq!(numbers, [2, 3]);
    let stranger = town.stranger.principal().organisation;
    let given_away = drafted(&town, |terms| terms.operator = stranger).await;
    assert_eq!(code(given_away), Code::GrantInvalid);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_amendment_stops_what_uses_more_than_it_gives_and_nothing_else() {
    let town = town().await;
    let waiting = running(&town).await;
    let town = is_in(town, waiting, RunState::InReview, &[]).await;
    let going = running(&town).await;
    let later = queued(&town).await.unwrap();
    consented(&town, more_runs).await;
    assert_eq!(activated(&town).await.unwrap().version, 2);
    assert_eq!(run(&town, waiting).await.state, RunState::InReview);
    assert_eq!(run(&town, going).await.state, RunState::Running);
    assert_eq!(run(&town, later).await.state, RunState::Queued);

    consented(&town, days_alone).await;
    for id in [waiting, going] {
        assert!(!run(&town, id).await.state.is_final(), "it is not in force");
    }
    assert_eq!(activated(&town).await.unwrap().version, 3);
    for id in [waiting, going] {
        assert_ended(&run(&town, id).await, "amended");
    }
    assert_ended(&run(&town, later).await, "amended");

    // What was decided before and queued after is looked at when it is claimed.
    let town = is_in(town, later, RunState::Queued, &[]).await;
    assert!(town.domain.claim().await.unwrap().is_none());
    assert_ended(&run(&town, later).await, "amended");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_grant_whose_term_is_over_is_expired_with_all_that_goes_on_under_it() {
    let town = town().await;
    consented(&town, |terms| {
        terms.until = terms.until.plus_seconds(DAY_SECONDS);
    })
    .await;
    activated(&town).await.unwrap();
    town.clock.advance_seconds(TERM_DAYS * DAY_SECONDS - 1);
    let going = running(&town).await;
    town.clock.advance_seconds(1);
    town.domain.step_schedules().await.unwrap();
    assert_eq!(
        versions(&town).await,
        [GrantState::Active; 2],
        "the term of a version of before ends nothing"
    );
    consented(&town, more_runs).await;
    town.clock.advance_seconds(DAY_SECONDS);
    town.domain.step_schedules().await.unwrap();
    assert_eq!(versions(&town).await, [GrantState::Expired; 3]);
    assert_ended(&run(&town, going).await, "expired");
    assert_eq!(town.entries(Kind::GrantExpired).await, 1);
    town.domain.step_schedules().await.unwrap();
    assert_eq!(town.entries(Kind::GrantExpired).await, 1, "once");
    let longer = |terms: &mut GrantTerms| terms.until = terms.until.plus_seconds(9 * DAY_SECONDS);
    assert_eq!(code(activated(&town).await), Code::WrongState);
    assert_eq!(code(drafted(&town, longer).await), Code::WrongState);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_an_amendment_drafts_is_no_part_of_products() {
    let town = town().await;
    let scenario = NewScenario {
        name: name("other-lines"),
        title: text("other lines"),
        purposes: vec![name("advertising")],
    };
    let scenario = town.domain.propose_scenario(&town.officer, scenario).await;
    let scenario = scenario.unwrap().id;
    let approved = town.domain.approve_scenario(&town.officer, scenario);
    approved.await.unwrap();
    drafted(&town, |terms| {
        (terms.scenario, terms.purpose) = (scenario, name("advertising"));
        terms.products = vec![name("hourly-rides")];
    })
    .await
    .unwrap();
    let mut new = town.new_product();
    new.name = name("hourly-rides");
    let refused = town.domain.draft_product(&town.operator, new).await;
    assert_eq!(code(refused), Code::ProductInvalid);
    let product = town.product().await;
    assert_eq!(product.cadence, Cadence::Daily);
    town.schedule(&product, cron("0 6 * * *")).await;
    town.clock.advance_seconds(3600);
    assert_eq!(town.step().await, ["2026-03-02"]);
    assert_eq!(town.entries(Kind::RunRefused).await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn who_gave_the_resources_is_told_of_use_no_sooner_than_its_unit() {
    let town = town().await;
    running(&town).await;
    let runs = async |actor| town.domain.usage(actor, town.grant).await.unwrap().runs;
    assert_eq!(runs(&town.officer).await, 1);
    assert_eq!(runs(&town.operator).await, 0);
    assert_eq!(runs(&town.source).await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_yes_counts_while_whoever_said_it_may_say_it() {
    let town = town().await;
    let [one, two, three] = [
        town.reviewer("one").await,
        town.reviewer("two").await,
        town.reviewer("three").await,
    ];
    let id = running(&town).await;
    let given = reviews(&[one.clone(), two.clone()]);
    let town = is_in(town, id, RunState::InReview, &given).await;
    let approved = async |town: &Town| town.domain.approved().await.unwrap();
    assert_eq!(approved(&town).await, [id]);
    let system = administrator(&town.domain, town.path(), "system").await;
    let account = two.principal().account;
    let closed = town.domain.close_account(&system, account, "gone");
    closed.await.unwrap();
    assert_eq!(approved(&town).await, [], "of two one has gone");

    let third = reviews(std::slice::from_ref(&three));
    let town = is_in(town, id, RunState::InReview, &third).await;
    assert_eq!(approved(&town).await, [id]);
    let new = NewAccount {
        name: name("three-there"),
        organisation: name("unit"),
        password: PASSWORD.to_owned(),
        same_person_as: Some(three.principal().account),
    };
    let system = administrator(&town.domain, town.path(), "system").await;
    town.domain.create_account(&system, new).await.unwrap();
    assert_eq!(approved(&town).await, [], "of the unit that asked");
    assert_eq!(run(&town, id).await.state, RunState::InReview);
}
