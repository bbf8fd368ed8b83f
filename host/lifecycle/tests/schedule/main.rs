//! Products and schedules over a real domain whose clock is moved by hand.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "helpers of tests say at once what is wrong"
)]

mod grants;
mod standing;
mod town;

use town::{Town, code, name};
use yunei_ledger::Kind;
use yunei_lifecycle::NewSchedule;
use yunei_model::{
    Cadence, Code, Due, ProductState, RunState, ScheduleTrigger, Timestamp, Trigger,
};
use yunei_store::Page;

const DAY_SECONDS: i64 = 86_400;

fn cron(expression: &str) -> ScheduleTrigger {
    ScheduleTrigger::Cron {
        expression: expression.to_owned(),
    }
}

fn on_rides() -> ScheduleTrigger {
    ScheduleTrigger::OnSnapshot {
        resource: name("rides"),
    }
}

fn at(moment: &str) -> Due {
    Due::At {
        at: moment.parse::<Timestamp>().unwrap(),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn cron_runs_closed_periods_once() {
    let town = Town::at("2026-03-05T05:00:00+08:00").await;
    for day in ["2026-03-02", "2026-03-03", "2026-03-04"] {
        town.import(day).await;
    }
    let product = town.product().await;
    let schedule = town.schedule(&product, cron("0 6 * * *")).await;
    assert_eq!(schedule.due, at("2026-03-05T06:00:00+08:00"));
    assert_eq!(town.step().await, [""; 0], "it is not due");
    town.clock.advance_seconds(3600);
    // With a day of lateness and data up to the end of the fourth, the second and the third are closed.
    assert_eq!(town.step().await, ["2026-03-02", "2026-03-03"]);
    let moved = town.schedule_of(&schedule).await;
    assert_eq!(moved.due, at("2026-03-06T06:00:00+08:00"));
    assert_eq!(town.step().await, [""; 0], "the step was taken");
    let runs = town.runs().await;
    assert!(runs.iter().all(|run| run.trigger
        == Trigger::Schedule {
            schedule: schedule.id
        }));
    assert_eq!(town.entries(Kind::ScheduleStepped).await, 1);
    assert_eq!(town.entries(Kind::RunSubmitted).await, 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_missed_is_made_up_for_after_a_restart() {
    let town = Town::at("2026-03-03T05:00:00+08:00").await;
    let product = town.product().await;
    let schedule = town.schedule(&product, cron("0 6 * * *")).await;
    town.import("2026-03-02").await;
    let town = town.restarted().await;
    // Nobody was there on the fourth, fifth and sixth at six.
    town.clock.advance_seconds(4 * DAY_SECONDS);
    for day in ["2026-03-03", "2026-03-04", "2026-03-05", "2026-03-06"] {
        town.import(day).await;
    }
    let days = ["2026-03-02", "2026-03-03", "2026-03-04", "2026-03-05"];
    assert_eq!(town.step().await, days);
    let moved = town.schedule_of(&schedule).await;
    assert_eq!(moved.due, at("2026-03-07T06:00:00+08:00"));
    // Queued runs outlive a restart, and are not queued again.
    let town = town.restarted().await;
    town.clock.advance_seconds(DAY_SECONDS);
    assert_eq!(town.step().await, [""; 0]);
    let runs = town.runs().await;
    assert!(runs.iter().all(|run| run.state == RunState::Queued));
    assert_eq!(runs.len(), 4);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_snapshot_starts_the_periods_that_it_closes() {
    let town = Town::at("2026-03-20T00:00:00+08:00").await;
    town.import("2026-03-02").await;
    let product = town.product().await;
    town.schedule(&product, on_rides()).await;
    assert_eq!(town.step().await, [""; 0], "the second is not closed yet");
    assert_eq!(town.step().await, [""; 0]);
    assert_eq!(
        town.entries(Kind::ScheduleStepped).await,
        1,
        "the snapshot that was there is a step, and one alone"
    );
    town.import("2026-03-03").await;
    assert_eq!(town.step().await, ["2026-03-02"]);
    assert_eq!(town.step().await, [""; 0]);
    town.import("2026-03-04").await;
    town.import("2026-03-05").await;
    assert_eq!(town.step().await, ["2026-03-03", "2026-03-04"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_clock_closes_nothing_that_the_data_do_not_tell_of_and_the_other_way_round() {
    let town = Town::at("2026-03-03T23:59:59+08:00").await;
    // Data that claim to tell of the future.
    for day in ["2026-03-02", "2026-03-03", "2026-03-04"] {
        town.import(day).await;
    }
    let product = town.product().await;
    let asked = async |day: &str| {
        town.domain
            .request_edition(&town.operator, product.id, day)
            .await
    };
    assert_eq!(code(asked("2026-03-02").await), Code::PeriodOpen);
    town.clock.advance_seconds(1);
    asked("2026-03-02").await.unwrap();
    assert_eq!(code(asked("2026-03-03").await), Code::PeriodOpen);
    assert_eq!(
        code(asked("2026-03-01").await),
        Code::PeriodOpen,
        "before it starts"
    );
    town.clock.advance_seconds(30 * DAY_SECONDS);
    asked("2026-03-03").await.unwrap();
    assert_eq!(
        code(asked("2026-03-04").await),
        Code::PeriodOpen,
        "the data end before it is closed"
    );
    assert_eq!(code(asked("4 March").await), Code::BadRequest);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_period_is_tried_once_of_the_same_data() {
    let town = Town::at("2026-03-20T00:00:00+08:00").await;
    for day in ["2026-03-02", "2026-03-03"] {
        town.import(day).await;
    }
    let product = town.product().await;
    town.schedule(&product, cron("0 * * * *")).await;
    let asked = async || {
        let day = "2026-03-02";
        town.domain
            .request_edition(&town.operator, product.id, day)
            .await
    };
    asked().await.unwrap();
    assert_eq!(code(asked().await), Code::EditionTried, "it is under way");
    town.clock.advance_seconds(3600);
    assert_eq!(town.step().await, [""; 0]);
    town.fail_all().await;
    assert_eq!(
        code(asked().await),
        Code::EditionTried,
        "it would fail again"
    );
    town.import("2026-03-04").await;
    town.clock.advance_seconds(3600);
    assert_eq!(town.step().await, ["2026-03-02", "2026-03-03"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refused_step_is_on_the_record_and_comes_again() {
    let town = Town::at("2026-03-05T05:00:00+08:00").await;
    for day in ["2026-03-02", "2026-03-03"] {
        town.import(day).await;
    }
    let product = town.product().await;
    let schedule = town.schedule(&product, cron("0 6 * * *")).await;
    let suspended = town
        .domain
        .suspend_grant(&town.officer, town.grant, "a test");
    suspended.await.unwrap();
    town.clock.advance_seconds(3600);
    assert_eq!(town.step().await, [""; 0]);
    assert_eq!(town.entries(Kind::RunRefused).await, 1);
    let moved = town.schedule_of(&schedule).await;
    assert_eq!(moved.due, at("2026-03-06T06:00:00+08:00"));
    let resumed = town
        .domain
        .resume_grant(&town.officer, town.grant, "a test");
    resumed.await.unwrap();
    assert_eq!(town.step().await, [""; 0], "not before it is due again");
    town.clock.advance_seconds(DAY_SECONDS);
    assert_eq!(town.step().await, ["2026-03-02"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_withdrawn_product_runs_no_more() {
    let town = Town::at("2026-03-05T05:00:00+08:00").await;
    for day in ["2026-03-02", "2026-03-03"] {
        town.import(day).await;
    }
    let product = town.product().await;
    let schedule = town.schedule(&product, on_rides()).await;
    assert_eq!(town.step().await, ["2026-03-02"]);
    let (operator, id) = (&town.operator, product.id);
    let theirs = town
        .domain
        .withdraw_product(&town.stranger, id, "mine")
        .await;
    assert_eq!(code(theirs), Code::NotFound);
    let withdrawn = town.domain.withdraw_product(operator, id, "over").await;
    assert_eq!(withdrawn.unwrap().product.state, ProductState::Withdrawn);
    assert_eq!(town.schedule_of(&schedule).await.due, Due::Never);
    assert!(town.domain.claim().await.unwrap().is_none());
    assert_eq!(town.runs().await[0].state, RunState::Stopped);
    town.import("2026-03-04").await;
    assert_eq!(town.step().await, [""; 0]);
    let trigger = on_rides();
    let set = town
        .domain
        .set_schedule(operator, id, NewSchedule { trigger });
    assert_eq!(code(set.await), Code::WrongState);
    let again = town.domain.withdraw_product(operator, id, "over").await;
    assert_eq!(code(again), Code::WrongState);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_product_fits_its_grant_and_its_module() {
    let town = Town::at("2026-03-05T05:00:00+08:00").await;
    let draft = async |alter: &dyn Fn(&mut yunei_lifecycle::NewProduct)| {
        let mut new = town.new_product();
        alter(&mut new);
        town.domain.draft_product(&town.operator, new).await
    };
    type Alteration = &'static dyn Fn(&mut yunei_lifecycle::NewProduct);
    let faults: [(&str, Alteration); 7] = [
        ("the grant names no product", &|new| {
            new.name = name("other")
        }),
        ("is no date and no timestamp", &|new| {
            new.period = name("line")
        }),
        ("is no date and no timestamp", &|new| {
            new.period = name("nothing")
        }),
        ("is masked", &|new| new.period = name("coarse_day")),
        ("is no day", &|new| new.starts = "2026-02-30".to_owned()),
        ("is 366 at most", &|new| new.lateness_days = 367),
        ("is at least 1", &|new| new.revision_days = Some(0)),
    ];
    for (detail, alter) in faults {
        let refused = draft(alter).await.unwrap_err();
        let yunei_lifecycle::LifecycleError::Refused(refusal) = refused else {
            unreachable!("{refused}");
        };
        assert_eq!(refusal.code, Code::ProductInvalid);
        assert!(refusal.details.concat().contains(detail), "{refusal:?}");
    }
    let theirs = town
        .domain
        .draft_product(&town.stranger, town.new_product());
    assert_eq!(code(theirs.await), Code::NotFound);
    let product = draft(&|_| {}).await.unwrap().product;
    assert_eq!(code(draft(&|_| {}).await), Code::NameTaken);
    // A week that begins on the Monday before.
    let weekly = draft(&|new| {
        new.name = name("weekly-rides");
        new.cadence = Cadence::Weekly;
        new.starts = "2026-03-05".to_owned();
    });
    assert_eq!(weekly.await.unwrap().product.starts, product.starts);
    let page = Page::first(10);
    let own = town.domain.products(&town.operator, page).await.unwrap();
    assert_eq!(own.items.len(), 2);
    let theirs = town.domain.products(&town.stranger, page).await.unwrap();
    assert_eq!(theirs.items, []);
    let hidden = town.domain.product(&town.stranger, product.id).await;
    assert_eq!(code(hidden), Code::NotFound);
    for trigger in [
        cron("0 6 30 2 *"),
        cron("@daily"),
        ScheduleTrigger::OnSnapshot {
            resource: name("others"),
        },
    ] {
        let set = NewSchedule { trigger };
        let set = town.domain.set_schedule(&town.operator, product.id, set);
        assert_eq!(code(set.await), Code::ScheduleInvalid);
    }
}
