-- transition::claim, the claim that was taken: new, or the next epoch of a released one. Runs only after claim_take.sql
-- has changed its link in the same transaction. The log is the first epoch's.
INSERT INTO claims (link, id, epoch, state, state_at, claimed_at, sent, coverage, recorder, log)
VALUES (:link, :claim, 1, :state, :state_at, :now, 0, '', :recorder, :log)
ON CONFLICT (link, id) DO UPDATE
SET epoch = epoch + 1,
    state = excluded.state,
    state_at = excluded.state_at,
    claimed_at = excluded.claimed_at,
    sent = 0,
    coverage = '',
    recorder = excluded.recorder
WHERE state = 'released'
RETURNING *
