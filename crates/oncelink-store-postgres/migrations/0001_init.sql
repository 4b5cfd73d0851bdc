-- Version 1: links, their claims and events, idempotency keys, API keys.
--
-- Times are milliseconds since 1970-01-01T00:00:00Z. Nothing in here is a secret: ids are truncated hashes, API keys and
-- passphrases are kept as hashes. Texts that are compared or sorted are so byte by byte (collation "C"), whatever the
-- database's own collation is.

CREATE TABLE oncelink_links (
    id             TEXT COLLATE "C" PRIMARY KEY,
    source         TEXT COLLATE "C" NOT NULL,
    key            TEXT COLLATE "C" NOT NULL,
    etag           TEXT NOT NULL,
    version_id     TEXT,
    size           BIGINT NOT NULL CHECK (size >= 0),
    sha256         BYTEA,
    uses           BIGINT NOT NULL,
    expires_at     BIGINT NOT NULL,
    lifetime       BIGINT NOT NULL,              -- milliseconds
    not_before     BIGINT,
    gate           TEXT NOT NULL,
    delivery       TEXT NOT NULL,
    filename       TEXT NOT NULL,
    content_type   TEXT,
    allow_from     TEXT NOT NULL,                -- CIDRs with commas between them
    note           TEXT COLLATE "C",
    metadata       TEXT,                         -- a JSON object, never looked into
    webhook        TEXT,
    passphrase     TEXT,                         -- argon2id, PHC string
    created_at     BIGINT NOT NULL,
    created_by     TEXT,
    reissue_of     TEXT,
    claimed        BIGINT NOT NULL CHECK (claimed BETWEEN 0 AND uses),  -- a second lock on the first promise
    revoked_at     BIGINT,
    attempts_since BIGINT,
    attempts_count BIGINT,
    notes          BIGINT NOT NULL               -- how many best-effort events it has
) WITH (fillfactor = 80);                        -- room beside a row for its next version: counting a use moves no index

-- Pages of links, newest first.
CREATE INDEX oncelink_links_by_creation ON oncelink_links (created_at, id);
-- Links below a prefix of one source.
CREATE INDEX oncelink_links_by_object ON oncelink_links (source, key);
-- What a purge looks for.
CREATE INDEX oncelink_links_by_expiry ON oncelink_links (expires_at);
CREATE INDEX oncelink_links_by_revocation ON oncelink_links (revoked_at) WHERE revoked_at IS NOT NULL;

-- No column has a name that oncelink_links has too: one statement answers with rows of both.
CREATE TABLE oncelink_claims (
    link       TEXT COLLATE "C" NOT NULL REFERENCES oncelink_links (id) ON DELETE CASCADE,
    claim      TEXT COLLATE "C" NOT NULL,
    epoch      BIGINT NOT NULL,                  -- NOT NULL is what claim_take.sql undoes itself by
    state      TEXT NOT NULL CHECK (state IN ('active', 'completed', 'released')),
    state_at   BIGINT NOT NULL,                  -- active: the lease's end; else when it was completed or released
    claimed_at BIGINT NOT NULL,
    sent       BIGINT NOT NULL CHECK (sent >= 0),
    coverage   INT8MULTIRANGE NOT NULL,          -- delivered ranges
    recorder   BIGINT NOT NULL,                  -- 64 bits without a sign, kept as they are
    PRIMARY KEY (link, claim)
) WITH (fillfactor = 80);

CREATE TABLE oncelink_events (
    seq        BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    link       TEXT COLLATE "C" NOT NULL REFERENCES oncelink_links (id) ON DELETE CASCADE,
    at         BIGINT NOT NULL,
    kind       TEXT NOT NULL,
    claim      TEXT,
    bytes      BIGINT,
    reason     TEXT,
    address    TEXT,
    user_agent TEXT,
    key        TEXT
);

-- The history of a link, in the order of writing.
CREATE INDEX oncelink_events_by_link ON oncelink_events (link, seq);

CREATE TABLE oncelink_idempotency (
    name TEXT COLLATE "C" PRIMARY KEY,
    body TEXT COLLATE "C" NOT NULL,
    link TEXT COLLATE "C" NOT NULL REFERENCES oncelink_links (id) ON DELETE CASCADE
);

CREATE INDEX oncelink_idempotency_by_link ON oncelink_idempotency (link);

CREATE TABLE oncelink_api_keys (
    id           TEXT COLLATE "C" PRIMARY KEY,
    hash         BYTEA NOT NULL UNIQUE,
    name         TEXT NOT NULL,
    actions      TEXT[] NOT NULL,
    sources      TEXT[] NOT NULL,
    prefixes     TEXT[] NOT NULL,
    created_at   BIGINT NOT NULL,
    last_used_at BIGINT,
    revoked_at   BIGINT,
    first        BOOLEAN NOT NULL DEFAULT FALSE  -- made by insert_first_key, which must not succeed twice
);

CREATE UNIQUE INDEX oncelink_api_keys_first ON oncelink_api_keys (first) WHERE first;

-- One row that is written to find out whether the database can be written.
CREATE TABLE oncelink_pulse (
    id    BIGINT PRIMARY KEY CHECK (id = 1),
    beats BIGINT NOT NULL
);

INSERT INTO oncelink_pulse (id, beats) VALUES (1, 0);
