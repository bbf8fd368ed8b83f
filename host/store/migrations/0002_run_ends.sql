-- When a run ended; the largest number while it has not. What operating units are shown is counted from it.
ALTER TABLE runs ADD COLUMN ended_at BIGINT NOT NULL DEFAULT 0;
UPDATE runs SET ended_at = 9223372036854775807 WHERE state IN ('queued', 'running', 'sealed', 'in-review');
CREATE INDEX runs_ended ON runs (grant_id, ended_at);
