-- link_revoke (LinkStore::revoke): revokes a link and tells of it; changes nothing when it is revoked already, so that the
-- first time stays.
-- $1 link, $2 now, $3 address, $4 user agent, $5 API key.
WITH revoked AS (
    UPDATE oncelink_links SET revoked_at = $2::bigint WHERE id = $1 AND revoked_at IS NULL RETURNING *
),
told AS (
    INSERT INTO oncelink_events (link, at, kind, address, user_agent, key)
    SELECT id, $2::bigint, 'revoked', $3::text, $4::text, $5::text FROM revoked
)
SELECT * FROM revoked
