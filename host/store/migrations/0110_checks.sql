-- Figures of every rule in every cell of one output: apart from its verdict, which is read far more often.
CREATE TABLE verdict_checks (
    run TEXT NOT NULL,
    output TEXT NOT NULL,
    body TEXT NOT NULL,
    PRIMARY KEY (run, output),
    FOREIGN KEY (run, output) REFERENCES verdicts (run, output)
);
