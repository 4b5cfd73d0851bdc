-- What transition::record looks at: the claim, and of its link the object's size and the revocation.
SELECT claims.*, links.size, links.revoked_at
FROM claims JOIN links ON links.id = claims.link
WHERE claims.link = :link AND claims.id = :claim
