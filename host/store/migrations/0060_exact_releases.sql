-- Exact releases by the rows that they are about: what later ones are audited against. `position` is the order in which they left;
-- `repeats` names the first release of the same structure and table over the same rows, which tells all that this one tells.
CREATE TABLE exact_releases (
    position BIGINT PRIMARY KEY,
    release_id TEXT NOT NULL REFERENCES releases (id),
    resource TEXT NOT NULL REFERENCES resources (id),
    row_set TEXT NOT NULL,
    structure TEXT NOT NULL,
    table_digest TEXT NOT NULL,
    repeats TEXT,
    body TEXT NOT NULL
);
CREATE UNIQUE INDEX exact_releases_release ON exact_releases (release_id, resource);
CREATE INDEX exact_releases_structure ON exact_releases (row_set, structure, table_digest, position);
CREATE INDEX exact_releases_first ON exact_releases (resource, position) WHERE repeats IS NULL;
