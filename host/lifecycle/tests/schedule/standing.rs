//! What ends a standing approval by itself that no request brings about, or that takes days: its time, and a catalogue, outputs or parameters that
//! are not as they were. The approval is the domain's own; the edition that it rests on is written beside it, since nothing runs here.

use yunei_ledger::Kind;
use yunei_lifecycle::{Actor, StandingReason};
use yunei_model::{
    Decision, Digest, FieldClass, Module, Name, Overlaps, ProductState, RandomIds, ReleaseReview,
    Resource, ReviewId, ReviewOutcome, Route, Run, RunState, Standing, StandingEnd, StandingState,
    Verdict,
};

use crate::DAY_SECONDS;
use crate::town::{Town, name};

const PROFILE: &str = include_str!("../../../../policies/disclosure/yunei.toml");

/// A town with a product that an approval stands for.
struct Stood {
    town: Town,
    standing: Standing,
    reviewers: [Actor; 2],
}

fn verdict() -> Verdict {
    Verdict {
        output: name("rides"),
        route: Route::Reviewed,
        profile: name("yunei"),
        profile_digest: Digest::of(PROFILE.as_bytes()),
        decision: Decision::Review,
        cells_total: 1,
        cells_released: 1,
        cells_failed: 0,
        cells_complementary: 0,
        cells: Vec::new(),
        hints: Vec::new(),
        reasons: Vec::new(),
        routine: true,
        overlaps: Overlaps::default(),
        checks: None,
    }
}

/// What two reviewers who released it leave behind.
pub fn reviews(reviewers: &[Actor]) -> Vec<ReleaseReview> {
    let review = |reviewer: &Actor| ReleaseReview {
        id: ReviewId::new(&RandomIds),
        reviewer: reviewer.principal().account,
        person: reviewer.principal().person,
        outcome: ReviewOutcome::Approved,
        reason: "statistics alone".to_owned(),
        at: yunei_model::Timestamp::from_micros(1),
    };
    reviewers.iter().map(review).collect()
}

impl Stood {
    /// The second reviewer names so many days, the first one none.
    async fn at(moment: &str, days: Option<u32>) -> Self {
        let town = Town::at(moment).await;
        town.import("2026-03-02").await;
        town.import("2026-03-03").await;
        let product = town.product().await;
        let asked = town
            .domain
            .request_edition(&town.operator, product.id, "2026-03-02");
        asked.await.unwrap();
        let reviewers = [town.reviewer("one").await, town.reviewer("two").await];
        for reviewer in &reviewers {
            let outcome = ReviewOutcome::Approved;
            let reviewed = town
                .domain
                .review_module(reviewer, town.module, outcome, "it counts");
            reviewed.await.unwrap();
        }
        let mut run = town.runs().await.remove(0);
        run.state = RunState::Released;
        run.ended_at = Some(run.submitted_at);
        let given = reviews(&reviewers);
        let town = town
            .rewritten(async |change| {
                let mut product = change.product(product.id).await.unwrap().unwrap();
                product.state = ProductState::Reviewed;
                product.first_reviewed = Some(run.id);
                change.put_product(&product).await.unwrap();
                change.put_run(&run).await.unwrap();
                change.put_verdict(run.id, &verdict()).await.unwrap();
                for review in &given {
                    change.put_release_review(run.id, review).await.unwrap();
                }
            })
            .await;
        let mut stood = Self {
            standing: approved(&town, &run, &reviewers, days).await,
            town,
            reviewers,
        };
        stood.looked().await;
        assert_eq!(stood.standing.state, StandingState::InForce);
        stood
    }

    /// Has the scheduler look, and reads what stands.
    async fn looked(&mut self) {
        self.town.domain.step_schedules().await.unwrap();
        let store = self.town.store().await;
        let standing = store.standing_approval(self.standing.id).await.unwrap();
        self.standing = standing.unwrap();
    }

