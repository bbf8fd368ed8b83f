//! Whether enough stays unknown of a target: for everybody, and for the respondents of every other blank cell.
//!
//! Deviations prove that it does, each for all who would not notice it; one that was found for a target serves the others too. Those that move least of
//! what somebody would notice are looked for first, then ones that pass by each who is left. That nothing can move so far, for
//! everybody or for somebody, is told by the programme that has no solution, and by a second one which finds how far it does reach.

use super::programme::{Level, Programme};
use super::sector::{Deviation, Sector};
use super::{Unbracketed, Work};

/// Whoever would know nothing but what is shown.
const EVERYBODY: usize = 0;
/// Parties whose deviations come out in fractions, or not at all, before a target is given up.
const GIVEN_UP_MAX: usize = 4;
/// So many times over a deviation in fractions is tried for whether it comes out whole.
const MULTIPLES_MAX: u32 = 6;
/// Costs that are tried until a deviation comes out whole.
const TRIES_MAX: usize = 3;
/// Relative error of a level.
const TOLERANCE: f64 = 1e-6;
/// What it costs to move what nobody would notice, when moving what somebody would costs one.
const UNNOTICED_COST: f64 = 1.0 / 64.0;

/// How far a target must be able to lie from its value.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(in crate::review) enum Asked {
    /// So far in all, up and down together.
    Width(f64),
    /// So far each way.
    Ways { up: f64, down: f64 },
}

/// What was found.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(in crate::review) enum Held {
    /// Enough stays unknown; deviations reach so far down and up for everybody.
    Yes { down: f64, up: f64 },
    /// Not enough does.
    No {
        /// How far down and up it could lie for those respondents who know it most closely among those who were looked at; none for everybody.
        inside: Option<(Option<f64>, Option<f64>)>,
    },
    /// Neither was found.
    Unknown,
}

/// What a search for one deviation came to.
enum Sought {
    Found(Deviation),
    /// There is none.
    None,
    /// None that is whole.
    NotWhole,
}

/// What came of one way.
enum Side {
    Met,
    /// Not met for a party: by the programmes over the reals, or over whole numbers, where it reaches so far down and up.
    Refused(usize, Option<(f64, f64)>),
    Unknown,
}

/// A target in its sector.
struct Question<'a> {
    sector: &'a mut Sector,
    own: &'a [u32],
    asked: Asked,
    work: &'a mut Work,
    /// How far down and up it could lie: for everybody, then for each insider; none for those who are the target itself.
    reached: Vec<Option<(f64, f64)>>,
}

/// Decides.
pub(super) fn decide(
    sector: &mut Sector,
    own: &[u32],
    asked: Asked,
    work: &mut Work,
) -> Result<Held, Unbracketed> {
    let others = sector.insiders.iter();
    let others = others.map(|known| (known != own).then_some((0.0, 0.0)));
    let mut question = Question {
        reached: std::iter::once(Some((0.0, 0.0))).chain(others).collect(),
        own,
        asked,
        work,
        sector,
    };
    for place in 0..question.sector.deviations().len() {
        if let Some(deviation) = question.sector.deviations().get(place).cloned() {
            question.learn(&deviation);
        }
    }
    question.decide()
}

