-- link_list (LinkFilter::wants): one page of links, newest first. What isn't asked for is NULL. It isn't prepared, but
-- planned each time with its values: then the conditions that are NULL cost nothing.
-- $1 and $2 the last link of the page before, $3 source, $4 prefix, $5 text in the note, $6 state, $7 the state's time,
-- $8 and $9 the scope's sources and prefixes, $10 how many.
SELECT *
FROM oncelink_links
WHERE (created_at, id) < ($1::bigint, $2::text COLLATE "C")
  AND ($3::text IS NULL OR source = $3::text)
  AND ($4::text IS NULL OR starts_with(key, $4::text))
  AND ($5::text IS NULL OR strpos(note, $5::text) > 0)
  AND ($6::text IS NULL OR $6::text = CASE
      WHEN revoked_at IS NOT NULL THEN 'revoked'
      WHEN claimed >= uses THEN 'spent'
      WHEN expires_at <= $7::bigint THEN 'expired'
      ELSE 'active'
  END)
  AND ($8::text[] IS NULL OR source = ANY ($8::text[]))
  AND ($9::text[] IS NULL OR EXISTS (SELECT 1 FROM unnest($9::text[]) AS reach (prefix) WHERE starts_with(key, reach.prefix)))
ORDER BY created_at DESC, id DESC
LIMIT $10::bigint
