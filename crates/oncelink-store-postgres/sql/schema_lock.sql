-- schema_lock: lets one program at a time change the tables of this schema; given up with the transaction. The first number
-- is "OLnk" and keeps out of other programs' way.
SELECT pg_advisory_xact_lock(1330409067, hashtext(current_schema()))
