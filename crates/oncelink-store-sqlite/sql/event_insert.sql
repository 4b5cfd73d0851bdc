-- One line of a link's history, written in the transaction of the change that it tells of.
INSERT INTO events (seq, link, at, kind, claim, bytes, reason, address, user_agent, key)
VALUES (:seq, :link, :at, :kind, :claim, :bytes, :reason, :address, :user_agent, :key)
