-- links_find: several links. The condition is true of every id, as in claims_take.sql.
SELECT oncelink_links.*
FROM unnest((SELECT $1::text[])) AS asked (ask_link)
JOIN oncelink_links ON id = ask_link
WHERE ask_link BETWEEN '' AND '~'
