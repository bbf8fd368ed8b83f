-- Failed sign-ins, by a digest of the name that was typed: an unknown account is locked out like a known one.
CREATE TABLE sign_in_failures (
    name_digest TEXT PRIMARY KEY,
    failures BIGINT NOT NULL,
    since BIGINT NOT NULL,
    locked_until BIGINT NOT NULL
);
CREATE INDEX sign_in_failures_age ON sign_in_failures (since);
