-- The logs of a link's claims, those first that may have the oldest events: a claim taken anew has older ones than it says.
SELECT id, log FROM claims
WHERE link = (SELECT seq FROM links WHERE id = :link) AND log <> ''
ORDER BY iif(epoch > 1, 0, claimed_at), id LIMIT :limit
