-- The claims of a link, oldest first.
SELECT * FROM claims WHERE link = :link ORDER BY claimed_at, id
