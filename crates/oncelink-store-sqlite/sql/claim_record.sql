-- transition::record: writes what a report makes of an active claim, fenced by its epoch.
UPDATE claims
SET state = :state, state_at = :state_at, sent = :sent, coverage = :coverage, recorder = :recorder, log = log || :lines
WHERE seq = :seq AND epoch = :epoch AND state = 'active'
