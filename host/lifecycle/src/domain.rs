//! The domain: everything that the stages work with, put together once.

use std::collections::{BTreeMap, HashMap};
use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use cap_std::fs::Dir;
use tokio::sync::{Notify, OnceCell, watch};
use yunei_authority::Authority;
use yunei_catalog::Vault;
use yunei_disclosure::Profile;
use yunei_ledger::SigningKey;
use yunei_model::{AccountId, Clock, IdSource, Limits, RunId};
use yunei_rooms::{Probed, RunningRooms};
use yunei_sandbox::{ArtefactKey, Compiler};
use yunei_store::Store;
use yunei_telemetry::metrics::Metrics;

use crate::measure::Meter;
use crate::outbox::Outbox;
use crate::publish::Shelf;
use crate::stream::Stream;
use crate::witnessing::Witnessing;
use crate::{KeyStore, LifecycleError};

/// What a domain is opened with.
pub struct Settings {
    /// The data directory, as a capability.
    pub data: Dir,
    /// Its path, for the store alone (SQLite opens its own file).
    pub data_path: PathBuf,
    /// The program that the rooms and the compiling child are started from: this binary.
    pub program: PathBuf,
    /// The policies.
    pub authority: Authority,
    /// The disclosure profile, as its file says.
    pub profile: String,
    /// The transparency log's name.
    pub log_name: String,
    /// The quorum policy of the log's witnesses, as its file says; none means no witnesses.
    pub witnesses: Option<String>,
    /// Time between two published checkpoints of the log; more than [`crate::CADENCE_MAX`] counts as that.
    pub cadence: Duration,
    /// Limits of runs.
    pub limits: Limits,
    /// Keys.
    pub keys: Arc<dyn KeyStore>,
    /// Time.
    pub clock: Arc<dyn Clock>,
    /// Ids.
    pub ids: Arc<dyn IdSource>,
}

/// The authorized operation domain.
pub struct Domain {
    pub(crate) store: Store,
    pub(crate) authority: Authority,
    pub(crate) vault: Vault,
    pub(crate) compiler: Compiler,
    pub(crate) keys: Arc<dyn KeyStore>,
    pub(crate) artefact_key: ArtefactKey,
    pub(crate) log_key: SigningKey,
    pub(crate) data: Dir,
    pub(crate) incoming: Dir,
    pub(crate) components: Dir,
    pub(crate) artefacts: Dir,
    pub(crate) sealed: Dir,
    pub(crate) shelf: Shelf,
    pub(crate) cadence: Duration,
    pub(crate) program: PathBuf,
    pub(crate) profile: Profile,
    pub(crate) profile_text: String,
    pub(crate) limits: Limits,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) ids: Arc<dyn IdSource>,
    pub(crate) decoy_hash: String,
    pub(crate) decoy_account: AccountId,
    /// Rooms that are up now, to be killed when their grant ends.
    pub(crate) running: Mutex<HashMap<RunId, RunningRooms>>,
    /// Runs that an earlier process left sealed and waiting for witnesses, until somebody leads them on.
    pub(crate) left_waiting: Mutex<Vec<RunId>>,
    /// Rules over the record, and where their alerts are sent.
    pub(crate) alerting: crate::Alerting,
    /// Held by the one replay that is under way.
    pub(crate) replaying: tokio::sync::Mutex<()>,
    /// Held while an output that waits for people is judged anew: one at a time.
    pub(crate) judging_anew: tokio::sync::Mutex<()>,
    /// Held while an output is judged anew that an earlier process left waiting for witnesses: one at a time. Taken before the former, never
    /// after it.
    pub(crate) judging_again: tokio::sync::Mutex<()>,
    /// The rooms of that replay.
    pub(crate) replay_rooms: Mutex<Option<RunningRooms>>,
    /// Layers that a room gets here, once somebody asked.
    pub(crate) probed: OnceCell<Probed>,
    /// Something was queued.
    pub(crate) queued: Notify,
    /// Something may be due by a schedule.
    pub(crate) scheduled: Notify,
    /// Something was recorded.
    pub(crate) recorded: Notify,
    /// Somebody waits for a checkpoint.
    pub(crate) awaited: Notify,
    /// The live stream.
    pub(crate) stream: Stream,
    /// Entries under the newest signed checkpoint.
    pub(crate) checkpointed: watch::Sender<u64>,
    /// The log's witnesses, if there is a quorum policy.
    pub(crate) witnessing: Option<Witnessing>,
    /// How the collectors' outboxes stand, by name.
    pub(crate) outboxes: Mutex<BTreeMap<String, Outbox>>,
    pub(crate) metrics: Metrics,
    pub(crate) meter: tokio::sync::Mutex<Meter>,
}

