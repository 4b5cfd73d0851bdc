-- schema_version: the version of the tables; 0 for none.
SELECT coalesce(max(version), 0)::bigint AS version FROM oncelink_schema
