-- The trail of acts (GEN-G7). A segment is one node, lane and day; day is 00:00 UTC in milliseconds.
CREATE TABLE audit_events (
    day BIGINT NOT NULL,
    node TEXT NOT NULL,
    lane BIGINT NOT NULL,
    seq BIGINT NOT NULL,
    hash {{bytes}} NOT NULL,
    id TEXT NOT NULL,
    at BIGINT NOT NULL,
    actor TEXT NOT NULL,
    actor_id TEXT,
    capacity TEXT,
    session_id TEXT,
    subject TEXT,
    method TEXT,
    deed TEXT NOT NULL,
    granted BOOLEAN NOT NULL,
    document_id TEXT,
    detail TEXT NOT NULL,
    PRIMARY KEY (day, node, lane, seq)
) {{partition by month}};

CREATE INDEX audit_events_of ON audit_events (subject, at DESC, id DESC);

CREATE TABLE audit_segments (
    day BIGINT NOT NULL,
    node TEXT NOT NULL,
    lane BIGINT NOT NULL,
    PRIMARY KEY (day, node, lane)
);

CREATE INDEX audit_segments_of ON audit_segments (node, lane, day);

CREATE TABLE audit_checkpoints (
    number BIGINT NOT NULL PRIMARY KEY,
    day BIGINT NOT NULL,
    node TEXT NOT NULL,
    lane BIGINT NOT NULL,
    kind TEXT NOT NULL,
    row_count BIGINT NOT NULL,
    hash {{bytes}} NOT NULL,
    at BIGINT NOT NULL,
    previous {{bytes}} NOT NULL,
    signature {{bytes}} NOT NULL
);

CREATE INDEX audit_checkpoints_of ON audit_checkpoints (day, node, lane, kind);
