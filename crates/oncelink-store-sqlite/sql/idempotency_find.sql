-- What an idempotency key was used for.
SELECT name, body, link FROM idempotency WHERE name = :name
