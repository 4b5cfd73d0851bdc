-- LinkStore::revoke: changes nothing when the link is revoked already, so that the first time stays.
UPDATE links SET revoked_at = :now WHERE id = :id AND revoked_at IS NULL
