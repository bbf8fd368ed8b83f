-- When a schedule was paused: it has neither `due_at` nor `awaits` then, so that nothing steps it.
ALTER TABLE schedules ADD COLUMN paused_at BIGINT;
CREATE INDEX schedules_paused ON schedules (id) WHERE paused_at IS NOT NULL;
