-- Privacy budgets of populations: one in force at a time, each as it was set.
CREATE TABLE privacy_budgets (
    id TEXT PRIMARY KEY,
    population TEXT NOT NULL,
    state TEXT NOT NULL,
    body TEXT NOT NULL
);
CREATE INDEX privacy_budgets_population ON privacy_budgets (population, id);
CREATE UNIQUE INDEX privacy_budgets_in_force ON privacy_budgets (population) WHERE state = 'in-force';

-- What runs were charged: rows are added and never changed, whatever became of the run.
CREATE TABLE privacy_charges (
    run TEXT NOT NULL REFERENCES runs (id),
    population TEXT NOT NULL,
    epsilon_nano BIGINT NOT NULL,
    rho_pico BIGINT NOT NULL,
    charged_at BIGINT NOT NULL,
    PRIMARY KEY (run, population)
);
CREATE INDEX privacy_charges_population ON privacy_charges (population, run);
