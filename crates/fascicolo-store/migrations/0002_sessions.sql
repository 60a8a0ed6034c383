-- Open sessions by the digest of their token (ACC-S1); who logged in when (ACC-S4).
CREATE TABLE sessions (
    token {{bytes}} NOT NULL PRIMARY KEY,
    id TEXT NOT NULL,
    citizen_id TEXT NOT NULL REFERENCES citizens (id),
    method TEXT NOT NULL,
    level BIGINT NOT NULL,
    opened_at BIGINT NOT NULL,
    last_seen_at BIGINT NOT NULL,
    ends_at BIGINT NOT NULL
);

CREATE INDEX sessions_of ON sessions (citizen_id, id);

CREATE TABLE logins (
    citizen_id TEXT NOT NULL,
    at BIGINT NOT NULL,
    session_id TEXT NOT NULL,
    method TEXT NOT NULL,
    PRIMARY KEY (citizen_id, at, session_id)
) {{partition by citizen}};