    /// The next look ends it, for this cause; the product's editions wait for people again.
    async fn ends(mut self, cause: StandingEnd) -> Self {
        self.looked().await;
        assert_eq!(self.standing.state, StandingState::Ended);
        let ended = self.standing.ended.unwrap();
        assert_eq!((ended.cause, ended.run), (cause, None));
        let store = self.town.store().await;
        let product = store.product(self.standing.product.unwrap()).await.unwrap();
        assert_eq!(product.unwrap().state, ProductState::Reviewed);
        assert_eq!(self.town.entries(Kind::StandingEnded).await, 1);
        self.looked().await;
        assert_eq!(self.town.entries(Kind::StandingEnded).await, 1, "once");
        self
    }

    async fn module(&self) -> Module {
        let module = self.town.store().await.module(self.town.module).await;
        module.unwrap().unwrap()
    }

    async fn resource(&self) -> Resource {
        let rides = name("rides");
        let resource = self.town.store().await.resource_by_name(&rides).await;
        resource.unwrap().unwrap()
    }

    /// The same town after what is kept was changed past every rule.
    async fn rewritten(self, write: impl AsyncFnOnce(&mut yunei_store::Change)) -> Self {
        let town = self.town.rewritten(write).await;
        Self { town, ..self }
    }
}

async fn approved(town: &Town, run: &Run, reviewers: &[Actor; 2], days: Option<u32>) -> Standing {
    let mut last = None;
    for (reviewer, days) in reviewers.iter().zip([None, days]) {
        let reason = StandingReason {
            reason: "every day is like the first",
            days,
        };
        let given = town.domain.approve_standing(reviewer, run.id, reason);
        last = Some(given.await.unwrap());
    }
    last.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_stands_ends_when_its_days_are_over() {
    let mut stood = Stood::at("2026-03-05T05:00:00+08:00", Some(2)).await;
    stood.town.clock.advance_seconds(2 * DAY_SECONDS - 1);
    stood.looked().await;
    assert_eq!(
        stood.standing.state,
        StandingState::InForce,
        "a second left"
    );
    stood.town.clock.advance_seconds(1);
    let stood = stood.ends(StandingEnd::Term).await;

    // Its days begin again with another approval: nothing else has changed.
    let run = stood.town.runs().await.remove(0);
    let again = approved(&stood.town, &run, &stood.reviewers, None).await;
    assert_eq!(again.state, StandingState::InForce);
    // However many days they name, it is over with the grant.
    let grant = stood.town.store().await.grant(stood.town.grant).await;
    assert_eq!(again.until, Some(grant.unwrap().unwrap().terms.until));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_stands_ends_when_outputs_or_the_catalogue_are_otherwise() {
    let stood = Stood::at("2026-03-05T05:00:00+08:00", None).await;
    // The same to the letter is the same.
    let (mut module, mut resource) = (stood.module().await, stood.resource().await);
    let mut stood = stood
        .rewritten(async |change| {
            change.put_module(&module).await.unwrap();
            change.put_resource(&resource).await.unwrap();
        })
        .await;
    stood.looked().await;
    assert_eq!(stood.standing.state, StandingState::InForce);

    let manifest = module.manifest.as_mut().unwrap();
    manifest.outputs[0].measures[0].name = Name::parse("journeys").unwrap();
    let put = async |change: &mut yunei_store::Change| change.put_module(&module).await.unwrap();
    stood.rewritten(put).await.ends(StandingEnd::Schema).await;

    let stood = Stood::at("2026-03-05T05:00:00+08:00", None).await;
    resource = stood.resource().await;
    let mut fields = resource.schema.fields.iter_mut();
    fields
        .find(|field| field.name.as_str() == "line")
        .unwrap()
        .class = FieldClass::Sensitive;
    let put =
        async |change: &mut yunei_store::Change| change.put_resource(&resource).await.unwrap();
    stood.rewritten(put).await.ends(StandingEnd::Frame).await;
}
