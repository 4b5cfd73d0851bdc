-- What transition::record looks at: the claim, and of its link the object's size and the revocation.
SELECT links.id AS link_id, links.size, links.revoked_at, claims.*
FROM links JOIN claims ON claims.link = links.seq
WHERE links.id = :link AND claims.id = :claim
