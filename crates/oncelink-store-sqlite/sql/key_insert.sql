-- KeyStore::insert_key. An id or a hash that exists already is an error.
INSERT INTO api_keys (id, hash, name, actions, sources, prefixes, created_at, last_used_at, revoked_at)
VALUES (:id, :hash, :name, :actions, :sources, :prefixes, :created_at, :last_used_at, :revoked_at)
