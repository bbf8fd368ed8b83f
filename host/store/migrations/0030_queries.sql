-- What entries are searched by, beside what they were: written from the entry itself.
ALTER TABLE entries ADD COLUMN grant_id TEXT;
ALTER TABLE entries ADD COLUMN module TEXT;
ALTER TABLE entries ADD COLUMN resource TEXT;
ALTER TABLE entries ADD COLUMN decision TEXT;
CREATE INDEX entries_grant ON entries (grant_id, position) WHERE grant_id IS NOT NULL;
CREATE INDEX entries_module ON entries (module, position) WHERE module IS NOT NULL;
CREATE INDEX entries_resource ON entries (resource, position) WHERE resource IS NOT NULL;
CREATE INDEX entries_denied ON entries (position) WHERE decision = 'denied';

-- The resources that a run reads, that a grant names in any version, and that a module's manifest names. `thing` is the id of any of them.
CREATE TABLE resource_links (
    thing TEXT NOT NULL,
    resource TEXT NOT NULL,
    PRIMARY KEY (thing, resource)
);
CREATE INDEX resource_links_resource ON resource_links (resource, thing);

-- What operating units are told of their own runs. A unit's numbers are its own: 1, 2, 3 …, whatever others do.
CREATE TABLE unit_events_due (
    run TEXT NOT NULL,
    status TEXT NOT NULL,
    operator TEXT NOT NULL,
    due_at BIGINT NOT NULL,
    PRIMARY KEY (run, status)
);
CREATE INDEX unit_events_due_at ON unit_events_due (due_at, run);
CREATE TABLE unit_events (
    operator TEXT NOT NULL,
    number BIGINT NOT NULL,
    run TEXT NOT NULL,
    status TEXT NOT NULL,
    due_at BIGINT NOT NULL,
    PRIMARY KEY (operator, number),
    UNIQUE (run, status)
);

-- Retrieval of evidence: asked for by one person, signed by another.
CREATE TABLE retrievals (
    id TEXT PRIMARY KEY,
    organisation TEXT NOT NULL REFERENCES organisations (id),
    state TEXT NOT NULL,
    body TEXT NOT NULL
);
CREATE INDEX retrievals_organisation ON retrievals (organisation, id);
