//! When a server is killed.

use std::collections::HashSet;
use std::time::{Duration, Instant};

use serde_json::Value;
use yunei_tests::{BUREAU, Story};

use super::account::ENDS;
use super::load::Load;

/// Latest random moment after the load began.
const RANDOM_MS_MAX: u64 = 1500;
/// Longest wait for a run to reach a state; after that it is killed where it is.
const STATE_WAIT_MAX: Duration = Duration::from_secs(5);

/// Runs that are looked at in a turn.
const LOOKS_MAX: usize = 3;

/// When.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Moment {
    /// At a random moment.
    Random,
    /// As soon as a run has this state.
    State(&'static str),
}

impl Moment {
    /// Every other round at random; the others go through the states.
    pub fn of_round(round: u64, chance: &mut Chance) -> Self {
        const STATES: [&str; 4] = ["queued", "running", "sealed", "released"];
        if round.is_multiple_of(2) {
            return Self::Random;
        }
        let index = usize::try_from(chance.below(STATES.len() as u64)).unwrap_or(0);
        STATES
            .get(index)
            .map_or(Self::Random, |state| Self::State(state))
    }

    /// What it is called in the report.
    pub fn name(self) -> String {
        match self {
            Self::Random => "at random".to_owned(),
            Self::State(state) => format!("run {state}"),
        }
    }

    /// Waits for it. Gives whether it came.
    pub fn wait(self, story: &Story, load: &Load, chance: &mut Chance) -> anyhow::Result<bool> {
        match self {
            Self::Random => {
                std::thread::sleep(Duration::from_millis(chance.below(RANDOM_MS_MAX)));
                Ok(true)
            }
            Self::State(state) => {
                let bureau = story.person(BUREAU)?;
                let began = Instant::now();
                let mut over = HashSet::new();
                while began.elapsed() < STATE_WAIT_MAX {
                    let runs = load.runs();
                    // The oldest that are not over are those at work; the newest waits.
                    let open = runs.iter().filter(|run| !over.contains(*run));
                    let looked: Vec<&String> = open.take(LOOKS_MAX).chain(runs.last()).collect();
                    let mut ended = Vec::new();
                    for run in looked {
                        let detail = bureau.get(&format!("/runs/{run}/detail"))?.json();
                        let now = detail.pointer("/run/state").and_then(Value::as_str);
                        if now == Some(state) {
                            return Ok(true);
                        }
                        if now.is_some_and(|now| ENDS.contains(&now)) {
                            ended.push(run.clone());
                        }
                    }
                    over.extend(ended);
                }
                Ok(false)
            }
        }
    }
}

/// Reproducible chance (SplitMix64: Steele, Lea, Flood, OOPSLA 2014).
#[derive(Debug)]
pub struct Chance(u64);

impl Chance {
    /// Begins with a seed.
    pub const fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// A number below `bound`, which is small: the bias of the remainder does not matter here.
    pub const fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (z ^ (z >> 31)) % if bound == 0 { 1 } else { bound }
    }
}

#[cfg(test)]
mod tests {
    use super::{Chance, Moment};

    #[test]
    fn the_same_seed_plays_the_same_rounds() {
        let play = |seed| {
            let mut chance = Chance::new(seed);
            (0..50)
                .map(|round| Moment::of_round(round, &mut chance))
                .collect::<Vec<_>>()
        };
        assert_eq!(play(1), play(1));
        assert_ne!(play(1), play(2));
        for state in ["queued", "running", "sealed", "released"] {
            assert!(play(1).contains(&Moment::State(state)), "{state}");
        }
    }
}
