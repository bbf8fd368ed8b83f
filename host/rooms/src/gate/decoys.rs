//! Decoy records 诱饵: subjects that are nobody, put into a resource by its source unit, and seen where nobody should look.
//!
//! A decoy's values lie outside every registered banding, so that it counts among the rest of each dimension. A guest that brings
//! one into a named cell has looked at rows one by one. The gate knows decoys by their keyed digests alone.

use std::collections::HashSet;

use hmac::{Hmac, Mac};
use sha2::Sha256;
use yunei_disclosure::{SubjectKey, SubjectRows};

use crate::{DecoyPlan, RoomError};

/// Watches one output for decoys.
pub struct Decoys {
    mac: Hmac<Sha256>,
    digests: HashSet<[u8; 32]>,
    /// Stride and number of classes of each dimension; the last class is the rest.
    dimensions: Vec<(u32, u32)>,
    seen: bool,
}

impl Decoys {
    /// Watches for the decoys of a plan; `None` when there is none to watch for, or no dimension that could name one.
    pub fn new(
        plan: Option<&DecoyPlan>,
        dimensions: Vec<(u32, u32)>,
    ) -> Result<Option<Self>, RoomError> {
        let Some(plan) = plan.filter(|plan| !plan.digests.is_empty() && !dimensions.is_empty())
        else {
            return Ok(None);
        };
        let mac =
            <Hmac<Sha256> as Mac>::new_from_slice(&plan.key.0).map_err(RoomError::protocol)?;
        Ok(Some(Self {
            mac,
            digests: plan.digests.iter().map(|d| *d.as_bytes()).collect(),
            dimensions,
            seen: false,
        }))
    }

    /// Whether a decoy was seen in a cell that every dimension names.
    pub const fn seen(&self) -> bool {
        self.seen
    }

    /// Looks at rows: their subjects and their cells.
    pub fn look(&mut self, subjects: &[SubjectRows<'_>], cells: &[u32]) {
        let mut rest = cells;
        for subject in subjects {
            let (cells, after) = rest.split_at(subject.rows.min(rest.len()));
            rest = after;
            if self.seen {
                return;
            }
            self.seen =
                self.is_decoy(&subject.key) && cells.iter().any(|cell| self.is_named(*cell));
        }
    }

    fn is_decoy(&self, subject: &SubjectKey<'_>) -> bool {
        let digits;
        let text = match subject {
            SubjectKey::Absent => return false,
            SubjectKey::Integer(integer) => {
                digits = integer.to_string();
                digits.as_str()
            }
            SubjectKey::Text(text) => text,
        };
        let mut mac = self.mac.clone();
        mac.update(text.as_bytes());
        let digest: [u8; 32] = mac.finalize().into_bytes().into();
        self.digests.contains(&digest)
    }

    fn is_named(&self, cell: u32) -> bool {
        self.dimensions.iter().all(|(stride, classes)| {
            let code = (cell / (*stride).max(1)) % (*classes).max(1);
            code + 1 < *classes
        })
    }
}

#[cfg(test)]
mod tests {
    use hmac::{Hmac, Mac};
    use sha2::Sha256;
    use yunei_disclosure::{SubjectKey, SubjectRows};
    use yunei_model::Digest;

    use super::Decoys;
    use crate::{DecoyPlan, SealKey};

    fn plan(decoys: &[&str]) -> DecoyPlan {
        let key = [7; 32];
        let digest = |text: &&str| {
            let mut mac = <Hmac<Sha256> as Mac>::new_from_slice(&key).unwrap();
            mac.update(text.as_bytes());
            Digest::from_bytes(mac.finalize().into_bytes().into())
        };
        DecoyPlan {
            key: SealKey::from_bytes(key),
            digests: decoys.iter().map(digest).collect(),
        }
    }

    #[test]
    fn a_decoy_is_seen_in_a_named_cell_alone() {
        // Two dimensions of three classes, the last the rest: strides 3 and 1.
        let dimensions = vec![(3, 3), (1, 3)];
        let watch = || {
            Decoys::new(Some(&plan(&["nobody", "42"])), dimensions.clone())
                .unwrap()
                .unwrap()
        };
        let rest = [8, 2, 6, 5];
        let of = |key, rows| SubjectRows { key, rows };
        let mut decoys = watch();
        decoys.look(&[of(SubjectKey::Text("nobody"), 4)], &rest);
        assert!(!decoys.seen(), "the rest of any dimension names nobody");
        decoys.look(
            &[
                of(SubjectKey::Text("somebody"), 1),
                of(SubjectKey::Absent, 1),
            ],
            &[0, 0],
        );
        assert!(!decoys.seen());
        decoys.look(&[of(SubjectKey::Text("nobody"), 1)], &[4]);
        assert!(decoys.seen());
        let mut decoys = watch();
        decoys.look(&[of(SubjectKey::Integer(42), 1)], &[0]);
        assert!(decoys.seen());
    }

    #[test]
    fn nothing_is_watched_without_decoys_or_dimensions() {
        assert!(Decoys::new(None, vec![(1, 3)]).unwrap().is_none());
        assert!(
            Decoys::new(Some(&plan(&[])), vec![(1, 3)])
                .unwrap()
                .is_none()
        );
        assert!(
            Decoys::new(Some(&plan(&["a"])), Vec::new())
                .unwrap()
                .is_none()
        );
    }
}
