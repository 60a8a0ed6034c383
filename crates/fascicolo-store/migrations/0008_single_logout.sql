-- Under which name an identity provider knows a session, when it may keep one of its own (SPID-O2, SPID-L2).
ALTER TABLE sessions ADD COLUMN provider TEXT;
ALTER TABLE sessions ADD COLUMN name_id TEXT;
ALTER TABLE sessions ADD COLUMN session_index TEXT;

CREATE INDEX sessions_at_provider ON sessions (provider, name_id);

-- Sessions that ended here and may go on at the provider: the person may ask it to end its own (ACC-S3).
CREATE TABLE logout_requests (
    saml_id TEXT NOT NULL PRIMARY KEY,
    provider TEXT NOT NULL,
    name_id TEXT NOT NULL,
    session_index TEXT NOT NULL,
    expires_at BIGINT NOT NULL
);

CREATE INDEX logout_requests_by_expiry ON logout_requests (expires_at);
