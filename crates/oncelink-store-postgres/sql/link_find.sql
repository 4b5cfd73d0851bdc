-- link_find: one link.
SELECT * FROM oncelink_links WHERE id = $1
