-- Strangers see the newest checkpoint of before a moment, and may ask often.
CREATE INDEX checkpoints_signed ON checkpoints (signed_at, size);
