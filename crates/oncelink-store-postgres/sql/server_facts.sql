-- server_facts: what an opening checks before anything else.
SELECT current_setting('server_version_num')::bigint AS version,
       current_setting('server_encoding') AS encoding,
       to_regclass('oncelink_schema') IS NOT NULL AS known,
       current_schema() AS schema
