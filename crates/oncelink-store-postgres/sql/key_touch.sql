-- key_touch (KeyStore::touch_key): a late note of an earlier use changes nothing.
UPDATE oncelink_api_keys SET last_used_at = $2::bigint WHERE id = $1 AND (last_used_at IS NULL OR last_used_at < $2::bigint)
