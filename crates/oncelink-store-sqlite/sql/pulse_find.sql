-- LinkStore::ping: a read.
SELECT beats FROM pulse WHERE id = 1
