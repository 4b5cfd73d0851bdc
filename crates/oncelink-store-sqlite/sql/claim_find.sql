-- One claim of a link.
SELECT * FROM claims WHERE link = :link AND id = :claim
