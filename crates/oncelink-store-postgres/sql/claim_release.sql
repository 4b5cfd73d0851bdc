-- claim_release (transition::release): gives an active claim back whose lease runs and of which nothing was sent, fenced by
-- its epoch; frees the use and tells of it. The link is locked first, as in claim_complete.sql.
-- $1 link, $2 claim, $3 epoch, $4 now, $5 address, $6 user agent, $7 API key.
WITH held AS (
    SELECT id FROM oncelink_links WHERE id = $1 FOR NO KEY UPDATE
),
released AS (
    UPDATE oncelink_claims
    SET state = 'released', state_at = $4::bigint
    FROM held
    WHERE link = held.id AND claim = $2 AND epoch = $3 AND state = 'active' AND state_at > $4::bigint
      AND sent = 0 AND isempty(coverage)
    RETURNING link, claim
),
freed AS (
    UPDATE oncelink_links SET claimed = claimed - 1 FROM released WHERE oncelink_links.id = released.link
)
INSERT INTO oncelink_events (link, at, kind, claim, address, user_agent, key)
SELECT link, $4::bigint, 'released', claim, $5::text, $6::text, $7::text FROM released
RETURNING seq
