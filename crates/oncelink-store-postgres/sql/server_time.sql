-- server_time: the server's clock now, in milliseconds since 1970-01-01T00:00:00Z.
SELECT floor(extract(epoch FROM clock_timestamp()) * 1000)::bigint AS now
