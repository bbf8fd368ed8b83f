//! The order of data subjects: their rows stand together.

use std::hash::{DefaultHasher, Hash, Hasher};

use super::{AccumulateError, Arrangement, SUBJECTS_REMEMBERED_MAX};

/// The key of a data subject or of a group, as the snapshot has it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum SubjectKey<'a> {
    /// No subject is named. All such rows count as one subject: support is never overstated.
    #[default]
    Absent,
    /// An integer, date, timestamp, or the digits of a decimal.
    Integer(i128),
    /// A text.
    Text(&'a str),
}

/// A key that is kept: a text's bytes in a buffer that is used again.
#[derive(Debug, Default)]
struct Held {
    kind: Kind,
    integer: i128,
    text: String,
}

#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
enum Kind {
    #[default]
    Nothing,
    Integer,
    Text,
}

impl Held {
    #[inline]
    fn is(&self, key: SubjectKey<'_>) -> bool {
        match key {
            SubjectKey::Absent => false,
            SubjectKey::Integer(integer) => self.kind == Kind::Integer && self.integer == integer,
            SubjectKey::Text(text) => self.kind == Kind::Text && self.text == text,
        }
    }

    #[inline]
    fn hold(&mut self, key: SubjectKey<'_>) {
        match key {
            SubjectKey::Absent => {}
            SubjectKey::Integer(integer) => {
                self.kind = Kind::Integer;
                self.integer = integer;
            }
            SubjectKey::Text(text) => {
                self.kind = Kind::Text;
                self.text.clear();
                self.text.push_str(text);
            }
        }
    }

    #[inline]
    fn is_below(&self, key: SubjectKey<'_>) -> bool {
        match (self.kind, key) {
            (Kind::Nothing, _) => true,
            (Kind::Integer, SubjectKey::Integer(integer)) => self.integer < integer,
            (Kind::Text, SubjectKey::Text(text)) => self.text.as_bytes() < text.as_bytes(),
            _ => false,
        }
    }
}

/// Checks that the rows of each subject stand together.
pub(super) struct Order {
    arrangement: Arrangement,
    /// The last subject that was named: those that are not may stand anywhere, together.
    named: Held,
    /// Whether the present subject is not named.
    in_absent: bool,
    absent_seen: bool,
    fingerprints: Vec<u64>,
    subjects: u64,
}

impl Order {
    pub(super) fn new(arrangement: Arrangement) -> Self {
        Self {
            arrangement,
            named: Held::default(),
            in_absent: false,
            absent_seen: false,
            fingerprints: Vec::new(),
            subjects: 0,
        }
    }

    #[inline]
    pub(super) fn is_same(&self, key: SubjectKey<'_>) -> bool {
        match key {
            SubjectKey::Absent => self.in_absent,
            _ => !self.in_absent && self.named.is(key),
        }
    }

    #[inline]
    /// Goes on to `key`, another subject than before.
    pub(super) fn step(&mut self, key: SubjectKey<'_>) -> Result<(), AccumulateError> {
        let in_order = match (key, self.arrangement) {
            (SubjectKey::Absent, _) => !std::mem::replace(&mut self.absent_seen, true),
            (_, Arrangement::Rising) => self.named.is_below(key),
            (_, Arrangement::Grouped) => {
                self.remember(key)?;
                true
            }
        };
        if !in_order {
            return Err(AccumulateError::NotGrouped {
                subject: self.subjects,
            });
        }
        self.in_absent = key == SubjectKey::Absent;
        self.named.hold(key);
        self.subjects += 1;
        Ok(())
    }

    fn remember(&mut self, key: SubjectKey<'_>) -> Result<(), AccumulateError> {
        if self.fingerprints.len() >= SUBJECTS_REMEMBERED_MAX {
            return Err(AccumulateError::TooLarge {
                name: "subjects_remembered_max",
                limit: SUBJECTS_REMEMBERED_MAX,
                asked: SUBJECTS_REMEMBERED_MAX + 1,
            });
        }
        let mut hasher = DefaultHasher::new();
        key.hash(&mut hasher);
        self.fingerprints.push(hasher.finish());
        Ok(())
    }

    /// Whether every subject came once. Two subjects with one 64-bit fingerprint (one chance in 10⁵ for 20 million) are taken
    /// for one that came back: an error, never a miscount.
    pub(super) fn finish(&mut self) -> Result<(), AccumulateError> {
        self.fingerprints.sort_unstable();
        if self
            .fingerprints
            .windows(2)
            .any(|pair| matches!(pair, [a, b] if a == b))
        {
            return Err(AccumulateError::NotGrouped {
                subject: self.subjects,
            });
        }
        Ok(())
    }
}
