-- transition::release: gives an active claim back whose lease runs and of which nothing was sent, fenced by its epoch.
-- link_give_back.sql frees the use in the same transaction.
UPDATE claims
SET state = 'released', state_at = :now, log = log || :line
WHERE link = (SELECT seq FROM links WHERE id = :link)
  AND id = :claim AND epoch = :epoch AND state = 'active' AND state_at > :now
  AND sent = 0 AND coverage = ''
