-- KeyStore::revoke_key: the first time stays. One row changes when there is such a key at all.
UPDATE api_keys SET revoked_at = coalesce(revoked_at, :now) WHERE id = :id
