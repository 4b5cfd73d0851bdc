-- key_insert (KeyStore::insert_key): an id or a hash that exists already is an error.
INSERT INTO oncelink_api_keys (id, hash, name, actions, sources, prefixes, created_at, last_used_at, revoked_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
