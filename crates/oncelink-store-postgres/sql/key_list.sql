-- key_list: all keys, oldest first.
SELECT * FROM oncelink_api_keys ORDER BY created_at, id
