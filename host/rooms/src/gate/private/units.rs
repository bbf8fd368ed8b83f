//! Who contributes as one: the data subjects of the snapshots in the order of the records, and the groups that merge them.
//!
//! INVARIANT: the group of a subject follows from the subject's own rows alone, so that rows of one unit never move another subject from unit
//! to unit: what one unit may change stays what `yunei_privacy::Tally` bounds for one.

use std::collections::{BTreeMap, HashMap};
use std::os::fd::OwnedFd;

use arrow::array::ArrayRef;
use futures::StreamExt;
use tokio::runtime::Runtime;
use yunei_catalog::ViewPlan;
use yunei_disclosure::SubjectKey;
use yunei_privacy::UnitKey;

use crate::RoomError;
use crate::feed::open_views;
use crate::gate::coding::{groups, subjects};
use crate::gate::failed;

/// Data subjects that are told apart at most.
const SUBJECTS_MAX: usize = 1 << 28;

/// A subject or a group, kept.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
enum Key {
    Integer(i128),
    Text(String),
}

impl Key {
    fn of(key: SubjectKey<'_>) -> Option<Self> {
        match key {
            SubjectKey::Absent => None,
            SubjectKey::Integer(number) => Some(Self::Integer(number)),
            SubjectKey::Text(text) => Some(Self::Text(text.to_owned())),
        }
    }
}

/// The units of all subjects, in the order of the records: numbers by size, texts by bytes, as the feed merges tables.
#[derive(Debug)]
pub struct Units {
    /// The group of each subject, where one was named for it.
    of: Vec<Option<usize>>,
}

impl Units {
    /// Reads subject and group of every row of the views: column 0, and column 1 where `groups` says so.
    pub fn read(
        views: &[ViewPlan],
        groups: &[bool],
        descriptors: &mut impl Iterator<Item = OwnedFd>,
        runtime: &Runtime,
    ) -> Result<Self, RoomError> {
        let mut known = Groups::default();
        let mut merged: Option<BTreeMap<Key, Option<usize>>> = None;
        let mut alone = Vec::new();
        for (view, grouped) in views.iter().zip(groups) {
            let table = Table {
                view,
                grouped: *grouped,
                kept: views.len() > 1,
            };
            let runs = table.read(&mut known, descriptors, runtime)?;
            if views.len() == 1 {
                alone = runs.into_iter().map(|run| run.group).collect();
                continue;
            }
            let merged = merged.get_or_insert_default();
            for run in runs {
                let Some(key) = run.key else {
                    continue;
                };
                let held = merged.entry(key).or_default();
                *held = known.least(*held, run.group);
            }
        }
        let of = merged.map_or(alone, |merged| merged.into_values().collect());
        Ok(Self { of })
    }

    /// How many subjects there are.
    pub const fn subjects(&self) -> usize {
        self.of.len()
    }

    /// What the subject of that number contributes as.
    pub fn of(&self, subject: usize) -> Option<UnitKey> {
        let group = self.of.get(subject)?;
        Some(group.map_or(UnitKey::Subject, |group| UnitKey::Group(group as u64)))
    }
}

/// The rows of one subject in one table.
struct Run {
    key: Option<Key>,
    group: Option<usize>,
}

struct Table<'a> {
    view: &'a ViewPlan,
    grouped: bool,
    /// Whether subjects are to be merged with those of other tables.
    kept: bool,
}

impl Table<'_> {
    fn read(
        &self,
        known: &mut Groups,
        descriptors: &mut impl Iterator<Item = OwnedFd>,
        runtime: &Runtime,
    ) -> Result<Vec<Run>, RoomError> {
        let views = open_views(std::slice::from_ref(self.view), descriptors)?;
        let columns: Vec<usize> = (0..=usize::from(self.grouped)).collect();
        let mut stream = views
            .scan(&self.view.name, &columns)
            .map_err(|e| failed(&e))?;
        let mut runs: Vec<Run> = Vec::new();
        let mut last: Option<Key> = None;
        while let Some(batch) = runtime.block_on(stream.next()) {
            let batch = batch.map_err(|e| failed(&e))?;
            let groups = if self.grouped {
                groups(column(&batch, 1)?)?
            } else {
                Vec::new()
            };
            let mut row = 0;
            for rows in subjects(column(&batch, 0)?)? {
                let missing = || RoomError::protocol("a row without its data subject");
                self.begin(Key::of(rows.key).ok_or_else(missing)?, &mut last, &mut runs)?;
                let of_run = groups.iter().skip(row).take(rows.rows);
                for group in of_run.copied().filter_map(Key::of) {
                    let group = known.number(group);
                    if let Some(run) = runs.last_mut() {
                        run.group = known.least(run.group, Some(group));
                    }
                }
                row += rows.rows;
            }
        }
        Ok(runs)
    }

    /// Begins the run of a subject, unless it goes on from the batch before.
    fn begin(
        &self,
        subject: Key,
        last: &mut Option<Key>,
        runs: &mut Vec<Run>,
    ) -> Result<(), RoomError> {
        if last.as_ref() == Some(&subject) {
            return Ok(());
        }
        if last.as_ref().is_some_and(|last| *last > subject) {
            return Err(RoomError::protocol(
                "rows that are not sorted by data subject",
            ));
        }
        if runs.len() >= SUBJECTS_MAX {
            return Err(RoomError::protocol(
                "more data subjects than are told apart",
            ));
        }
        let key = self.kept.then(|| subject.clone());
        runs.push(Run { key, group: None });
        *last = Some(subject);
        Ok(())
    }
}

fn column(batch: &arrow::array::RecordBatch, index: usize) -> Result<&ArrayRef, RoomError> {
    let column = batch.columns().get(index);
    column.ok_or_else(|| RoomError::protocol("a column that is not there"))
}

/// Groups by name.
#[derive(Debug, Default)]
struct Groups {
    numbers: HashMap<Key, usize>,
    keys: Vec<Key>,
}

impl Groups {
    fn number(&mut self, key: Key) -> usize {
        if let Some(known) = self.numbers.get(&key) {
            return *known;
        }
        let number = self.keys.len();
        self.keys.push(key.clone());
        self.numbers.insert(key, number);
        number
    }

    /// Of two groups that a subject's rows name, the one it belongs to: by name, as numbers follow from whose rows came first. Groups are not
    /// joined over a subject of both: then one subject could join any number of them, and all their bounds with them.
    fn least(&self, one: Option<usize>, other: Option<usize>) -> Option<usize> {
        let (Some(one), Some(other)) = (one, other) else {
            return one.or(other);
        };
        let first = self.keys.get(one) <= self.keys.get(other);
        Some(if first { one } else { other })
    }
}

#[cfg(test)]
mod tests;
