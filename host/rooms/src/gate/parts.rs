//! The descriptors that a gate was handed, by the view that they are of.

use std::fs::File;
use std::os::fd::OwnedFd;

use yunei_catalog::Views;
use yunei_model::Name;

use crate::feed::{next_descriptor, open_files};
use crate::{GatePlan, RoomError};

/// Parts of the views, and sealed outputs of earlier runs. Each is taken once.
pub struct Parts<'a> {
    plan: &'a GatePlan,
    views: Vec<Option<Vec<File>>>,
    sealed: std::vec::IntoIter<File>,
}

impl<'a> Parts<'a> {
    /// Takes the descriptors in the order of the plan: the parts of each view, then what is sealed.
    pub fn take(
        plan: &'a GatePlan,
        descriptors: &mut impl Iterator<Item = OwnedFd>,
    ) -> Result<Self, RoomError> {
        let mut views = Vec::with_capacity(plan.views.len());
        for view in &plan.views {
            let files: Result<Vec<File>, RoomError> = view
                .all_parts()
                .map(|_| next_descriptor(descriptors).map(File::from))
                .collect();
            views.push(Some(files?));
        }
        let joint = plan.audit.joint.iter().flat_map(|joint| &joint.released);
        let sealed: Result<Vec<File>, RoomError> = joint
            .filter(|released| released.sealed.is_some())
            .map(|_| next_descriptor(descriptors).map(File::from))
            .collect();
        Ok(Self {
            plan,
            views,
            sealed: sealed?.into_iter(),
        })
    }

    /// Opens a view, and tells its name.
    pub fn open(&mut self, view: usize) -> Result<(Views, &'a Name), RoomError> {
        let missing = || RoomError::protocol("a view that is not there");
        let plan = self.plan.views.get(view).ok_or_else(missing)?;
        let files = self.views.get_mut(view).and_then(Option::take);
        let views = open_files(vec![(plan.clone(), files.ok_or_else(missing)?)])?;
        Ok((views, &plan.name))
    }

    /// The next sealed output of an earlier run, in the order of the plan.
    pub fn next_sealed(&mut self) -> Result<File, RoomError> {
        self.sealed
            .next()
            .ok_or_else(|| RoomError::protocol("a sealed output is missing"))
    }
}
