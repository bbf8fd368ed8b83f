//! Every name that a span, an event or an attribute may have, and the shape of each attribute's values.
//!
//! Names are `yunei.*`, or stable OpenTelemetry semantic conventions
//! (<https://opentelemetry.io/docs/specs/semconv/>). What is not listed here is dropped before it is written anywhere.

/// What the values of an attribute look like. A value of another shape is dropped.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Shape {
    /// A UUID, hyphenated, lower case.
    Id,
    /// A SHA-256 digest in 64 lower-case hexadecimal digits.
    Digest,
    /// A name of the program's or the catalogue's own: ASCII letters, digits and `._:/{}@+-`, at most [`WORD_BYTES_MAX`] bytes;
    /// not a bare number, and no run of more than six digits. Also an IP address.
    Word,
    /// A whole number.
    Number,
    /// Yes or no.
    Flag,
    /// Why something failed: words only. Whatever is quoted, in backticks, numeric or not ASCII is replaced; at most [`CAUSE_BYTES_MAX`] bytes.
    Cause,
}

/// Longest value of shape [`Shape::Word`], in bytes.
pub const WORD_BYTES_MAX: usize = 128;
/// Longest value of shape [`Shape::Cause`], in bytes, after stripping.
pub const CAUSE_BYTES_MAX: usize = 512;

