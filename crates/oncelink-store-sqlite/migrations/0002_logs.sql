-- Version 2: what happened to a row is kept in the row, which is being written anyway; table events keeps the rest.
--
-- The format is rows/log.rs's. What version 1 wrote stays in table events.

ALTER TABLE links ADD COLUMN log TEXT NOT NULL DEFAULT '';
ALTER TABLE claims ADD COLUMN log TEXT NOT NULL DEFAULT '';
