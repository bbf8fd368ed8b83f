-- Which judgement of a run that waits for people holds, and up to which exact release it looked.
CREATE TABLE judgements (
    run TEXT PRIMARY KEY REFERENCES runs (id),
    number BIGINT NOT NULL,
    audited_to BIGINT NOT NULL,
    salt TEXT
);
-- Judgements that no longer hold, each with what people had said about it: those reviews no longer count.
CREATE TABLE overtaken_judgements (
    run TEXT NOT NULL REFERENCES runs (id),
    number BIGINT NOT NULL,
    body TEXT NOT NULL,
    PRIMARY KEY (run, number)
);
