-- idempotency_find: what idempotency keys were used for, with the links that they made.
SELECT oncelink_idempotency.name, oncelink_idempotency.body, oncelink_links.*
FROM oncelink_idempotency
JOIN oncelink_links ON oncelink_links.id = oncelink_idempotency.link
WHERE oncelink_idempotency.name = ANY ($1::text[])
