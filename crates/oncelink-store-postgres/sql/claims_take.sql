-- claims_take (transition::claim, several at a time): what claim_take.sql does, for claims on different links; answers with
-- the links of those that were granted. What it doesn't grant is asked again by itself, with claim_take.sql, which tells
-- why. So it leaves out whatever is less than plain: a link that somebody else holds at the moment, on which all the others
-- would have to wait, and a holder who has been there before.
--
-- The link's row decides, as there: it is locked as the one before left it, and all that speaks against the claim is
-- looked at once more. A holder who is there twice at the same moment meets the first one's claim in "put": the whole
-- statement is undone, and everybody is asked again alone. Nothing in here waits for anybody's row, so there is no circle.
-- An array for each: $1 link, $2 claim, $3 now, $4 state, $5 state's time, $6 window of the proved attempt, $7 recorder,
-- $8 who acts, as the end of a line of the log. A sub-select hides how many there are from the planner: one plan serves
-- all.
WITH held AS (
    SELECT asked.*
    FROM unnest(
        (SELECT $1::text[]), (SELECT $2::text[]), (SELECT $3::bigint[]), (SELECT $4::text[]), (SELECT $5::bigint[]),
        (SELECT $6::bigint[]), (SELECT $7::bigint[]), (SELECT $8::text[])
    ) AS asked (ask_link, ask_claim, ask_now, ask_state, ask_at, ask_proved, ask_recorder, ask_actor)
    JOIN oncelink_links ON id = ask_link
    -- True of every id. The planner takes it for narrow, and so keeps to the indexes, however small the tables are when it
    -- makes the plan that serves from then on.
    WHERE ask_link BETWEEN '' AND '~'
    FOR NO KEY UPDATE OF oncelink_links SKIP LOCKED
),
taken AS (
    UPDATE oncelink_links
    SET claimed = claimed + 1,
        attempts_count = CASE WHEN attempts_since = ask_proved THEN greatest(attempts_count - 1, 0) ELSE attempts_count END
    FROM held
    WHERE id = ask_link
      AND revoked_at IS NULL
      AND NOT EXISTS (SELECT 1 FROM oncelink_claims WHERE link = ask_link AND claim = ask_claim)
      AND claimed < uses
      AND expires_at > ask_now
      AND (not_before IS NULL OR not_before <= ask_now)
      AND (passphrase IS NULL OR ask_proved IS NOT NULL)
    RETURNING oncelink_links.*, held.*
),
put AS (
    INSERT INTO oncelink_claims (link, claim, epoch, state, state_at, claimed_at, sent, coverage, recorder, log)
    SELECT
        id, ask_claim, 1, ask_state, ask_at, ask_now, 0, '{}', ask_recorder,
        concat(nextval('oncelink_events_seq_seq'), E'\t', ask_now, E'\tclaimed\t', ask_actor) || CASE
            WHEN ask_state = 'completed'
            THEN concat(nextval('oncelink_events_seq_seq'), E'\t', ask_now, E'\tcompleted\t', ask_actor)
            ELSE ''
        END
    FROM taken
)
SELECT * FROM taken
