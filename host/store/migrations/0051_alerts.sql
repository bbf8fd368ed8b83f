-- Alerts, how far the rules have read the record, and what waits to be delivered to webhooks.
CREATE TABLE alerts (
    id TEXT PRIMARY KEY,
    rule TEXT NOT NULL,
    subject TEXT NOT NULL,
    state TEXT NOT NULL,
    body TEXT NOT NULL
);
CREATE UNIQUE INDEX alerts_open ON alerts (rule, subject) WHERE state = 'open';
CREATE INDEX alerts_state ON alerts (state, id);

CREATE TABLE alert_progress (
    name TEXT PRIMARY KEY,
    position BIGINT NOT NULL
);

-- `sequence` is the order in which one webhook gets its messages.
CREATE TABLE webhook_messages (
    sequence BIGINT PRIMARY KEY,
    webhook TEXT NOT NULL,
    alert TEXT NOT NULL REFERENCES alerts (id),
    state TEXT NOT NULL,
    attempts BIGINT NOT NULL,
    due_at BIGINT NOT NULL,
    answer TEXT,
    body TEXT NOT NULL
);
CREATE INDEX webhook_messages_next ON webhook_messages (webhook, state, sequence);
CREATE INDEX webhook_messages_alert ON webhook_messages (alert, sequence);
