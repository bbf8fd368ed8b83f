-- Migrations append only. Types are TEXT, BIGINT and BYTEA, so that one text serves SQLite and PostgreSQL.
-- `body` is a thing as JSON; the other columns are those that queries need, written from the same thing.

CREATE TABLE organisations (
    id TEXT PRIMARY KEY,
    name TEXT NOT NULL UNIQUE,
    body TEXT NOT NULL
);

CREATE TABLE persons (
    id TEXT PRIMARY KEY,
    organisation TEXT NOT NULL REFERENCES organisations (id),
    body TEXT NOT NULL
);

CREATE TABLE accounts (
    id TEXT PRIMARY KEY,
    name TEXT NOT NULL UNIQUE,
    person TEXT NOT NULL REFERENCES persons (id),
    organisation TEXT NOT NULL REFERENCES organisations (id),
    body TEXT NOT NULL
);
CREATE INDEX accounts_person ON accounts (person);
CREATE INDEX accounts_organisation ON accounts (organisation, id);

-- Apart from accounts, so that no list of accounts ever carries one.
CREATE TABLE passwords (
    account TEXT PRIMARY KEY REFERENCES accounts (id),
    hash TEXT NOT NULL
);

CREATE TABLE tokens (
    id TEXT PRIMARY KEY,
    digest TEXT NOT NULL UNIQUE,
    account TEXT NOT NULL REFERENCES accounts (id),
    kind TEXT NOT NULL,
    expires_at BIGINT NOT NULL,
    body TEXT NOT NULL
);
CREATE INDEX tokens_account ON tokens (account, id);
CREATE INDEX tokens_expiry ON tokens (expires_at);

CREATE TABLE resources (
    id TEXT PRIMARY KEY,
    name TEXT NOT NULL UNIQUE,
    source_unit TEXT NOT NULL REFERENCES organisations (id),
    body TEXT NOT NULL
);

CREATE TABLE snapshots (
    id TEXT PRIMARY KEY,
    resource TEXT NOT NULL REFERENCES resources (id),
    data_as_of BIGINT NOT NULL,
    imported_at BIGINT NOT NULL,
    body TEXT NOT NULL
);
CREATE INDEX snapshots_newest ON snapshots (resource, data_as_of, imported_at, id);

CREATE TABLE scenarios (
    id TEXT PRIMARY KEY,
    name TEXT NOT NULL UNIQUE,
    state TEXT NOT NULL,
    body TEXT NOT NULL
);

CREATE TABLE grants (
    id TEXT NOT NULL,
    version BIGINT NOT NULL,
    state TEXT NOT NULL,
    operator TEXT NOT NULL REFERENCES organisations (id),
    scenario TEXT NOT NULL REFERENCES scenarios (id),
    valid_until BIGINT NOT NULL,
    body TEXT NOT NULL,
    PRIMARY KEY (id, version)
);
CREATE INDEX grants_operator ON grants (operator, id);
CREATE INDEX grants_state ON grants (state, valid_until);

CREATE TABLE consents (
    id TEXT PRIMARY KEY,
    grant_id TEXT NOT NULL,
    grant_version BIGINT NOT NULL,
    resource TEXT NOT NULL,
    body TEXT NOT NULL,
    UNIQUE (grant_id, grant_version, resource),
    FOREIGN KEY (grant_id, grant_version) REFERENCES grants (id, version)
);

CREATE TABLE modules (
    id TEXT PRIMARY KEY,
    digest TEXT NOT NULL,
    operator TEXT NOT NULL REFERENCES organisations (id),
    state TEXT NOT NULL,
    body TEXT NOT NULL
);
CREATE INDEX modules_digest ON modules (digest, operator);
CREATE INDEX modules_operator ON modules (operator, id);

CREATE TABLE runs (
    id TEXT PRIMARY KEY,
    operator TEXT NOT NULL REFERENCES organisations (id),
    grant_id TEXT NOT NULL,
    grant_version BIGINT NOT NULL,
    module TEXT NOT NULL REFERENCES modules (id),
    state TEXT NOT NULL,
    submitted_at BIGINT NOT NULL,
    started_at BIGINT,
    body TEXT NOT NULL,
    FOREIGN KEY (grant_id, grant_version) REFERENCES grants (id, version)
);
CREATE INDEX runs_claim ON runs (state, operator, submitted_at, id);
CREATE INDEX runs_served ON runs (operator, started_at);
CREATE INDEX runs_operator ON runs (operator, id);
CREATE INDEX runs_grant ON runs (grant_id, id);

