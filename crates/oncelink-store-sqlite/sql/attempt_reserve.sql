-- transition::reserve_attempt: takes one of the hour's passphrase attempts, or changes nothing when all are taken.
-- A window is open until :window milliseconds after it began; a clock that went back doesn't end it.
UPDATE links
SET attempts_count = iif(:now - attempts_since < :window, attempts_count + 1, 1),
    attempts_since = iif(:now - attempts_since < :window, attempts_since, :now)
WHERE id = :id
  AND (coalesce(:now - attempts_since >= :window, 1) OR attempts_count < :max)
RETURNING attempts_since, attempts_count
