-- All keys, oldest first.
SELECT * FROM api_keys ORDER BY created_at, id
