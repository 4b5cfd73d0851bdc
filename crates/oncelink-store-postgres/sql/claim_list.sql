-- claim_list: the claims of a link, oldest first.
SELECT * FROM oncelink_claims WHERE link = $1 ORDER BY claimed_at, claim