impl Question<'_> {
    fn decide(&mut self) -> Result<Held, Unbracketed> {
        let sides = match self.asked {
            Asked::Width(width) => [(true, width), (false, 0.0)],
            Asked::Ways { up, down } => [(true, up), (false, down)],
        };
        if self.own.is_empty() && sides.iter().any(|(_, level)| *level > 0.0) {
            // What is shown pins every part of it.
            return Ok(Held::No { inside: None });
        }
        let mut unknown = false;
        for (upwards, level) in sides.into_iter().filter(|(_, level)| *level > 0.0) {
            match self.side(upwards, level)? {
                Side::Met => {}
                Side::Refused(party, ends) => return self.refused(party, ends),
                Side::Unknown => unknown = true,
            }
        }
        let (down, up) = self.reached(EVERYBODY).unwrap_or((0.0, 0.0));
        Ok(if unknown {
            Held::Unknown
        } else {
            Held::Yes { down, up }
        })
    }

    /// One way, for everybody and each insider.
    fn side(&mut self, upwards: bool, level: f64) -> Result<Side, Unbracketed> {
        let (mut alone, mut given_up) = (false, Vec::new());
        // Every round meets somebody, is the last of its kind, or gives somebody up.
        for _ in 0..2 * self.reached.len() + 1 {
            let open = self.open(upwards, level, &given_up);
            let Some(first) = open.first().copied() else {
                break;
            };
            let known = (alone && first != EVERYBODY).then_some(first);
            match self.seek(upwards, level, known, &open)? {
                Sought::Found(deviation) => {
                    self.learn(&deviation);
                    self.sector.keep(deviation);
                    alone |= self.open(upwards, level, &given_up).len() == open.len();
                }
                Sought::None => {
                    let party = known.unwrap_or(EVERYBODY);
                    if let Asked::Width(width) = self.asked {
                        let ways = match self.both_ways(party, width)? {
                            Side::Unknown => self.both_ways_whole(party)?,
                            decided => decided,
                        };
                        match ways {
                            Side::Met => {}
                            Side::Unknown => given_up.push(party),
                            refused => return Ok(refused),
                        }
                        alone = true;
                    } else {
                        return Ok(Side::Refused(party, None));
                    }
                }
                Sought::NotWhole if alone => match self.both_ways_whole(first)? {
                    Side::Met => {}
                    Side::Unknown => given_up.push(first),
                    refused => return Ok(refused),
                },
                Sought::NotWhole => alone = true,
            }
            if given_up.len() > GIVEN_UP_MAX || given_up.contains(&EVERYBODY) {
                break;
            }
        }
        let met = self.open(upwards, level, &[]).is_empty();
        Ok(if met { Side::Met } else { Side::Unknown })
    }

    /// A width that does not fit above the value: as far up as it goes, and the rest down.
    fn both_ways(&mut self, party: usize, width: f64) -> Result<Side, Unbracketed> {
        let (down, up) = self.furthest(party)?;
        let (down, up) = (
            down.unwrap_or(f64::INFINITY).min(width),
            up.unwrap_or(f64::INFINITY).min(width),
        );
        if down + up + TOLERANCE < width {
            return Ok(Side::Refused(party, None));
        }
        let known = (party != EVERYBODY).then_some(party);
        for (upwards, level) in [(true, up), (false, width - up)] {
            if level <= 0.0 {
                continue;
            }
            let open = [party];
            if let Sought::Found(deviation) = self.seek(upwards, level, known, &open)? {
                self.learn(&deviation);
                self.sector.keep(deviation);
            }
        }
        Ok(if self.is_met(party, true, width) {
            Side::Met
        } else {
            Side::Unknown
        })
    }

    /// A width over whole numbers: as far as whole deviations go.
    fn both_ways_whole(&mut self, party: usize) -> Result<Side, Unbracketed> {
        let Asked::Width(width) = self.asked else {
            return Ok(Side::Unknown);
        };
        let mut ends = [0.0, 0.0];
        for (end, upwards) in ends.iter_mut().zip([false, true]) {
            self.work.spend(&self.sector.floors, &self.sector.lines)?;
            let programme = self.programme((party != EVERYBODY).then_some(party));
            let Some((by, amounts)) = programme.furthest_whole(upwards, width) else {
                return Ok(Side::Unknown);
            };
            *end = by;
            if let Some(deviation) = self.whole(amounts) {
                self.learn(&deviation);
                self.sector.keep(deviation);
            }
        }
        if self.is_met(party, true, width) {
            return Ok(Side::Met);
        }
        let [down, up] = ends;
        Ok(if down + up + TOLERANCE < width {
            Side::Refused(party, Some((down, up)))
        } else {
            Side::Unknown
        })
    }

    /// Not enough is left for a party, unless a second programme says otherwise.
    fn refused(&mut self, party: usize, ends: Option<(f64, f64)>) -> Result<Held, Unbracketed> {
        let somebody = party != EVERYBODY;
        if let Some((down, up)) = ends {
            let inside = somebody.then_some((Some(down), Some(up)));
            return Ok(Held::No { inside });
        }
        let (down, up) = self.furthest(party)?;
        let reaches = |end: Option<f64>, level: f64| end.is_none_or(|end| end >= level);
        let enough = match self.asked {
            Asked::Width(width) => match (down, up) {
                (Some(down), Some(up)) => down + up + TOLERANCE >= width,
                _ => true,
            },
            Asked::Ways {
                up: above,
                down: below,
            } => reaches(up, above * (1.0 - TOLERANCE)) && reaches(down, below * (1.0 - TOLERANCE)),
        };
        Ok(if enough {
            Held::Unknown
        } else {
            Held::No {
                inside: somebody.then_some((down, up)),
            }
        })
    }

    /// How far down and up the target could lie for a party, at most.
    fn furthest(&mut self, party: usize) -> Result<(Option<f64>, Option<f64>), Unbracketed> {
        self.work.spend(&self.sector.floors, &self.sector.lines)?;
        self.work.spend(&self.sector.floors, &self.sector.lines)?;
        let programme = self.programme((party != EVERYBODY).then_some(party));
        let (down, up) = (programme.reach(false)?, programme.reach(true)?);
        Ok((down.by, up.by))
    }

    fn programme(&self, known: Option<usize>) -> Programme<'_> {
        let known = known.and_then(|party| self.sector.insiders.get(party - 1));
        Programme {
            floors: &self.sector.floors,
            lines: &self.sector.lines,
            objective: self.own,
            known: known.map(Vec::as_slice),
            whole: self.sector.whole,
            network: self.sector.network,
        }
    }

    /// A deviation as far as the level, which somebody does not notice, and few of those who are open.
    fn seek(
        &mut self,
        upwards: bool,
        level: f64,
        known: Option<usize>,
        open: &[usize],
    ) -> Result<Sought, Unbracketed> {
        let mut costs = self.costs(open);
        for attempt in 0..TRIES_MAX {
            self.work.spend(&self.sector.floors, &self.sector.lines)?;
            let programme = self.programme(known);
            let wanted = Level {
                upwards,
                by: if self.sector.whole {
                    level
                } else {
                    level * (1.0 - TOLERANCE / 2.0)
                },
                costs: &costs,
            };
            let Some(amounts) = programme.least(wanted)? else {
                return Ok(Sought::None);
            };
            if let Some(deviation) = self.whole(amounts) {
                return Ok(Sought::Found(deviation));
            }
            if !self.sector.whole {
                return Ok(Sought::NotWhole);
            }
            // Other costs lead to another vertex.
            for (place, cost) in (1_u32..).zip(&mut costs) {
                let spread = f64::from(place.wrapping_mul(2_654_435_761) >> 16) / 65_536.0;
                *cost *= 1.0 + spread * real(attempt + 1);
            }
        }
        Ok(Sought::NotWhole)
    }

    /// The deviation by these amounts, taken as many times over as makes counts whole.
    fn whole(&self, amounts: Vec<f64>) -> Option<Deviation> {
        if !self.sector.whole {
            return self.sector.checked(&amounts);
        }
        (1..=MULTIPLES_MAX).find_map(|multiple| {
            let times = f64::from(multiple);
            let off = |amount: &f64| (amount * times - (amount * times).round()).abs();
            if amounts.iter().any(|amount| off(amount) > TOLERANCE) {
                return None;
            }
            let whole: Vec<f64> = amounts.iter().map(|a| (a * times).round()).collect();
            self.sector.checked(&whole)
        })
    }

    /// What it costs to move each unknown: dear is what an open insider knows.
    fn costs(&self, open: &[usize]) -> Vec<f64> {
        let mut costs = vec![UNNOTICED_COST; self.sector.floors.len()];
        for party in open.iter().filter(|party| **party != EVERYBODY) {
            let known = self.sector.insiders.get(party - 1);
            for place in known.into_iter().flatten() {
                if let Some(cost) = costs.get_mut(*place as usize) {
                    *cost = 1.0;
                }
            }
        }
        costs
    }

    /// Takes a deviation into what is reached, for all who would not notice it.
    fn learn(&mut self, deviation: &Deviation) {
        let (down, up) = deviation.reach(self.own);
        if down <= 0.0 && up <= 0.0 {
            return;
        }
        for (party, reached) in self.reached.iter_mut().enumerate() {
            if party != EVERYBODY && deviation.is_noticed(party - 1) {
                continue;
            }
            if let Some((so_down, so_up)) = reached {
                (*so_down, *so_up) = (so_down.max(down), so_up.max(up));
            }
        }
    }

    fn reached(&self, party: usize) -> Option<(f64, f64)> {
        self.reached.get(party).copied().flatten()
    }

    fn is_met(&self, party: usize, upwards: bool, level: f64) -> bool {
        self.reached(party).is_none_or(|(down, up)| {
            let reach = match self.asked {
                Asked::Width(_) => down + up,
                Asked::Ways { .. } if upwards => up,
                Asked::Ways { .. } => down,
            };
            reach >= level * (1.0 - TOLERANCE)
        })
    }

    fn open(&self, upwards: bool, level: f64, given_up: &[usize]) -> Vec<usize> {
        let parties = 0..self.reached.len();
        parties
            .filter(|party| !given_up.contains(party) && !self.is_met(*party, upwards, level))
            .collect()
    }
}

fn real(attempt: usize) -> f64 {
    crate::rules::real(attempt as u64)
}
