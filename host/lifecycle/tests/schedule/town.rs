//! A town whose clock stands still until it is told otherwise, with a product of daily rides. Its runs are queued and never claimed
//! unless a test does so: what they read and release stands in the tests of the whole.

use std::ops::Deref;
use std::sync::Arc;

use yunei_ledger::Kind;
use yunei_lifecycle::{LifecycleError, NewProduct, NewSchedule};
use yunei_model::{
    Cadence, Clock, Code, FixedClock, Parameters, Product, Run, Schedule, ScheduleTrigger,
};
use yunei_store::{Change, EntryFilter, Page, RunFilter};

pub use yunei_town::{name, text};

pub struct Town {
    town: yunei_town::Town,
    pub clock: Arc<FixedClock>,
}

impl Deref for Town {
    type Target = yunei_town::Town;

    fn deref(&self) -> &Self::Target {
        &self.town
    }
}

impl Town {
    /// A town at a moment of RFC 3339.
    pub async fn at(moment: &str) -> Self {
        let clock = Arc::new(FixedClock::at(moment.parse().unwrap()));
        let town = yunei_town::Town::found(Arc::clone(&clock) as Arc<dyn Clock>).await;
        Self { town, clock }
    }

    /// The same town after its server was stopped in the middle of things and started again.
    pub async fn restarted(self) -> Self {
        Self {
            town: self.town.restarted().await,
            clock: self.clock,
        }
    }

    /// The same after what is kept was changed past every rule.
    pub async fn rewritten(self, write: impl AsyncFnOnce(&mut Change)) -> Self {
        Self {
            town: self.town.rewritten(write).await,
            clock: self.clock,
        }
    }

    pub fn new_product(&self) -> NewProduct {
        NewProduct {
            name: name("daily-rides"),
            title: text("每日客流"),
            grant: self.grant,
            module: self.module,
            parameters: Parameters::new(),
            period: name("day"),
            cadence: Cadence::Daily,
            starts: "2026-03-02".to_owned(),
            lateness_days: 1,
            revision_days: None,
        }
    }

    pub async fn product(&self) -> Product {
        let drafted = self
            .domain
            .draft_product(&self.operator, self.new_product());
        drafted.await.unwrap().product
    }

    pub async fn schedule(&self, product: &Product, trigger: ScheduleTrigger) -> Schedule {
        let set = self
            .domain
            .set_schedule(&self.operator, product.id, NewSchedule { trigger });
        set.await.unwrap()
    }

    /// Imports a day's file, upon the newest snapshot, that tells of the moment when the day is over.
    pub async fn import(&self, day: &str) {
        let rows = format!("a,1,{day},{day}\nb,2,{day},{day}\n");
        let over = yunei_model::day_start(day).unwrap().plus_seconds(86_400);
        self.town.import(&rows, over).await;
    }

    /// Takes every step that is due; gives the first days of the periods that were queued.
    pub async fn step(&self) -> Vec<String> {
        let before = self.runs().await.len();
        let queued = self.domain.step_schedules().await.unwrap();
        let runs = self.runs().await;
        let new: Vec<String> = runs[before..]
            .iter()
            .map(|run| run.period.as_ref().unwrap().first_day().unwrap())
            .collect();
        assert_eq!(new.len() as u64, queued);
        new
    }

    /// Claims and runs all that is queued: it fails, since there is no program to start rooms from.
    pub async fn fail_all(&self) {
        while let Some(claimed) = self.domain.claim().await.unwrap() {
            assert!(self.domain.execute(claimed).await.is_err());
        }
        // Until its operating unit sees that.
        self.clock.advance_seconds(10);
    }

    pub async fn runs(&self) -> Vec<Run> {
        let store = self.store().await;
        store
            .runs(&RunFilter::default(), Page::first(1000))
            .await
            .unwrap()
    }

    pub async fn schedule_of(&self, schedule: &Schedule) -> Schedule {
        self.store()
            .await
            .schedule(schedule.id)
            .await
            .unwrap()
            .unwrap()
    }

    /// How many entries of a kind there are.
    pub async fn entries(&self, kind: Kind) -> usize {
        let filter = EntryFilter {
            kinds: vec![kind],
            ..EntryFilter::default()
        };
        let store = self.store().await;
        store
            .entries(&filter, Page::first(1000))
            .await
            .unwrap()
            .len()
    }
}

pub fn code<T: std::fmt::Debug>(outcome: Result<T, LifecycleError>) -> Code {
    outcome.unwrap_err().code()
}
