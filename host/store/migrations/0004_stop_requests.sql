-- What authorities asked the bureau to stop.
CREATE TABLE stop_requests (
    id TEXT PRIMARY KEY,
    account TEXT NOT NULL REFERENCES accounts (id),
    body TEXT NOT NULL
);
