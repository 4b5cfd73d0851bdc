-- LinkStore::note: counts a best-effort event; changes nothing when the link has :max of them or doesn't exist.
UPDATE links SET notes = notes + 1 WHERE id = :id AND notes < :max
