-- Version 3: new claims lie in the order in which they are made.
--
-- Their key was a link's random id, so each redeem changed a page of its own, at the claim and once more when its delivery was
-- recorded. Now both change the last page, as other redeems of the moment do. Links get a number, in the order of their
-- creation, for the claims to refer to; a rowid without a name wouldn't do, for VACUUM may change it.
--
-- Runs with foreign keys switched off; what refers to `links` refers to the new table afterwards.

CREATE TABLE new_links (
    seq            INTEGER PRIMARY KEY AUTOINCREMENT,  -- a number of a link that was deleted doesn't come back
    id             TEXT NOT NULL,
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
    notes          INTEGER NOT NULL,             -- how many best-effort events it has
    log            TEXT NOT NULL DEFAULT ''      -- rows/log.rs
) STRICT;

-- Both tables of version 2 have these very columns, `seq` aside, in this order.
INSERT INTO new_links SELECT rowid, * FROM links ORDER BY rowid;
CREATE UNIQUE INDEX links_by_id ON new_links (id);

CREATE TABLE new_claims (
    seq        INTEGER PRIMARY KEY,
    link       INTEGER NOT NULL REFERENCES links (seq) ON DELETE CASCADE,
    id         TEXT NOT NULL,
    epoch      INTEGER NOT NULL,
    -- OR instead of IN, for which SQLite builds a table of its own at every change.
    state      TEXT NOT NULL CHECK (state = 'active' OR state = 'completed' OR state = 'released'),
    state_at   INTEGER NOT NULL,                 -- active: the lease's end; else when it was completed or released
    claimed_at INTEGER NOT NULL,
    sent       INTEGER NOT NULL CHECK (sent >= 0),
    coverage   TEXT NOT NULL,                    -- delivered ranges, '0-10,20-30' with exclusive ends
    recorder   INTEGER NOT NULL,                 -- 64 bits without a sign, kept as they are
    log        TEXT NOT NULL DEFAULT ''
) STRICT;

INSERT INTO new_claims (link, id, epoch, state, state_at, claimed_at, sent, coverage, recorder, log)
SELECT new_links.seq, claims.id, epoch, state, state_at, claimed_at, sent, coverage, recorder, claims.log
FROM claims JOIN new_links ON new_links.id = claims.link;

-- What there are indexes on goes with its table.
DROP TABLE claims;
DROP TABLE links;
ALTER TABLE new_links RENAME TO links;
ALTER TABLE new_claims RENAME TO claims;

-- The claims of a link, each holder's once. Links that are redeemed in about the order of their creation share its pages.
CREATE UNIQUE INDEX claims_by_link ON claims (link, id);
CREATE INDEX links_by_creation ON links (created_at, id);
CREATE INDEX links_by_object ON links (source, key);
CREATE INDEX links_by_expiry ON links (expires_at);
CREATE INDEX links_by_revocation ON links (revoked_at) WHERE revoked_at IS NOT NULL;
