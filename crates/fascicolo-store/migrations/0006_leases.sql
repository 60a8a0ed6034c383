-- Which periodic work is taken, and until when: one node at a time does it.
CREATE TABLE leases (
    name TEXT NOT NULL PRIMARY KEY,
    claimed_until BIGINT NOT NULL
);
