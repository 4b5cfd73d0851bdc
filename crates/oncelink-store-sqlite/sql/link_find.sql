-- One link.
SELECT * FROM links WHERE id = :id
