-- claim_record (transition::record): adds a report to an active claim, fenced by its epoch, and tells what has ended.
--
-- The set of delivered bytes grows by a union, so that reports at the same time lose nothing: a waiting one adds to what
-- the one before it wrote. No more than $14 ranges are kept, the longest ones: scattering loses credit, never gains any.
-- The link is locked first, as in claim_complete.sql.
-- $1 link, $2 claim, $3 epoch, $4 now, $5 delivered ranges, $6 sent bytes, $7 lease until, $8 whether it may complete,
-- $9 bytes of the response that ended, $10 recorder, $11 address, $12 user agent, $13 API key, $14 how many ranges.
WITH held AS (
    SELECT id, size, revoked_at FROM oncelink_links WHERE id = $1 FOR SHARE
),
recorded AS (
    UPDATE oncelink_claims AS mine
    SET sent = mine.sent + least($6::bigint, 9223372036854775807 - mine.sent),
        recorder = $10::bigint,
        coverage = (
            SELECT coalesce(range_agg(longest.part), '{}')
            FROM (
                SELECT part
                FROM unnest(mine.coverage + $5::text::int8multirange) AS part
                ORDER BY upper(part) - lower(part) DESC, lower(part) DESC
                LIMIT $14::bigint
            ) AS longest
        ),
        state = CASE
            WHEN $8::boolean AND mine.coverage + $5::text::int8multirange @> int8range(0, held.size) THEN 'completed'
            ELSE 'active'
        END,
        state_at = CASE
            WHEN $8::boolean AND mine.coverage + $5::text::int8multirange @> int8range(0, held.size) THEN $4::bigint
            WHEN held.revoked_at IS NULL AND $4::bigint < mine.state_at THEN greatest(mine.state_at, $7::bigint)
            ELSE mine.state_at
        END
    FROM held
    WHERE mine.link = held.id AND mine.claim = $2 AND mine.epoch = $3 AND mine.state = 'active'
    RETURNING mine.*, held.revoked_at
),
told AS (
    INSERT INTO oncelink_events (link, at, kind, claim, bytes, address, user_agent, key)
    SELECT recorded.link, $4::bigint, line.kind, recorded.claim, line.bytes, $11::text, $12::text, $13::text
    FROM recorded
    CROSS JOIN (VALUES (1, 'delivered', $9::bigint), (2, 'completed', NULL)) AS line (place, kind, bytes)
    WHERE CASE line.place WHEN 1 THEN line.bytes IS NOT NULL ELSE recorded.state = 'completed' END
    ORDER BY line.place
)
SELECT * FROM recorded
