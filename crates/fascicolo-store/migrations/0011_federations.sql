-- Whose rules a pending login follows (SPID-C, SPID-X), and people from abroad who wait to be matched with a record at a
-- desk (SPID-X3).
ALTER TABLE login_requests ADD COLUMN federation TEXT NOT NULL DEFAULT 'spid';

CREATE TABLE matching_requests (
    number TEXT NOT NULL PRIMARY KEY,
    issuer TEXT NOT NULL,
    at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    facts {{bytes}} NOT NULL
);

CREATE INDEX matching_requests_by_expiry ON matching_requests (expires_at);
