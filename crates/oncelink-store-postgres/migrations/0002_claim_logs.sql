-- Version 2: what happens to a claim is kept in the claim's row, which is being written anyway, instead of in a row of table
-- oncelink_events with two indexes. What is there stays there, and whatever is less than plain still goes there.
--
-- A line for each event, the oldest first: number, time, kind, bytes, address, API key, user agent behind a '=', with tabs
-- between them; empty for none. The numbers are drawn from the sequence of oncelink_events: both together have one order.

ALTER TABLE oncelink_claims ADD COLUMN log TEXT NOT NULL DEFAULT '';

-- A claim is inserted and, once delivered, written anew with three times the log: room for that on the same page, or its
-- index has to be told.
ALTER TABLE oncelink_claims SET (fillfactor = 35);

-- Whoever may add events may draw their numbers, which an identity column does without being asked.
DO $$
DECLARE
    entitled TEXT;
BEGIN
    FOR entitled IN
        SELECT DISTINCT CASE grantee WHEN 0 THEN 'PUBLIC' ELSE quote_ident(pg_get_userbyid(grantee)) END
        FROM pg_class CROSS JOIN aclexplode(relacl)
        WHERE oid = 'oncelink_events'::regclass AND privilege_type = 'INSERT'
    LOOP
        EXECUTE 'GRANT USAGE ON SEQUENCE oncelink_events_seq_seq TO ' || entitled;
    END LOOP;
END $$;
