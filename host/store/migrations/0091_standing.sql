-- Standing approvals: `state` and what they are looked up by, written from the same thing as `body`.
CREATE TABLE standing_approvals (
    id TEXT PRIMARY KEY,
    grant_id TEXT NOT NULL,
    module TEXT NOT NULL REFERENCES modules (id),
    state TEXT NOT NULL,
    body TEXT NOT NULL
);
CREATE INDEX standing_approvals_of ON standing_approvals (grant_id, module, id);
