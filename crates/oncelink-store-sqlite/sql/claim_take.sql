-- transition::claim, then transition::count_use: takes a use, or changes nothing. All that speaks against it stands in
-- this WHERE: revocation, an own claim that wasn't released, uses, expiry, not_before, a missing passphrase proof.
UPDATE links
SET claimed = claimed + 1,
    attempts_count = iif(attempts_since = :proved, max(attempts_count - 1, 0), attempts_count)
WHERE seq = :seq
  AND revoked_at IS NULL
  AND NOT EXISTS (SELECT 1 FROM claims WHERE link = :seq AND id = :claim AND state <> 'released')
  AND claimed < uses
  AND expires_at > :now
  AND (not_before IS NULL OR not_before <= :now)
  AND (passphrase IS NULL OR :proved IS NOT NULL)
