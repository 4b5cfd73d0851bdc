-- transition::release: the use is free again. Runs only after claim_release.sql has changed its claim.
UPDATE links SET claimed = claimed - 1 WHERE id = :link
