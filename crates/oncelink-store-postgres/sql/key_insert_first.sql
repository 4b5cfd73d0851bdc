-- key_insert_first (KeyStore::insert_first_key): changes nothing when there is any key, revoked ones included. Two at the
-- same moment both find none; the unique index on "first" lets one in.
INSERT INTO oncelink_api_keys (id, hash, name, actions, sources, prefixes, created_at, last_used_at, revoked_at, first)
SELECT $1::text, $2::bytea, $3::text, $4::text[], $5::text[], $6::text[], $7::bigint, $8::bigint, $9::bigint, TRUE
WHERE NOT EXISTS (SELECT 1 FROM oncelink_api_keys)
ON CONFLICT DO NOTHING
RETURNING id
