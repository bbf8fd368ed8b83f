//! The quorum policy: which witnesses there are, and how many of them make a checkpoint count as witnessed.
//!
//! A TOML file, in the spirit of C2SP tlog-policy:
//!
//! ```toml
//! quorum = "authorities"        # a group, or a single witness
//! grade_from = "important"      # releases from resources of this grade or above wait for the quorum; absent: none does
//! wait_seconds_max = 3600       # how long such a release waits before its output is withheld
//!
//! [[witness]]
//! name = "cyberspace"           # a name in this file
//! key = "witness.example/cyberspace+7c43b2f8+BAmQ…"   # its verifier key, signature type 4
//! address = "https://witness.example/cyberspace"      # its submission prefix
//! outside = true                # run by neither the bureau nor the operator of the host
//!
//! [[group]]
//! name = "authorities"
//! threshold = 2                 # that many of the members, or "any", or "all"
//! members = ["bureau", "cyberspace", "audit"]   # witnesses, or groups that stand above
//! ```
//!
//! Beside the rule of the file one rule always holds: of the witnesses that make the quorum, one at least is outside.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use thiserror::Error;
use yunei_model::{Grade, Name};

use crate::{LedgerError, WitnessKey};

/// Witnesses of one policy at most.
pub const WITNESSES_MAX: usize = 32;
/// Groups of one policy at most.
pub const GROUPS_MAX: usize = 32;
/// Bytes of a policy file at most.
pub const POLICY_BYTES_MAX: usize = 64 << 10;
/// Seconds that a release waits for the quorum, unless the policy says otherwise.
const WAIT_SECONDS_DEFAULT: u64 = 3600;
/// Seconds that a policy may let a release wait: a week.
const WAIT_SECONDS_MAX: u64 = 604_800;

/// Why a quorum policy cannot be used.
#[derive(Debug, Error)]
pub enum QuorumError {
    /// Too long.
    #[error("a quorum policy has at most {POLICY_BYTES_MAX} bytes")]
    TooLong,
    /// Not TOML, or not of this shape.
    #[error("it is no quorum policy: {detail}")]
    Shape {
        /// What the parser said.
        detail: String,
    },
    /// Too many, or none.
    #[error("a quorum policy has 1 to {WITNESSES_MAX} witnesses and at most {GROUPS_MAX} groups")]
    Count,
    /// A key that is none.
    #[error("the key of witness `{witness}` cannot be used")]
    Key {
        /// The witness.
        witness: Name,
        /// What is wrong.
        #[source]
        source: LedgerError,
    },
    /// A name, a key or a member that stands twice.
    #[error("`{name}` stands twice")]
    Twice {
        /// What.
        name: String,
    },
    /// A name that no line above gives.
    #[error("`{name}` is named before it stands, or not at all")]
    Unknown {
        /// The name.
        name: Name,
    },
    /// A threshold that is not from 1 to the number of members.
    #[error("the threshold of group `{group}` is not from 1 to the number of its members")]
    Threshold {
        /// The group.
        group: Name,
    },
    /// Nobody outside.
    #[error(
        "no witness of the quorum is outside bureau and host operator: such a quorum is never reached"
    )]
    NobodyOutside,
    /// A wait that is too short or too long.
    #[error("`wait_seconds_max` is from 1 to {WAIT_SECONDS_MAX}")]
    Wait,
}

/// One witness, as the policy names it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Witness {
    /// Name in the policy.
    pub name: Name,
    /// Key.
    pub key: WitnessKey,
    /// Submission prefix, as it is written.
    pub address: String,
    /// Run by neither the bureau nor the operator of the host.
    pub outside: bool,
}

/// A quorum policy that was checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Quorum {
    witnesses: Vec<Witness>,
    groups: BTreeMap<Name, Group>,
    rule: Name,
    counted: BTreeSet<Name>,
    needed: usize,
    grade_from: Option<Grade>,
    wait_seconds_max: u64,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Group {
    threshold: usize,
    members: Vec<Name>,
}

