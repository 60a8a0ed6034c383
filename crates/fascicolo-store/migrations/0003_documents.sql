-- Documents: everything under its person; small tables lead from the numbers people type to the person.
CREATE TABLE objects (
    id TEXT NOT NULL PRIMARY KEY,
    kek TEXT NOT NULL,
    wrapped_key {{bytes}} NOT NULL,
    size BIGINT NOT NULL,
    sha256 {{bytes}} NOT NULL,
    stored_size BIGINT NOT NULL
);

CREATE INDEX objects_by_kek ON objects (kek, id);

-- list_* are what a list shows and searches, cut to fit an index.
CREATE TABLE documents (
    citizen_id TEXT NOT NULL REFERENCES citizens (id),
    id TEXT NOT NULL,
    kind TEXT NOT NULL,
    title TEXT NOT NULL,
    national_root TEXT NOT NULL,
    national_extension TEXT NOT NULL,
    check_number TEXT NOT NULL,
    issued_at BIGINT NOT NULL,
    taken_at BIGINT NOT NULL,
    issuer TEXT NOT NULL,
    author TEXT NOT NULL,
    version BIGINT NOT NULL,
    status TEXT NOT NULL,
    replaced_by TEXT,
    confidentiality TEXT NOT NULL,
    protected BOOLEAN NOT NULL,
    hidden BOOLEAN NOT NULL,
    signature TEXT NOT NULL,
    signer TEXT,
    signer_known BOOLEAN,
    signed_at BIGINT,
    readable BOOLEAN NOT NULL,
    object_id TEXT NOT NULL,
    size BIGINT NOT NULL,
    sha256 {{bytes}} NOT NULL,
    list_title TEXT NOT NULL,
    list_issuer TEXT NOT NULL,
    list_words TEXT NOT NULL,
    PRIMARY KEY (citizen_id, id)
) {{partition by citizen}};

-- The list everyone opens reads this index alone (REC-R1).
CREATE INDEX documents_list ON documents (citizen_id, issued_at DESC, id DESC, kind, list_issuer, list_title,
    list_words, status, replaced_by, protected, hidden, readable, signature);

CREATE INDEX documents_by_number ON documents (citizen_id, national_extension);

CREATE TABLE national_ids (
    root TEXT NOT NULL,
    extension TEXT NOT NULL,
    citizen_id TEXT NOT NULL,
    document_id TEXT NOT NULL,
    sha256 {{bytes}} NOT NULL,
    PRIMARY KEY (root, extension)
);

CREATE TABLE check_numbers (
    check_number TEXT NOT NULL PRIMARY KEY,
    citizen_id TEXT NOT NULL,
    document_id TEXT NOT NULL
);
