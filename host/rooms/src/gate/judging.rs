//! The judgement of a run's outputs: each by itself, then together with what left before.

use std::os::fd::OwnedFd;

use tokio::runtime::Runtime;
use yunei_disclosure::Profile;
use yunei_model::{Name, Table, Verdict};

use super::compute::Seen;
use super::parts::Parts;
use super::{
    Judged, beyond, compute, earlier, failed, private, reviewed, revision, sizes, undecided,
};
use crate::{GatePlan, OutputPlan, RoomError};

/// Why people decide about a fact of one subject in several cells.
const FACT_TWICE: &str =
    "it sums a fact about the data subject, and somebody is in several of its cells";

/// A verdict with its table where it may leave, and what was seen of its rows.
type Alone = (Verdict, Option<Table>, Seen);

/// A judgement under way.
pub struct Judging<'a> {
    plan: &'a GatePlan,
    profile: Profile,
    /// None on route *private*, which takes its descriptors itself.
    parts: Option<Parts<'a>>,
    /// What was judged ahead, by output.
    ahead: Vec<Option<Alone>>,
}

impl<'a> Judging<'a> {
    /// Takes the descriptors of the views.
    pub fn begin(
        plan: &'a GatePlan,
        descriptors: &mut impl Iterator<Item = OwnedFd>,
    ) -> Result<Self, RoomError> {
        let parts = match plan.private {
            Some(_) => None,
            None => Some(Parts::take(plan, descriptors)?),
        };
        Ok(Self {
            plan,
            profile: Profile::parse(&plan.profile).map_err(|e| failed(&e))?,
            parts,
            ahead: plan.outputs.iter().map(|_| None).collect(),
        })
    }

    /// Judges by themselves the outputs that nothing of the module's goes into.
    ///
    /// INVARIANT: noise is drawn once for a run, and only over an output that is sealed: route *private* has nothing ahead.
    pub fn ahead(&mut self, runtime: &Runtime) -> Result<(), RoomError> {
        if self.plan.private.is_some() {
            return Ok(());
        }
        for (index, output) in self.plan.outputs.iter().enumerate() {
            if is_of_snapshot_alone(output) {
                let judged = self.alone(index, output, &[], runtime)?;
                if let Some(place) = self.ahead.get_mut(index) {
                    *place = Some(judged);
                }
            }
        }
        Ok(())
    }

    /// Judges what is left, and all outputs together with what left before. Says too in which a decoy was seen.
    pub fn finish(
        mut self,
        plaintext: &[u8],
        descriptors: &mut impl Iterator<Item = OwnedFd>,
        runtime: &Runtime,
    ) -> Result<(Judged, Vec<Name>), RoomError> {
        let plan = self.plan;
        if let Some(private) = &plan.private {
            let profile = &self.profile;
            let judged = private::output(plan, private, profile, plaintext, descriptors, runtime)?;
            return Ok((vec![judged], Vec::new()));
        }
        let mut outputs: Judged = Vec::new();
        let (mut decoys, mut facts_twice) = (Vec::new(), Vec::new());
        for (index, output) in plan.outputs.iter().enumerate() {
            let ahead = self.ahead.get_mut(index).and_then(Option::take);
            let (verdict, table, seen) = match ahead {
                Some(judged) => judged,
                None => self.alone(index, output, plaintext, runtime)?,
            };
            if seen.decoy {
                decoys.push(output.name.clone());
            }
            facts_twice.push(seen.fact_twice);
            outputs.push((verdict, table));
        }
        let (profile, mut parts) = (self.profile, self.parts);
        if let Some(parts) = &mut parts {
            // Two tables about the same rows can give each other's blank cells back, and each was audited alone.
            earlier::hold(plan, &profile, &mut outputs, parts, plaintext, runtime)?;
        }
        for ((verdict, _), fact_twice) in outputs.iter_mut().zip(facts_twice) {
            if fact_twice {
                earlier::review(verdict, FACT_TWICE.to_owned());
            }
        }
        revision::hold(plan, &profile, &mut outputs, descriptors, runtime)?;
        sizes::tell(plan, &profile, &mut outputs, descriptors, runtime)?;
        Ok((outputs, decoys))
    }

    /// Judges one output by itself.
    fn alone(
        &mut self,
        index: usize,
        output: &OutputPlan,
        plaintext: &[u8],
        runtime: &Runtime,
    ) -> Result<Alone, RoomError> {
        match self.try_alone(index, output, plaintext, runtime) {
            Err(RoomError::Beyond { detail }) => {
                Ok((beyond(output, &self.profile, detail), None, Seen::default()))
            }
            judged => judged,
        }
    }

    fn try_alone(
        &mut self,
        index: usize,
        output: &OutputPlan,
        plaintext: &[u8],
        runtime: &Runtime,
    ) -> Result<Alone, RoomError> {
        let (plan, profile) = (self.plan, &self.profile);
        let (Some(view), Some(parts)) = (output.view, &mut self.parts) else {
            return Ok((undecided(output, profile), None, Seen::default()));
        };
        let (views, name) = parts.open(view)?;
        let judged = reviewed::output(plan, output, profile, &views, name, plaintext, runtime)?;
        if let Some((verdict, table)) = judged {
            return Ok((verdict, table, Seen::default()));
        }
        let earlier = plan.audit.earlier.get(index);
        let repeats = earlier.and_then(|earlier| earlier.repeats.as_ref());
        compute::output(
            plan, output, profile, &views, name, plaintext, repeats, runtime,
        )
    }
}

/// Whether the judgement of an output reads the snapshot and nothing that the module wrote.
const fn is_of_snapshot_alone(output: &OutputPlan) -> bool {
    !output.derived && output.own.is_empty() && !output.look
}
