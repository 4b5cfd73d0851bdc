-- event_list: the events of a link in the order in which they were written.
SELECT * FROM oncelink_events WHERE link = $1 ORDER BY seq LIMIT $2::bigint