/// A directory of the data directory; made if it is missing.
fn directory(data: &Dir, name: &str) -> Result<Dir, LifecycleError> {
    data.create_dir_all(name)
        .map_err(LifecycleError::data("to make a directory"))?;
    data.open_dir(name)
        .map_err(LifecycleError::data("to open a directory"))
}

impl Domain {
    /// Opens the domain over its data directory; makes what is missing.
    ///
    /// # Errors
    /// [`LifecycleError`] when another server has the directory, or something in it cannot be used.
    pub async fn open(settings: Settings) -> Result<Self, LifecycleError> {
        let store = Store::open(&settings.data_path).await?;
        let directory = |name| directory(&settings.data, name);
        let profile = Profile::parse(&settings.profile).map_err(|e| LifecycleError::Policy {
            detail: e.to_string(),
        })?;
        let artefact_key = ArtefactKey::from_bytes(*settings.keys.artefact_key()?);
        let log_key =
            SigningKey::from_seed(&settings.log_name, &*settings.keys.log_signing_seed()?)?;
        let covered = store.newest_checkpoint().await?.map_or(0, |c| c.size);
        let witnessing = match &settings.witnesses {
            Some(policy) => Some(Witnessing::open(policy, &store, settings.clock.now()).await?),
            None => None,
        };
        let newest = store.newest_position().await?;
        let decoy_ids = Arc::clone(&settings.ids);
        let vault = Vault::new(directory("parts")?);
        vault.discard_unfinished()?;
        let metrics = Metrics::default();
        let meter = Meter::start(&store, &metrics, &profile).await?;
        let domain = Self {
            vault,
            incoming: directory("incoming")?,
            components: directory("components")?,
            artefacts: directory("artefacts")?,
            sealed: directory("sealed")?,
            shelf: Shelf::new(directory("log")?, directory("log-unfinished")?),
            cadence: settings.cadence.min(crate::CADENCE_MAX),
            store,
            authority: settings.authority,
            compiler: Compiler::new(settings.program.clone()),
            keys: settings.keys,
            artefact_key,
            log_key,
            data: settings.data,
            program: settings.program,
            profile,
            profile_text: settings.profile,
            limits: settings.limits,
            clock: settings.clock,
            ids: settings.ids,
            decoy_hash: crate::sign_in::hash("a password that nobody has")?,
            decoy_account: AccountId::new(&*decoy_ids),
            running: Mutex::new(HashMap::new()),
            left_waiting: Mutex::default(),
            alerting: crate::Alerting::default(),
            replaying: tokio::sync::Mutex::new(()),
            judging_anew: tokio::sync::Mutex::new(()),
            judging_again: tokio::sync::Mutex::new(()),
            replay_rooms: Mutex::new(None),
            probed: OnceCell::new(),
            queued: Notify::new(),
            scheduled: Notify::new(),
            recorded: Notify::new(),
            awaited: Notify::new(),
            stream: Stream::after(newest),
            checkpointed: watch::Sender::new(covered),
            witnessing,
            outboxes: Mutex::default(),
            metrics,
            meter: tokio::sync::Mutex::new(meter),
        };
        domain.list_exact_releases().await?;
        Ok(domain)
    }

    /// Where uploads are kept until they are imported.
    #[must_use]
    pub fn incoming_dir(&self) -> &Dir {
        &self.incoming
    }

    /// The clock.
    #[must_use]
    pub fn clock(&self) -> &dyn Clock {
        &*self.clock
    }

    /// The source of ids.
    #[must_use]
    pub fn ids(&self) -> &dyn IdSource {
        &*self.ids
    }

    /// The disclosure profile in force.
    #[must_use]
    pub const fn profile(&self) -> &Profile {
        &self.profile
    }

    /// Waits until something may be queued.
    pub async fn queued(&self) {
        self.queued.notified().await;
    }

    /// Kills the rooms of a run, if they are up.
    pub(crate) fn kill_rooms(&self, run: RunId) {
        let running = self
            .running
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner);
        if let Some(rooms) = running.get(&run) {
            rooms.kill();
        }
    }

    /// Kills the rooms of the replay that is under way, if there is one.
    pub(crate) fn kill_replay(&self) {
        let rooms = self
            .replay_rooms
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner);
        if let Some(rooms) = rooms.as_ref() {
            rooms.kill();
        }
    }

    /// Kills all rooms, says so on the record, and closes the store.
    ///
    /// # Errors
    /// A record that cannot be written.
    pub async fn shut_down(&self) -> Result<(), LifecycleError> {
        {
            let running = self
                .running
                .lock()
                .unwrap_or_else(std::sync::PoisonError::into_inner);
            for rooms in running.values() {
                rooms.kill();
            }
        }
        self.kill_replay();
        self.record_alone(yunei_ledger::Draft::new(yunei_ledger::Kind::SystemStopped))
            .await?;
        self.sequence_now().await?;
        self.publish_now().await?;
        self.store.close().await;
        Ok(())
    }
}
