-- Texts of policy sets and disclosure profiles by their digest, kept so that what was decided under them can be decided again.
CREATE TABLE policy_texts (
    digest TEXT PRIMARY KEY,
    body TEXT NOT NULL
);
