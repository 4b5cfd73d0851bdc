-- attempt_reserve (transition::reserve_attempt): takes one of the hour's passphrase attempts, or changes nothing when all
-- are taken. $2 is the present, $3 how long a window is, $4 how many attempts it has. A clock that went back doesn't end
-- a window.
UPDATE oncelink_links
SET attempts_count = CASE WHEN $2::bigint - attempts_since < $3::bigint THEN attempts_count + 1 ELSE 1 END,
    attempts_since = CASE WHEN $2::bigint - attempts_since < $3::bigint THEN attempts_since ELSE $2::bigint END
WHERE id = $1
  AND (attempts_since IS NULL OR $2::bigint - attempts_since >= $3::bigint OR attempts_count < $4::bigint)
RETURNING attempts_since, attempts_count
