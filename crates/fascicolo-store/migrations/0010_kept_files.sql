-- Files fetched from elsewhere, the last good copy of each (SPID-I2).
CREATE TABLE kept_files (
    name TEXT NOT NULL PRIMARY KEY,
    fetched_at BIGINT NOT NULL,
    body {{bytes}} NOT NULL
);
