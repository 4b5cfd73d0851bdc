-- One claim of a link.
SELECT * FROM claims WHERE link = :seq AND id = :claim
