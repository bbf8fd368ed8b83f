-- How far each witness has cosigned the log; `witness` is its verifier key, so that another key begins anew.
CREATE TABLE witness_cursors (
    witness TEXT PRIMARY KEY,
    size BIGINT NOT NULL,
    cosigned_at BIGINT
);

-- When the cosignatures on a checkpoint made the quorum of the policy then in force.
ALTER TABLE checkpoints ADD COLUMN witnessed_at BIGINT;
CREATE INDEX checkpoints_witnessed ON checkpoints (size) WHERE witnessed_at IS NOT NULL;
