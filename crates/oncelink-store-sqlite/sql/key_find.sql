-- The key with this hash, revoked or not.
SELECT * FROM api_keys WHERE hash = :hash
