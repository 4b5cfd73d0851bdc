-- schema_begin: the table that counts the migrations. Run under the lock of schema_lock.sql.
CREATE TABLE IF NOT EXISTS oncelink_schema (version BIGINT PRIMARY KEY)
