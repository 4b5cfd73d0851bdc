-- LinkStore::ping: a write that only a file on a healthy disk takes.
UPDATE pulse SET beats = beats + 1 WHERE id = 1
