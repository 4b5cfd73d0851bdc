-- claims_record (transition::record, several at a time): what claim_record.sql does, for reports of different claims;
-- answers with the claims that it wrote. As in claims_take.sql, a link that somebody else holds at the moment is left out,
-- nothing waits for anybody's row, and what isn't written is asked again alone. So is a claim whose log is long: alone it
-- goes into the table.
-- An array for each but the last: $1 link, $2 claim, $3 epoch, $4 now, $5 delivered ranges, $6 sent bytes, $7 lease until,
-- $8 whether it may complete, $9 bytes of the response that ended, $10 recorder, $11 who acts, as the end of a line of the
-- log; $12 how many ranges.
WITH held AS (
    SELECT asked.*, ask_delivered::int8multirange AS delivered, size, revoked_at
    FROM unnest(
        (SELECT $1::text[]), (SELECT $2::text[]), (SELECT $3::bigint[]), (SELECT $4::bigint[]), (SELECT $5::text[]),
        (SELECT $6::bigint[]), (SELECT $7::bigint[]), (SELECT $8::boolean[]), (SELECT $9::bigint[]), (SELECT $10::bigint[]),
        (SELECT $11::text[])
    ) AS asked (
        ask_link, ask_claim, ask_epoch, ask_now, ask_delivered, ask_sent, ask_lease, ask_may_complete, ask_ended,
        ask_recorder, ask_actor
    )
    JOIN oncelink_links ON id = ask_link
    -- True of every id, as in claims_take.sql.
    WHERE ask_link BETWEEN '' AND '~'
    FOR NO KEY UPDATE OF oncelink_links SKIP LOCKED
),
recorded AS (
    UPDATE oncelink_claims AS mine
    SET sent = mine.sent + least(ask_sent, 9223372036854775807 - mine.sent),
        recorder = ask_recorder,
        coverage = (
            SELECT coalesce(range_agg(longest.part), '{}')
            FROM (
                SELECT part
                FROM unnest(mine.coverage + held.delivered) AS part
                ORDER BY upper(part) - lower(part) DESC, lower(part) DESC
                LIMIT $12::bigint
            ) AS longest
        ),
        state = CASE
            WHEN ask_may_complete AND mine.coverage + held.delivered @> int8range(0, held.size) THEN 'completed'
            ELSE 'active'
        END,
        state_at = CASE
            WHEN ask_may_complete AND mine.coverage + held.delivered @> int8range(0, held.size) THEN ask_now
            WHEN held.revoked_at IS NULL AND ask_now < mine.state_at THEN greatest(mine.state_at, ask_lease)
            ELSE mine.state_at
        END,
        log = mine.log || CASE
            WHEN ask_ended IS NOT NULL
            THEN concat(nextval('oncelink_events_seq_seq'), E'\t', ask_now, E'\tdelivered\t', ask_ended, ask_actor)
            ELSE ''
        END || CASE
            WHEN ask_may_complete AND mine.coverage + held.delivered @> int8range(0, held.size)
            THEN concat(nextval('oncelink_events_seq_seq'), E'\t', ask_now, E'\tcompleted\t', ask_actor)
            ELSE ''
        END
    FROM held
    WHERE mine.link = ask_link AND mine.claim = ask_claim AND mine.epoch = ask_epoch AND mine.state = 'active'
      AND length(mine.log) < 2048
    RETURNING mine.*, held.revoked_at
)
SELECT link, claim, epoch, state, state_at, claimed_at, sent, coverage, recorder, revoked_at FROM recorded
