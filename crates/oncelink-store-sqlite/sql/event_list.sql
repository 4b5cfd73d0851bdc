-- The events of a link in the order in which they were written.
SELECT * FROM events WHERE link = :link ORDER BY seq LIMIT :limit
