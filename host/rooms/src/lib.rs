//! Feed, cell and gate: three small processes that a run passes through, so that no one place has
//! untrusted code *and* more data than the grant.
//!
//! | room | has | never has |
//! |---|---|---|
//! | [`feed`] | descriptors of the granted snapshot parts, DataFusion | guest code, network, long-lived keys |
//! | [`cell`] | the pre-compiled component, granted batches from the ring | files, ungranted columns, network, keys |
//! | [`gate`] | the sealed output, the parts it must check against, the run's sealing key | guest code, network |
//!
//! Duty: the rooms' plans, their protocol with the supervisor, their lock-down, and the [`Session`]
//! through which the supervisor starts, watches and kills them.
//!
//! Invariants: a room gets everything through the one socket that is its standard input: descriptors
//! first, then its plan, and the lock is set before the plan's first effect. The supervisor holds no
//! row data: batches go from feed to cell through a memfd that it never reads.
//!
//! Never: secrets that outlive a run, the store, a path of the file system after the lock.

pub mod cell;
mod fault;
pub mod feed;
pub mod gate;
mod gate_session;
mod lockdown;
mod plan;
mod probe;
mod protocol;
mod ring;
mod room;
mod seal;
mod session;
mod wire;

pub use cell::read_contributions;
pub use fault::RoomError;
pub use gate_session::{GateSession, Judged};
pub use lockdown::{Layer, REQUIRED_LAYERS, RoomLimits, suffices};
pub use plan::{
    AuditPlan, CellPlan, CutPlan, DecoyPlan, DerivedPlan, DimensionPlan, EarlierPlan, FeedPlan,
    GateMode, GatePlan, JointPlan, KeptPlan, LinkedPlan, MeasurePlan, ModelPlan, OutputPlan,
    OwnPlan, PrivatePlan, RevisionPlan, SealKey, SealedPlan, SizesPlan, Source, SubjectsPlan,
    TablePlan, TermPlan,
};
pub use probe::{PROBE, Probed, probe, probe_here};
pub use ring::{SLOT_BYTES, SLOTS_MAX};
pub use seal::Sealer;
pub use session::{
    Ending, Event, GuestMessage, RunningRooms, SealedMessage, Session, SessionPlan, TableFiles,
};