-- The leaves of a run's trace: `facts` is the canonical JSON that the tree hashes.
CREATE TABLE calls (
    run TEXT NOT NULL REFERENCES runs (id),
    call_index BIGINT NOT NULL,
    facts TEXT NOT NULL,
    observed TEXT NOT NULL,
    PRIMARY KEY (run, call_index)
);

-- A sealed output is destroyed by taking its wrapped key away.
CREATE TABLE sealed_outputs (
    run TEXT PRIMARY KEY REFERENCES runs (id),
    digest TEXT NOT NULL,
    bytes BIGINT NOT NULL,
    file TEXT NOT NULL,
    wrapped_key BYTEA,
    destroyed_at BIGINT
);

CREATE TABLE verdicts (
    run TEXT NOT NULL REFERENCES runs (id),
    output TEXT NOT NULL,
    body TEXT NOT NULL,
    PRIMARY KEY (run, output)
);

CREATE TABLE release_reviews (
    id TEXT PRIMARY KEY,
    run TEXT NOT NULL REFERENCES runs (id),
    person TEXT NOT NULL,
    body TEXT NOT NULL,
    UNIQUE (run, person)
);

CREATE TABLE releases (
    id TEXT PRIMARY KEY,
    run TEXT NOT NULL REFERENCES runs (id),
    output TEXT NOT NULL,
    operator TEXT NOT NULL REFERENCES organisations (id),
    released_at BIGINT NOT NULL,
    body TEXT NOT NULL,
    UNIQUE (run, output)
);
CREATE INDEX releases_operator ON releases (operator, id);

CREATE TABLE deliveries (
    id TEXT PRIMARY KEY,
    release_id TEXT NOT NULL REFERENCES releases (id),
    account TEXT NOT NULL REFERENCES accounts (id),
    body TEXT NOT NULL
);
CREATE INDEX deliveries_release ON deliveries (release_id, id);

CREATE TABLE answers (
    account TEXT NOT NULL,
    idempotency_key TEXT NOT NULL,
    request_digest TEXT NOT NULL,
    response TEXT NOT NULL,
    answered_at BIGINT NOT NULL,
    PRIMARY KEY (account, idempotency_key)
);
CREATE INDEX answers_age ON answers (answered_at);

-- What each run takes of its grant's quota, and the sum over the grant.
CREATE TABLE reservations (
    run TEXT PRIMARY KEY REFERENCES runs (id),
    grant_id TEXT NOT NULL,
    runs_taken BIGINT NOT NULL,
    rows_taken BIGINT NOT NULL,
    cells_taken BIGINT NOT NULL
);
CREATE TABLE usages (
    grant_id TEXT PRIMARY KEY,
    runs_taken BIGINT NOT NULL,
    rows_taken BIGINT NOT NULL,
    cells_taken BIGINT NOT NULL
);

CREATE TABLE settings (
    name TEXT PRIMARY KEY,
    body TEXT NOT NULL
);

-- The row lock on a counter orders the commits that use it.
CREATE TABLE counters (
    name TEXT PRIMARY KEY,
    value BIGINT NOT NULL
);

-- The record. `position` is the order of commit; `log_index` comes from the sequencer afterwards.
CREATE TABLE entries (
    position BIGINT PRIMARY KEY,
    log_index BIGINT UNIQUE,
    id TEXT NOT NULL UNIQUE,
    kind TEXT NOT NULL,
    actor TEXT,
    operator TEXT,
    run TEXT,
    made_at BIGINT NOT NULL,
    body TEXT NOT NULL
);
CREATE INDEX entries_waiting ON entries (position) WHERE log_index IS NULL;
CREATE INDEX entries_kind ON entries (kind, position);
CREATE INDEX entries_actor ON entries (actor, position);
CREATE INDEX entries_operator ON entries (operator, position);
CREATE INDEX entries_run ON entries (run, position);
CREATE INDEX entries_made ON entries (made_at);

CREATE TABLE log_hashes (
    position BIGINT PRIMARY KEY,
    hash BYTEA NOT NULL
);

CREATE TABLE checkpoints (
    size BIGINT PRIMARY KEY,
    note TEXT NOT NULL,
    signed_at BIGINT NOT NULL
);
