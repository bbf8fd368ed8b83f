-- Products, when their runs are due, and the editions that came of them.
CREATE TABLE products (
    id TEXT PRIMARY KEY,
    name TEXT NOT NULL UNIQUE,
    operator TEXT NOT NULL REFERENCES organisations (id),
    grant_id TEXT NOT NULL,
    state TEXT NOT NULL,
    body TEXT NOT NULL
);
CREATE INDEX products_operator ON products (operator, id);

-- `due_at` is when a schedule has something to do; `awaits` names the resource of which it awaits a snapshot. Never both.
CREATE TABLE schedules (
    id TEXT PRIMARY KEY,
    product TEXT NOT NULL REFERENCES products (id),
    due_at BIGINT,
    awaits TEXT,
    body TEXT NOT NULL
);
CREATE INDEX schedules_product ON schedules (product, id);
CREATE INDEX schedules_due ON schedules (due_at) WHERE due_at IS NOT NULL;
CREATE INDEX schedules_awaiting ON schedules (awaits) WHERE awaits IS NOT NULL;

-- Each period has one first edition (revision 0), and its revisions are numbered.
CREATE TABLE editions (
    id TEXT PRIMARY KEY,
    product TEXT NOT NULL REFERENCES products (id),
    period_from BIGINT NOT NULL,
    revision BIGINT NOT NULL,
    run TEXT NOT NULL UNIQUE REFERENCES runs (id),
    body TEXT NOT NULL,
    UNIQUE (product, period_from, revision)
);
CREATE INDEX editions_product ON editions (product, id);

-- Runs that are to become editions, whatever became of them.
CREATE TABLE edition_runs (
    run TEXT PRIMARY KEY REFERENCES runs (id),
    product TEXT NOT NULL REFERENCES products (id),
    period_from BIGINT NOT NULL
);
CREATE INDEX edition_runs_period ON edition_runs (product, period_from, run);
