-- transition::complete: ends an active claim whose lease runs and whose link isn't revoked, fenced by its epoch.
UPDATE claims
SET state = 'completed', state_at = :now, log = log || :line
WHERE link = (SELECT seq FROM links WHERE id = :link AND revoked_at IS NULL)
  AND id = :claim AND epoch = :epoch AND state = 'active' AND state_at > :now
