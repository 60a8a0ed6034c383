-- Logins by OpenID Connect that wait for their answer (CIE-20), and access tokens to be revoked once their session is
-- gone, however it ended (CIE-27).
CREATE TABLE openid_logins (
    state {{bytes}} NOT NULL PRIMARY KEY,
    browser {{bytes}} NOT NULL,
    issuer TEXT NOT NULL,
    level BIGINT NOT NULL,
    return_to TEXT,
    previous_session {{bytes}},
    issued_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    used_at BIGINT,
    secrets {{bytes}} NOT NULL,
    request {{bytes}} NOT NULL
);

CREATE INDEX openid_logins_by_expiry ON openid_logins (expires_at);

CREATE TABLE openid_tokens (
    id TEXT NOT NULL PRIMARY KEY,
    session_id TEXT NOT NULL,
    issuer TEXT NOT NULL,
    token {{bytes}} NOT NULL,
    next_try_at BIGINT NOT NULL,
    tries BIGINT NOT NULL
);

CREATE INDEX openid_tokens_by_next_try ON openid_tokens (next_try_at);
CREATE INDEX sessions_by_id ON sessions (id);
