-- KeyStore::insert_first_key: changes nothing when there is any key, revoked ones included.
INSERT INTO api_keys (id, hash, name, actions, sources, prefixes, created_at, last_used_at, revoked_at)
SELECT :id, :hash, :name, :actions, :sources, :prefixes, :created_at, :last_used_at, :revoked_at
WHERE NOT EXISTS (SELECT 1 FROM api_keys)
