-- transition::purgeable: deletes links on which claiming is over since :before, and so is every claim. What hangs on them
-- (claims, events, idempotency keys) goes along by ON DELETE CASCADE.
DELETE FROM links
WHERE seq IN (
    SELECT seq FROM links
    WHERE (links.expires_at < :before OR links.revoked_at < :before)
      AND NOT EXISTS (SELECT 1 FROM claims WHERE claims.link = links.seq AND claims.state_at >= :before)
    LIMIT :limit
)
