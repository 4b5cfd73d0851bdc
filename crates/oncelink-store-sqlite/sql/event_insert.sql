-- One line of a link's history, written in the transaction of the change that it tells of.
INSERT INTO events (link, at, kind, claim, bytes, reason, address, user_agent, key)
VALUES (:link, :at, :kind, :claim, :bytes, :reason, :address, :user_agent, :key)
