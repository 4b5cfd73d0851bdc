-- attempt_refund (transition::refund_attempt): gives one attempt of the window that began at $2 back.
UPDATE oncelink_links
SET attempts_count = attempts_count - 1
WHERE id = $1 AND attempts_since = $2 AND attempts_count > 0
