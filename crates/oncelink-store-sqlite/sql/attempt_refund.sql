-- transition::refund_attempt: gives one attempt of the window that began at :window back.
UPDATE links
SET attempts_count = attempts_count - 1
WHERE id = :id AND attempts_since = :window AND attempts_count > 0
