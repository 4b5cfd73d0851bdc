-- pulse_beat (LinkStore::ping): a read and a write in one, which only a database that takes writes answers.
UPDATE oncelink_pulse SET beats = beats + 1 WHERE id = 1 RETURNING beats
