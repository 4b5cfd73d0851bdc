-- key_find: the key with this hash, revoked or not.
SELECT * FROM oncelink_api_keys WHERE hash = $1
