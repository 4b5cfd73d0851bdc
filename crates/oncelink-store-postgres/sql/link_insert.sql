-- link_insert (LinkStore::insert): new links, each with its idempotency key and its "created" event; answers with the ids
-- that were stored. Leaves out a link whose id or whose idempotency key exists already. Two creations with one key at the
-- same moment both find none; the key's primary key then undoes the later statement, which is asked again.
-- One array per column.
WITH fresh AS (
    SELECT *
    FROM unnest(
        $1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::bigint[], $7::bytea[],
        $8::bigint[], $9::bigint[], $10::bigint[], $11::bigint[], $12::text[], $13::text[], $14::text[], $15::text[],
        $16::text[], $17::text[], $18::text[], $19::text[], $20::text[], $21::bigint[], $22::text[], $23::text[],
        $24::bigint[], $25::bigint[], $26::bigint[], $27::bigint[],
        $28::text[], $29::text[], $30::text[], $31::text[], $32::text[]
    ) AS new (
        id, source, key, etag, version_id, size, sha256,
        uses, expires_at, lifetime, not_before, gate, delivery, filename, content_type,
        allow_from, note, metadata, webhook, passphrase, created_at, created_by, reissue_of,
        claimed, revoked_at, attempts_since, attempts_count,
        idempotency_name, idempotency_body, address, user_agent, actor_key
    )
),
stored AS (
    INSERT INTO oncelink_links (
        id, source, key, etag, version_id, size, sha256,
        uses, expires_at, lifetime, not_before, gate, delivery, filename, content_type,
        allow_from, note, metadata, webhook, passphrase, created_at, created_by, reissue_of,
        claimed, revoked_at, attempts_since, attempts_count, notes
    )
    SELECT
        id, source, key, etag, version_id, size, sha256,
        uses, expires_at, lifetime, not_before, gate, delivery, filename, content_type,
        allow_from, note, metadata, webhook, passphrase, created_at, created_by, reissue_of,
        claimed, revoked_at, attempts_since, attempts_count, 0
    FROM fresh
    WHERE NOT EXISTS (SELECT 1 FROM oncelink_idempotency WHERE name = fresh.idempotency_name)
    ORDER BY id
    ON CONFLICT (id) DO NOTHING
    RETURNING id
),
remembered AS (
    INSERT INTO oncelink_idempotency (name, body, link)
    SELECT idempotency_name, idempotency_body, id
    FROM fresh JOIN stored USING (id)
    WHERE idempotency_name IS NOT NULL
    ORDER BY idempotency_name
),
told AS (
    INSERT INTO oncelink_events (link, at, kind, address, user_agent, key)
    SELECT id, created_at, 'created', address, user_agent, actor_key FROM fresh JOIN stored USING (id)
)
SELECT id FROM stored
