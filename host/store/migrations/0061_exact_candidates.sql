-- What a run would tell that waits for people: as it was when the gate judged it.
CREATE TABLE exact_candidates (
    run TEXT PRIMARY KEY REFERENCES runs (id),
    body TEXT NOT NULL
);
