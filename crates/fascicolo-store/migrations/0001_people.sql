-- People. Their codes lead to them, present and former (ACC-A8); everything else knows them by id.
CREATE TABLE citizens (
    id TEXT NOT NULL PRIMARY KEY,
    codice_fiscale TEXT NOT NULL,
    given_name TEXT NOT NULL,
    family_name TEXT NOT NULL,
    birth_date TEXT,
    registered BOOLEAN NOT NULL,
    standing TEXT NOT NULL,
    ward BOOLEAN NOT NULL
);

CREATE TABLE person_aliases (
    codice_fiscale TEXT NOT NULL PRIMARY KEY,
    citizen_id TEXT NOT NULL
);

CREATE INDEX person_aliases_of ON person_aliases (citizen_id);
