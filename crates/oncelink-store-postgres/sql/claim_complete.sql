-- claim_complete (transition::complete): ends an active claim whose lease runs and whose link isn't revoked, fenced by its
-- epoch, and tells of it. The link is locked first, against a revocation at the same moment; every statement locks in
-- this order, link before claim, so that none waits for another in a circle.
-- $1 link, $2 claim, $3 epoch, $4 now, $5 address, $6 user agent, $7 API key.
WITH held AS (
    SELECT id FROM oncelink_links WHERE id = $1 AND revoked_at IS NULL FOR SHARE
),
completed AS (
    UPDATE oncelink_claims
    SET state = 'completed', state_at = $4::bigint
    FROM held
    WHERE link = held.id AND claim = $2 AND epoch = $3 AND state = 'active' AND state_at > $4::bigint
    RETURNING link, claim
)
INSERT INTO oncelink_events (link, at, kind, claim, address, user_agent, key)
SELECT link, $4::bigint, 'completed', claim, $5::text, $6::text, $7::text FROM completed
RETURNING seq
