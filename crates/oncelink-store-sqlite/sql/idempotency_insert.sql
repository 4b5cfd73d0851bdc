-- LinkStore::insert: remembers which link a creation made.
INSERT INTO idempotency (name, body, link) VALUES (:name, :body, :link)
