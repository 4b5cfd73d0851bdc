-- transition::claim, the claim that was taken, when it had been released: its next epoch. Runs only after claim_put.sql has
-- found it there.
UPDATE claims
SET epoch = epoch + 1,
    state = :state,
    state_at = :state_at,
    claimed_at = :now,
    sent = 0,
    coverage = '',
    recorder = :recorder
WHERE link = :seq AND id = :claim AND state = 'released'