macro_rules! attributes {
    ($($(#[$meta:meta])* $name:ident = $text:literal, $shape:ident;)+) => {
        $($(#[$meta])* pub const $name: &str = $text;)+

        /// Every attribute, with the shape of its values.
        pub const ATTRIBUTES: &[(&str, Shape)] = &[$(($text, Shape::$shape)),+];

        /// The shape of the values of attribute `name`; nothing when there is no such attribute.
        #[must_use]
        pub fn shape(name: &str) -> Option<Shape> {
            match name { $($text => Some(Shape::$shape),)+ _ => None }
        }
    };
}

attributes! {
    /// The HTTP request's id, which the client is told too.
    REQUEST_ID = "yunei.request.id", Id;
    /// Account that acts.
    ACCOUNT_ID = "yunei.account.id", Id;
    /// Organisation that the account belongs to.
    ORGANISATION_ID = "yunei.organisation.id", Id;
    /// Operating unit that a run, grant or module belongs to.
    OPERATOR_ID = "yunei.operator.id", Id;
    /// Scenario.
    SCENARIO_ID = "yunei.scenario.id", Id;
    /// Grant.
    GRANT_ID = "yunei.grant.id", Id;
    /// Version of the grant.
    GRANT_VERSION = "yunei.grant.version", Number;
    /// Module.
    MODULE_ID = "yunei.module.id", Id;
    /// Digest of the module's component.
    MODULE_DIGEST = "yunei.module.digest", Digest;
    /// World that the module was written for.
    MODULE_WORLD = "yunei.module.world", Word;
    /// Run.
    RUN_ID = "yunei.run.id", Id;
    /// State of the run.
    RUN_STATE = "yunei.run.state", Word;
    /// Why the run ended.
    RUN_END = "yunei.run.end", Word;
    /// Release.
    RELEASE_ID = "yunei.release.id", Id;
    /// Route that an output took through the gate.
    RELEASE_ROUTE = "yunei.release.route", Word;
    /// Resource, as the catalogue names it.
    RESOURCE = "yunei.resource", Word;
    /// Snapshot.
    SNAPSHOT_ID = "yunei.snapshot.id", Id;
    /// Digest of a snapshot's part.
    PART_DIGEST = "yunei.part.digest", Digest;
    /// Stage of the lifecycle.
    STAGE = "yunei.stage", Word;
    /// Room: `feed`, `cell` or `gate`.
    ROOM = "yunei.room", Word;
    /// Layer of lock-down of a room.
    LOCKDOWN_LAYER = "yunei.lockdown.layer", Word;
    /// Whether that layer is in force.
    LOCKDOWN_IN_FORCE = "yunei.lockdown.in_force", Flag;
    /// Action that was decided on.
    ACTION = "yunei.action", Word;
    /// Decision: `allowed`, `denied`, `released`, `withheld` and so on.
    DECISION = "yunei.decision", Word;
    /// Clause (`@id` of a policy, or rule) that decided.
    CLAUSE = "yunei.clause", Word;
    /// Digest of the policy set that decided.
    POLICY_SET = "yunei.policy_set", Digest;
    /// Stable code of a refusal.
    CODE = "yunei.code", Word;
    /// What a guest asked of the host.
    CALL_KIND = "yunei.call.kind", Word;
    /// Position of the call in the run's trace.
    CALL_INDEX = "yunei.call.index", Number;
    /// Rows that crossed into a guest, or were imported. Stays in the domain.
    ROWS = "yunei.rows", Number;
    /// Bytes that crossed.
    BYTES = "yunei.bytes", Number;
    /// Batches that crossed.
    BATCHES = "yunei.batches", Number;
    /// Cells of a table before suppression.
    CELLS = "yunei.cells", Number;
    /// Cells that were suppressed.
    CELLS_SUPPRESSED = "yunei.cells.suppressed", Number;
    /// Fuel that a guest used.
    FUEL = "yunei.fuel", Number;
    /// Milliseconds that something took.
    DURATION_MS = "yunei.duration_ms", Number;
    /// Microseconds that something took.
    DURATION_US = "yunei.duration_us", Number;
    /// Limit that was met, by name.
    LIMIT = "yunei.limit", Word;
    /// What the limit allows.
    LIMIT_MAXIMUM = "yunei.limit.maximum", Number;
    /// What was asked for.
    LIMIT_REQUESTED = "yunei.limit.requested", Number;
    /// Entry of the record.
    ENTRY_ID = "yunei.entry.id", Id;
    /// Kind of the entry.
    ENTRY_KIND = "yunei.entry.kind", Word;
    /// Sequence number of the entry.
    ENTRY_INDEX = "yunei.entry.index", Number;
    /// Root of a run's trace tree.
    TRACE_ROOT = "yunei.trace.root", Digest;
    /// Size of the log under a checkpoint.
    CHECKPOINT_SIZE = "yunei.checkpoint.size", Number;
    /// Witness, as the quorum policy names it.
    WITNESS = "yunei.witness", Word;
    /// Entries, runs or rows waiting.
    BACKLOG = "yunei.backlog", Number;
    /// Milliseconds behind.
    LAG_MS = "yunei.lag_ms", Number;
    /// How often something was tried.
    ATTEMPT = "yunei.attempt", Number;
    /// How many of something an event is about.
    COUNT = "yunei.count", Number;
    /// Version of the database schema.
    SCHEMA_VERSION = "yunei.schema.version", Number;
    /// Version of the program.
    VERSION = "yunei.version", Word;
    /// Name of the service.
    SERVICE_NAME = "service.name", Word;
    /// Version of the service.
    SERVICE_VERSION = "service.version", Word;
    /// Why something failed, in words without values.
    CAUSE = "yunei.cause", Cause;
    /// Collector that spans are exported to, as the configuration names it.
    COLLECTOR = "yunei.collector", Word;
    /// Host calls that an entry commits to.
    CALLS = "yunei.calls", Number;
    /// Fields that a host call was about, as the catalogue names them.
    FIELDS = "yunei.fields", Word;
    /// Purpose of a run.
    PURPOSE = "yunei.purpose", Word;
    /// Disclosure profile that an output was held against.
    PROFILE = "yunei.profile", Word;
    /// Output of a run.
    OUTPUT = "yunei.output", Word;
    /// Who a span is exported for: `full` to supervision, `redacted` to operations.
    AUDIENCE = "yunei.audience", Word;
    /// Signal that ended a process.
    PROCESS_SIGNAL = "yunei.process.signal", Number;

    /// HTTP method.
    HTTP_METHOD = "http.request.method", Word;
    /// Route as it is registered, with its placeholders.
    HTTP_ROUTE = "http.route", Word;
    /// Status of the answer.
    HTTP_STATUS = "http.response.status_code", Number;
    /// Bytes of the request's body.
    HTTP_REQUEST_BYTES = "http.request.body.size", Number;
    /// `http` or `https`.
    URL_SCHEME = "url.scheme", Word;
    /// Address that the server listens on.
    SERVER_ADDRESS = "server.address", Word;
    /// Port that the server listens on.
    SERVER_PORT = "server.port", Number;
    /// Class of an error.
    ERROR_TYPE = "error.type", Word;
    /// Process id.
    PROCESS_ID = "process.pid", Number;
    /// Exit code of a process.
    PROCESS_EXIT_CODE = "process.exit.code", Number;
    /// Database, as the conventions name it.
    DB_SYSTEM = "db.system.name", Word;
    /// Operation on the database.
    DB_OPERATION = "db.operation.name", Word;

    /// Severity of an event (set by the tracing bridge).
    LEVEL = "level", Word;
    /// Module that an event comes from (set by the tracing bridge).
    TARGET = "target", Word;
    /// Source file (set by the tracing bridge).
    CODE_FILE = "code.file.path", Word;
    /// Line in the source file (set by the tracing bridge).
    CODE_LINE = "code.line.number", Number;
    /// Module in the source (set by the tracing bridge).
    CODE_MODULE = "code.module.name", Word;
    /// Span kind: `server`, `client`, `internal` (read by the tracing bridge).
    OTEL_KIND = "otel.kind", Word;
    /// Status of a span: `ok` or `error` (read by the tracing bridge).
    OTEL_STATUS = "otel.status_code", Word;
}

/// The attributes that operations may see: how the machinery fares. All others tell whose run it is, what it is about, or how much
/// of what it read, and go to supervision alone.
pub const OPERATIONS: &[&str] = &[
    ACTION,
    ATTEMPT,
    AUDIENCE,
    CALLS,
    CALL_INDEX,
    CALL_KIND,
    CAUSE,
    CODE,
    DECISION,
    DURATION_US,
    ENTRY_INDEX,
    ENTRY_KIND,
    ERROR_TYPE,
    PROFILE,
    RELEASE_ROUTE,
    RUN_END,
    SERVICE_NAME,
    SERVICE_VERSION,
    STAGE,
];

macro_rules! words {
    ($(#[$outer:meta])* $module:ident { $($(#[$meta:meta])* $name:ident = $text:literal;)+ }) => {
        $(#[$outer])*
        pub mod $module {
            $($(#[$meta])* pub const $name: &str = $text;)+

            /// Every one of them.
            pub const ALL: &[&str] = &[$($text),+];
        }
    };
}

words! {
    /// Names of spans.
    span {
        /// One HTTP request.
        REQUEST = "yunei.request";
        /// One stage of the lifecycle.
        STAGE = "yunei.stage";
        /// One run, from claim to end.
        RUN = "yunei.run";
        /// One room's life.
        ROOM = "yunei.room";
        /// One entry of the record that is about no run.
        ENTRY = "yunei.entry";
        /// One host call of a guest.
        HOST_CALL = "yunei.host-call";
        /// One authorization decision.
        DECIDE = "yunei.decide";
        /// One import of a resource's file.
        IMPORT = "yunei.import";
        /// One compilation of a component.
        COMPILE = "yunei.compile";
        /// One transaction of the store.
        CHANGE = "yunei.change";
        /// One verification of the record.
        VERIFY = "yunei.verify";
    }
}

words! {
    /// Names of events.
    event {
        /// The server listens.
        SERVER_STARTED = "server-started";
        /// The server stops taking requests.
        SERVER_STOPPING = "server-stopping";
        /// The server has stopped.
        SERVER_STOPPED = "server-stopped";
        /// A request was answered.
        REQUEST_ANSWERED = "request-answered";
        /// A request failed inside.
        REQUEST_FAILED = "request-failed";
        /// A decision was a refusal.
        DECISION_DENIED = "decision-denied";
        /// A part of a stage is done: which, and how long it took.
        STAGE_DONE = "stage-done";
        /// A stage failed.
        STAGE_FAILED = "stage-failed";
        /// A run was claimed.
        RUN_CLAIMED = "run-claimed";
        /// A run ended.
        RUN_ENDED = "run-ended";
        /// A run was found without an outcome at start-up, and aborted.
        RUN_ABORTED = "run-aborted";
        /// A room started.
        ROOM_STARTED = "room-started";
        /// A room ended.
        ROOM_ENDED = "room-ended";
        /// A room was killed.
        ROOM_KILLED = "room-killed";
        /// A layer of lock-down was reported.
        LOCKDOWN_REPORTED = "lockdown-reported";
        /// A snapshot was imported.
        SNAPSHOT_IMPORTED = "snapshot-imported";
        /// The database's schema was migrated.
        SCHEMA_MIGRATED = "schema-migrated";
        /// A checkpoint was signed.
        CHECKPOINT_SIGNED = "checkpoint-signed";
        /// A witness cosigned a checkpoint.
        CHECKPOINT_COSIGNED = "checkpoint-cosigned";
        /// A witness refused a checkpoint that its log had signed.
        CHECKPOINT_REFUSED = "checkpoint-refused";
        /// Cosignatures over a checkpoint make the quorum.
        QUORUM_REACHED = "quorum-reached";
        /// A witness cannot be reached, or does not do what it should.
        WITNESS_FAULT = "witness-fault";
        /// A witness is as it should be again.
        WITNESS_RECOVERED = "witness-recovered";
        /// An entry could not be put in sequence; it is tried again.
        SEQUENCE_FAILED = "sequence-failed";
        /// What is new on the record could not be read for those who follow it; it is tried again.
        STREAM_FAILED = "stream-failed";
        /// The log's files could not be written; it is tried again.
        PUBLISH_FAILED = "publish-failed";
        /// Certificates could not be gathered after the hour; it is tried again.
        GATHER_FAILED = "gather-failed";
        /// A policy could not be evaluated, which is a refusal.
        POLICY_FAILED = "policy-failed";
        /// A message to a webhook was tried as often as allowed, and is dead.
        WEBHOOK_DEAD = "webhook-dead";
        /// The record could not be written.
        RECORD_FAILED = "record-failed";
        /// The policies allowed something.
        DECISION_ALLOWED = "decision-allowed";
        /// The gate judged an output.
        OUTPUT_JUDGED = "output-judged";
        /// A collector did not take a batch; it is tried again.
        EXPORT_FAILED = "export-failed";
        /// A collector takes batches again.
        EXPORT_RESUMED = "export-resumed";
        /// A collector refused spans for good; they are set aside, and the record says so.
        EXPORT_REFUSED = "export-refused";
        /// Metrics could not be taken.
        METRICS_FAILED = "metrics-failed";
    }
}
