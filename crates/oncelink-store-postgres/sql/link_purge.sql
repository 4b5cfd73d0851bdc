-- link_purge (transition::purgeable): deletes at most $2 links on which claiming is over since $1, and so is every claim.
-- What hangs on them (claims, events, idempotency keys) goes along by ON DELETE CASCADE. Several replicas at a time take
-- different links: what another one has locked is left to it.
WITH due AS (
    SELECT id FROM oncelink_links
    WHERE (expires_at < $1::bigint OR revoked_at < $1::bigint)
      AND NOT EXISTS (
          SELECT 1 FROM oncelink_claims WHERE oncelink_claims.link = oncelink_links.id AND oncelink_claims.state_at >= $1::bigint
      )
    LIMIT $2::bigint
    FOR UPDATE SKIP LOCKED
)
DELETE FROM oncelink_links USING due WHERE oncelink_links.id = due.id
RETURNING oncelink_links.id
