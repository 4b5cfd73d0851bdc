-- claim_take (transition::claim, then transition::count_use): takes a use, stores the claim and tells of it, or changes
-- nothing. All that speaks against it stands in the first WHERE: revocation, an own claim that wasn't released, uses,
-- expiry, not_before, a missing passphrase proof.
--
-- The link's row decides. Whoever waits for it sees the row as the one before left it, but still an old picture of the
-- claims: the same holder twice at the same moment gets through the NOT EXISTS twice. The second then meets the first
-- one's claim in "put", where its epoch becomes NULL, which the column refuses: the whole statement is undone, the count
-- included, and asked again it finds its claim. A released claim is taken anew in its next epoch.
-- $1 link, $2 claim, $3 now, $4 state, $5 state's time, $6 window of the proved attempt, $7 recorder, $8 address,
-- $9 user agent, $10 API key.
WITH taken AS (
    UPDATE oncelink_links
    SET claimed = claimed + 1,
        attempts_count = CASE WHEN attempts_since = $6::bigint THEN greatest(attempts_count - 1, 0) ELSE attempts_count END
    WHERE id = $1::text
      AND revoked_at IS NULL
      AND NOT EXISTS (SELECT 1 FROM oncelink_claims WHERE link = $1::text AND claim = $2::text AND state <> 'released')
      AND claimed < uses
      AND expires_at > $3::bigint
      AND (not_before IS NULL OR not_before <= $3::bigint)
      AND (passphrase IS NULL OR $6::bigint IS NOT NULL)
    RETURNING *
),
put AS (
    INSERT INTO oncelink_claims AS mine (link, claim, epoch, state, state_at, claimed_at, sent, coverage, recorder)
    SELECT id, $2::text, 1, $4::text, $5::bigint, $3::bigint, 0, '{}', $7::bigint FROM taken
    ON CONFLICT (link, claim) DO UPDATE
    SET epoch = CASE mine.state WHEN 'released' THEN mine.epoch + 1 END,
        state = excluded.state,
        state_at = excluded.state_at,
        claimed_at = excluded.claimed_at,
        sent = 0,
        coverage = '{}',
        recorder = excluded.recorder
    RETURNING *
),
told AS (
    INSERT INTO oncelink_events (link, at, kind, claim, address, user_agent, key)
    SELECT put.link, $3::bigint, line.kind, put.claim, $8::text, $9::text, $10::text
    FROM put
    CROSS JOIN (VALUES (1, 'claimed'), (2, 'completed')) AS line (place, kind)
    WHERE line.place = 1 OR put.state = 'completed'
    ORDER BY line.place
)
SELECT * FROM taken CROSS JOIN put
