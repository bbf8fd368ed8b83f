-- How far each collector has the record: every span of entries up to `position`, and the first `part` spans of the one after.
CREATE TABLE collectors (
    name TEXT PRIMARY KEY,
    position BIGINT NOT NULL,
    part BIGINT NOT NULL,
    delivered BIGINT NOT NULL,
    parked BIGINT NOT NULL
);

-- Spans that a collector refused for good: `spans` of them, from span `part` of the entry after `position`.
CREATE TABLE collector_refusals (
    collector TEXT NOT NULL REFERENCES collectors (name),
    position BIGINT NOT NULL,
    part BIGINT NOT NULL,
    spans BIGINT NOT NULL,
    status BIGINT NOT NULL,
    refused_at BIGINT NOT NULL,
    PRIMARY KEY (collector, position, part)
);
