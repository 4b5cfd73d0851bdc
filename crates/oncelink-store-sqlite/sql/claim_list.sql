-- The claims of a link, oldest first.
SELECT * FROM claims WHERE link = (SELECT seq FROM links WHERE id = :link) ORDER BY claimed_at, id
