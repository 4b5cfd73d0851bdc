-- event_number: draws a number for an event, to find out whether the role may.
SELECT nextval('oncelink_events_seq_seq')
