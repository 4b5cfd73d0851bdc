-- The log of a link.
SELECT id, log FROM links WHERE id = :id
