//! What rooms are started from: for a claimed run, and for the replay of one.

use yunei_authority::Capability;
use yunei_model::{JoinedRows, Module, Resource, Run};
use yunei_rooms::SealKey;

use crate::keys::KeyUse;
use crate::{Domain, LifecycleError, joins};

/// All that the three rooms of a run are started from.
#[derive(Debug)]
pub(crate) struct Prepared {
    pub(crate) run: Run,
    pub(crate) module: Module,
    pub(crate) capability: Capability,
    pub(crate) resources: Vec<Resource>,
    /// Seals the output.
    pub(crate) key: SealKey,
    /// Names the output: the same for every replay of the run.
    pub(crate) digest_key: SealKey,
    /// Names the arguments of calls: the same for every replay of the run.
    pub(crate) argument_key: [u8; 32],
    pub(crate) rows_reserved: u64,
    /// The disclosure profile, as its file says.
    pub(crate) profile: String,
    /// Place of the last exact release that its outputs are held against; `None` means all that have left.
    pub(crate) audited_to: Option<u64>,
    /// Whether the gate may draw noise: once, for the run itself, and never for a replay of it.
    pub(crate) draws: bool,
}

/// Everything of [`Prepared`] that is no key.
pub(crate) struct Preparation {
    pub(crate) run: Run,
    pub(crate) module: Module,
    pub(crate) capability: Capability,
    pub(crate) resources: Vec<Resource>,
    pub(crate) rows_reserved: u64,
    pub(crate) profile: String,
    pub(crate) audited_to: Option<u64>,
    pub(crate) draws: bool,
}

impl Domain {
    /// Adds the run's evidence keys, and the key that seals its output.
    pub(crate) fn prepared(
        &self,
        preparation: Preparation,
        key: [u8; 32],
    ) -> Result<Prepared, LifecycleError> {
        let id = preparation.run.id;
        let digest_key = self.keys.evidence_key(id, KeyUse::Output)?;
        let argument_key = self.keys.evidence_key(id, KeyUse::Arguments)?;
        let tables = preparation.capability.tables().iter();
        let read: Vec<_> = tables.zip(&preparation.run.snapshots).collect();
        let resources = joins::joined(&preparation.resources, |name| {
            let (granted, snapshot) = read.iter().find(|(t, _)| t.resource() == name)?;
            Some(JoinedRows {
                snapshot: **snapshot,
                filter: granted.filter().to_vec(),
            })
        });
        Ok(Prepared {
            resources,
            run: preparation.run,
            module: preparation.module,
            capability: preparation.capability,
            key: SealKey::from_bytes(key),
            digest_key: SealKey::from_bytes(*digest_key),
            argument_key: *argument_key,
            rows_reserved: preparation.rows_reserved,
            profile: preparation.profile,
            audited_to: preparation.audited_to,
            draws: preparation.draws,
        })
    }
}