/// How far a checkpoint is witnessed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct QuorumStatus {
    /// Witnesses of the quorum whose cosignatures hold.
    pub valid: usize,
    /// Witnesses that the quorum is made from.
    pub known: usize,
    /// The fewest witnesses that make it.
    pub needed: usize,
    /// Whether one of the valid ones is outside.
    pub outside: bool,
    /// Whether the quorum is reached.
    pub reached: bool,
    /// When each valid one was made, in seconds since 1970.
    pub at_seconds: BTreeMap<Name, u64>,
    /// Witnesses with a line that does not hold.
    pub forged: BTreeSet<Name>,
}

impl QuorumStatus {
    /// The newest cosignature's time in seconds since 1970.
    #[must_use]
    pub fn newest_seconds(&self) -> Option<u64> {
        self.at_seconds.values().max().copied()
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    quorum: Name,
    #[serde(default)]
    grade_from: Option<Grade>,
    #[serde(default)]
    wait_seconds_max: Option<u64>,
    #[serde(default)]
    witness: Vec<WitnessLine>,
    #[serde(default)]
    group: Vec<GroupLine>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WitnessLine {
    name: Name,
    key: String,
    address: String,
    #[serde(default)]
    outside: bool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct GroupLine {
    name: Name,
    threshold: Threshold,
    members: Vec<Name>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Threshold {
    Number(usize),
    Word(Word),
}

#[derive(Deserialize)]
#[serde(rename_all = "lowercase")]
enum Word {
    Any,
    All,
}

impl Quorum {
    /// Reads a policy and checks that it can be reached.
    ///
    /// # Errors
    /// [`QuorumError`].
    pub fn parse(text: &str) -> Result<Self, QuorumError> {
        if text.len() > POLICY_BYTES_MAX {
            return Err(QuorumError::TooLong);
        }
        let file: File = toml::from_str(text).map_err(|error| QuorumError::Shape {
            detail: error.message().to_owned(),
        })?;
        if file.witness.is_empty()
            || file.witness.len() > WITNESSES_MAX
            || file.group.len() > GROUPS_MAX
        {
            return Err(QuorumError::Count);
        }
        let wait_seconds_max = file.wait_seconds_max.unwrap_or(WAIT_SECONDS_DEFAULT);
        if !(1..=WAIT_SECONDS_MAX).contains(&wait_seconds_max) {
            return Err(QuorumError::Wait);
        }
        let witnesses = witnesses(file.witness)?;
        // Of each name so far: the fewest witnesses that it takes, and which they can be.
        let mut known: BTreeMap<Name, (usize, BTreeSet<Name>)> = witnesses
            .iter()
            .map(|witness| {
                (
                    witness.name.clone(),
                    (1, BTreeSet::from([witness.name.clone()])),
                )
            })
            .collect();
        let groups = groups(file.group, &mut known)?;
        let (needed, counted) = known.remove(&file.quorum).ok_or(QuorumError::Unknown {
            name: file.quorum.clone(),
        })?;
        let outside = |witness: &&Witness| witness.outside && counted.contains(&witness.name);
        if !witnesses.iter().any(|witness| outside(&witness)) {
            return Err(QuorumError::NobodyOutside);
        }
        Ok(Self {
            witnesses,
            groups,
            rule: file.quorum,
            counted,
            needed,
            grade_from: file.grade_from,
            wait_seconds_max,
        })
    }

    /// Every witness, those too that the quorum does not count.
    #[must_use]
    pub fn witnesses(&self) -> &[Witness] {
        &self.witnesses
    }

    /// Whether the quorum counts the witness of that name.
    #[must_use]
    pub fn counts(&self, witness: &Name) -> bool {
        self.counted.contains(witness)
    }

    /// The fewest witnesses that make the quorum.
    #[must_use]
    pub const fn needed(&self) -> usize {
        self.needed
    }

    /// Witnesses that the quorum is made from.
    #[must_use]
    pub fn known(&self) -> usize {
        self.counted.len()
    }

    /// Whether releases from resources of `grade` wait for the quorum.
    #[must_use]
    pub fn guards(&self, grade: Grade) -> bool {
        self.grade_from.is_some_and(|from| grade >= from)
    }

    /// The grade from which releases wait for the quorum, if any does.
    #[must_use]
    pub const fn grade_from(&self) -> Option<Grade> {
        self.grade_from
    }

    /// Seconds that a release waits for the quorum before its output is withheld.
    #[must_use]
    pub const fn wait_seconds_max(&self) -> u64 {
        self.wait_seconds_max
    }

    /// How far a checkpoint is witnessed: every cosignature on it is verified. Whether the log signed it is for
    /// [`crate::Checkpoint::open`] to say.
    #[must_use]
    pub fn status(&self, note: &[u8]) -> QuorumStatus {
        let mut at_seconds = BTreeMap::new();
        let mut forged = BTreeSet::new();
        let mut outside = false;
        for witness in self.witnesses.iter().filter(|w| self.counts(&w.name)) {
            match witness.key.cosignature(note) {
                Ok(Some(cosignature)) => {
                    at_seconds.insert(witness.name.clone(), cosignature.at_seconds);
                    outside |= witness.outside;
                }
                Ok(None) => {}
                Err(_) => {
                    forged.insert(witness.name.clone());
                }
            }
        }
        let reached = outside && self.witnessed(&self.rule, &at_seconds);
        QuorumStatus {
            valid: at_seconds.len(),
            known: self.counted.len(),
            needed: self.needed,
            outside,
            reached,
            at_seconds,
            forged,
        }
    }

    /// Whether a witness or group counts as having witnessed. A group names only what stands above it, so this ends.
    fn witnessed(&self, name: &Name, valid: &BTreeMap<Name, u64>) -> bool {
        match self.groups.get(name) {
            None => valid.contains_key(name),
            Some(group) => {
                let members = group.members.iter();
                members
                    .filter(|member| self.witnessed(member, valid))
                    .count()
                    >= group.threshold
            }
        }
    }
}

fn witnesses(lines: Vec<WitnessLine>) -> Result<Vec<Witness>, QuorumError> {
    let mut names = BTreeSet::new();
    let mut keys = BTreeSet::new();
    let mut witnesses = Vec::with_capacity(lines.len());
    for line in lines {
        let key = WitnessKey::parse(&line.key).map_err(|source| QuorumError::Key {
            witness: line.name.clone(),
            source,
        })?;
        if !names.insert(line.name.clone()) || !keys.insert(key.bytes()) {
            return Err(QuorumError::Twice {
                name: line.name.to_string(),
            });
        }
        witnesses.push(Witness {
            name: line.name,
            key,
            address: line.address,
            outside: line.outside,
        });
    }
    Ok(witnesses)
}

fn groups(
    lines: Vec<GroupLine>,
    known: &mut BTreeMap<Name, (usize, BTreeSet<Name>)>,
) -> Result<BTreeMap<Name, Group>, QuorumError> {
    let mut groups = BTreeMap::new();
    let mut members_so_far = BTreeSet::new();
    for line in lines {
        let mut fewest = Vec::new();
        let mut counted = BTreeSet::new();
        for member in &line.members {
            let (needed, witnesses) = known.get(member).ok_or_else(|| QuorumError::Unknown {
                name: member.clone(),
            })?;
            // Each name is a member once, so that a witness counts in one way only.
            if !members_so_far.insert(member.clone()) {
                return Err(QuorumError::Twice {
                    name: member.to_string(),
                });
            }
            fewest.push(*needed);
            counted.extend(witnesses.iter().cloned());
        }
        let threshold = match line.threshold {
            Threshold::Number(number) => number,
            Threshold::Word(Word::Any) => 1,
            Threshold::Word(Word::All) => line.members.len(),
        };
        if !(1..=line.members.len()).contains(&threshold) {
            return Err(QuorumError::Threshold { group: line.name });
        }
        fewest.sort_unstable();
        let needed = fewest.iter().take(threshold).sum();
        if known.insert(line.name.clone(), (needed, counted)).is_some() {
            return Err(QuorumError::Twice {
                name: line.name.to_string(),
            });
        }
        let group = Group {
            threshold,
            members: line.members,
        };
        groups.insert(line.name, group);
    }
    Ok(groups)
}

#[cfg(test)]
mod tests;
