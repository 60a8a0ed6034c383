-- Logins that wait for their answer (ACC-S5), assertions already seen, and the login log of 24 months (SPID-G1).
CREATE TABLE login_requests (
    saml_id TEXT NOT NULL PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    provider TEXT NOT NULL,
    level BIGINT NOT NULL,
    browser {{bytes}} NOT NULL,
    return_to TEXT,
    previous_session {{bytes}},
    issued_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    used_at BIGINT,
    request_xml {{bytes}} NOT NULL
);

CREATE INDEX login_requests_by_expiry ON login_requests (expires_at);

CREATE TABLE used_assertions (
    assertion_id TEXT NOT NULL,
    issuer TEXT NOT NULL,
    until BIGINT NOT NULL,
    PRIMARY KEY (assertion_id, issuer)
);

CREATE INDEX used_assertions_by_expiry ON used_assertions (until);

CREATE TABLE login_exchanges (
    day BIGINT NOT NULL,
    id TEXT NOT NULL,
    at BIGINT NOT NULL,
    method TEXT NOT NULL,
    request_id TEXT,
    request_at BIGINT,
    request {{bytes}} NOT NULL,
    response_id TEXT,
    response_at BIGINT,
    issuer TEXT,
    assertion_id TEXT,
    subject TEXT,
    name_qualifier TEXT,
    response {{bytes}} NOT NULL,
    codice_fiscale TEXT,
    citizen_id TEXT,
    address TEXT,
    level BIGINT,
    outcome TEXT NOT NULL,
    session_id TEXT,
    PRIMARY KEY (day, id)
) {{partition by month}};

CREATE INDEX login_exchanges_of ON login_exchanges (citizen_id, at);
CREATE INDEX login_exchanges_by_request ON login_exchanges (request_id);
