-- link_find_claim: one link and, when it has been made, this claim on it, seen at one moment.
SELECT *
FROM oncelink_links
LEFT JOIN oncelink_claims ON oncelink_claims.link = oncelink_links.id AND oncelink_claims.claim = $2
WHERE oncelink_links.id = $1
