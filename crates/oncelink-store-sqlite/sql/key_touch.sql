-- KeyStore::touch_key: a late note of an earlier use changes nothing.
UPDATE api_keys SET last_used_at = :now WHERE id = :id AND (last_used_at IS NULL OR last_used_at < :now)
