-- Certificates of releases: the text that is signed, what it commits to with the secret of the salts, and the entry that gathered it.
CREATE TABLE certificates (
    release_id TEXT PRIMARY KEY,
    operator TEXT NOT NULL,
    visible_from BIGINT NOT NULL,
    body TEXT NOT NULL,
    figures TEXT NOT NULL,
    secret BYTEA NOT NULL,
    gathered_by TEXT
);
CREATE INDEX certificates_waiting ON certificates (visible_from, release_id) WHERE gathered_by IS NULL;
