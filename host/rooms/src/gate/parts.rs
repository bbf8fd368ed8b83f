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
    /// Takes the descriptors of the views' parts, in the order of the plan.
    pub fn take(
        plan: &'a GatePlan,
        descriptors: &mut impl Iterator<Item = OwnedFd>,
    ) -> Result<Self, RoomError> {
        let mut views = Vec::with_capacity(plan.views.len());
        for view in &plan.views {
            let files: Result<Vec<File>, RoomError> = view
                .parts
                .iter()
                .map(|_| next_descriptor(descriptors).map(File::from))
                .collect();
            views.push(Some(files?));
        }
        Ok(Self {
            plan,
            views,
            sealed: Vec::new().into_iter(),
        })
    }

    /// Takes the sealed outputs: the last descriptors.
    pub fn take_sealed(
        &mut self,
        descriptors: &mut impl Iterator<Item = OwnedFd>,
    ) -> Result<(), RoomError> {
        let joint = self.plan.audit.joint.iter();
        let released = joint.flat_map(|joint| &joint.released);
        let sealed: Result<Vec<File>, RoomError> = released
            .filter(|released| released.sealed.is_some())
            .map(|_| next_descriptor(descriptors).map(File::from))
            .collect();
        self.sealed = sealed?.into_iter();
        Ok(())
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
