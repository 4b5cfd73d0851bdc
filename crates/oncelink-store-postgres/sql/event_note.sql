-- event_note (LinkStore::note): adds a best-effort event and counts it; changes nothing when the link has $10 of them or
-- doesn't exist.
-- $1 link, $2 at, $3 kind, $4 claim, $5 bytes, $6 reason, $7 address, $8 user agent, $9 API key.
WITH noted AS (
    UPDATE oncelink_links SET notes = notes + 1 WHERE id = $1 AND notes < $10::bigint RETURNING id
)
INSERT INTO oncelink_events (link, at, kind, claim, bytes, reason, address, user_agent, key)
SELECT id, $2::bigint, $3::text, $4::text, $5::bigint, $6::text, $7::text, $8::text, $9::text FROM noted
