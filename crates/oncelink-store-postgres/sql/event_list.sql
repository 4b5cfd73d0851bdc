-- event_list: the events of a link in the order in which they were written, be it into the table or into a claim's log
-- (migrations/0002_claim_logs.sql), all seen at one moment.
SELECT seq, link, at, kind, claim, bytes, reason, address, user_agent, key
FROM oncelink_events
WHERE link = $1
UNION ALL
SELECT part[1]::bigint, link, part[2]::bigint, part[3], claim, part[4]::bigint, NULL, part[5], substr(part[7], 2), part[6]
FROM oncelink_claims
CROSS JOIN string_to_table(rtrim(log, E'\n'), E'\n') AS line
CROSS JOIN string_to_array(line, E'\t', '') AS part
WHERE link = $1 AND log <> ''
ORDER BY seq
LIMIT $2::bigint
