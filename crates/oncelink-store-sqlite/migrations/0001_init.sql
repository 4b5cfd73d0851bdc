-- Version 1: links, their claims and events, idempotency keys, API keys.
--
-- Times are milliseconds since 1970-01-01T00:00:00Z. Nothing in here is a secret: ids are truncated hashes, API keys and
-- passphrases are kept as hashes.

CREATE TABLE links (
    id             TEXT PRIMARY KEY NOT NULL,
    source         TEXT NOT NULL,
    key            TEXT NOT NULL,
    etag           TEXT NOT NULL,
    version_id     TEXT,
    size           INTEGER NOT NULL CHECK (size >= 0),
    sha256         BLOB,
    uses           INTEGER NOT NULL,
    expires_at     INTEGER NOT NULL,
    lifetime       INTEGER NOT NULL,             -- milliseconds
    not_before     INTEGER,
    gate           TEXT NOT NULL,
    delivery       TEXT NOT NULL,
    filename       TEXT NOT NULL,
    content_type   TEXT,
    allow_from     TEXT NOT NULL,                -- CIDRs with commas between them
    note           TEXT,
    metadata       TEXT,                         -- a JSON object, never looked into
    webhook        TEXT,
    passphrase     TEXT,                         -- argon2id, PHC string
    created_at     INTEGER NOT NULL,
    created_by     TEXT,
    reissue_of     TEXT,
    claimed        INTEGER NOT NULL CHECK (claimed BETWEEN 0 AND uses),  -- a second lock on the first promise
    revoked_at     INTEGER,
    attempts_since INTEGER,
    attempts_count INTEGER,
    notes          INTEGER NOT NULL              -- how many best-effort events it has
) STRICT;

-- Pages of links, newest first.
CREATE INDEX links_by_creation ON links (created_at, id);
-- Links below a prefix of one source.
CREATE INDEX links_by_object ON links (source, key);
-- What a purge looks for.
CREATE INDEX links_by_expiry ON links (expires_at);
CREATE INDEX links_by_revocation ON links (revoked_at) WHERE revoked_at IS NOT NULL;

CREATE TABLE claims (
    link       TEXT NOT NULL REFERENCES links (id) ON DELETE CASCADE,
    id         TEXT NOT NULL,
    epoch      INTEGER NOT NULL,
    state      TEXT NOT NULL CHECK (state IN ('active', 'completed', 'released')),
    state_at   INTEGER NOT NULL,                 -- active: the lease's end; else when it was completed or released
    claimed_at INTEGER NOT NULL,
    sent       INTEGER NOT NULL CHECK (sent >= 0),
    coverage   TEXT NOT NULL,                    -- delivered ranges, '0-10,20-30' with exclusive ends
    recorder   INTEGER NOT NULL,                 -- 64 bits without a sign, kept as they are
    PRIMARY KEY (link, id)
) STRICT, WITHOUT ROWID;

CREATE TABLE events (
    seq        INTEGER PRIMARY KEY,
    link       TEXT NOT NULL REFERENCES links (id) ON DELETE CASCADE,
    at         INTEGER NOT NULL,
    kind       TEXT NOT NULL,
    claim      TEXT,
    bytes      INTEGER,
    reason     TEXT,
    address    TEXT,
    user_agent TEXT,
    key        TEXT
) STRICT;

-- The history of a link, in the order of writing (an index ends with the rowid).
CREATE INDEX events_by_link ON events (link);

CREATE TABLE idempotency (
    name TEXT PRIMARY KEY NOT NULL,
    body TEXT NOT NULL,
    link TEXT NOT NULL REFERENCES links (id) ON DELETE CASCADE
) STRICT;

CREATE INDEX idempotency_by_link ON idempotency (link);

CREATE TABLE api_keys (
    id           TEXT PRIMARY KEY NOT NULL,
    hash         BLOB NOT NULL UNIQUE,
    name         TEXT NOT NULL,
    actions      TEXT NOT NULL,                  -- words with commas between them
    sources      TEXT NOT NULL,                  -- names with commas between them
    prefixes     TEXT NOT NULL,                  -- each as its length in bytes, ':' and its text
    created_at   INTEGER NOT NULL,
    last_used_at INTEGER,
    revoked_at   INTEGER
) STRICT;

-- One row that is written to find out whether the file can be written.
CREATE TABLE pulse (
    id    INTEGER PRIMARY KEY CHECK (id = 1),
    beats INTEGER NOT NULL
) STRICT;

INSERT INTO pulse (id, beats) VALUES (1, 0);
