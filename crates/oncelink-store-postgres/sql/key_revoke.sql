-- key_revoke (KeyStore::revoke_key): the first time stays. One row changes when there is such a key at all.
UPDATE oncelink_api_keys SET revoked_at = coalesce(revoked_at, $2::bigint) WHERE id = $1
RETURNING id
