-- schema_done: one more migration is done.
INSERT INTO oncelink_schema (version) VALUES ($1)
