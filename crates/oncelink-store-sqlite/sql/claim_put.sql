-- transition::claim, the claim that was taken, when it is new; one that was released is claim_renew.sql's. Runs only after
-- claim_take.sql has changed its link in the same transaction. The log is the first epoch's.
INSERT INTO claims (link, id, epoch, state, state_at, claimed_at, sent, coverage, recorder, log)
VALUES (:seq, :claim, 1, :state, :state_at, :now, 0, '', :recorder, :log)
ON CONFLICT (link, id) DO NOTHING
