-- Health cards: the number leads to the person (ACC-A8); each renewal has a new one (L11).
CREATE TABLE cards (
    number TEXT NOT NULL PRIMARY KEY,
    citizen_id TEXT NOT NULL REFERENCES citizens (id),
    expires_on TEXT NOT NULL
);

CREATE INDEX cards_of ON cards (citizen_id, expires_on);
