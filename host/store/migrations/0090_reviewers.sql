-- The key that a reviewer's account opens sealed outputs with: the newest one alone, `body` says whether it holds.
CREATE TABLE reviewer_keys (
    account TEXT PRIMARY KEY REFERENCES accounts (id),
    body TEXT NOT NULL
);

-- Digest of what the gate itself would release of a run that waits for people. Its ciphertext follows that of the sealed
-- output in the same file, under a key that follows from the run's own.
CREATE TABLE candidates (
    run TEXT PRIMARY KEY REFERENCES sealed_outputs (run),
    digest TEXT NOT NULL
);
