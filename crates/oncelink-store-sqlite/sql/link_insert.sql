-- LinkStore::insert: a new link; changes nothing when there is one of this id.
INSERT INTO links (
    id, source, key, etag, version_id, size, sha256,
    uses, expires_at, lifetime, not_before, gate, delivery, filename, content_type, allow_from, note, metadata, webhook,
    passphrase, created_at, created_by, reissue_of, claimed, revoked_at, attempts_since, attempts_count, notes, log
) VALUES (
    :id, :source, :key, :etag, :version_id, :size, :sha256,
    :uses, :expires_at, :lifetime, :not_before, :gate, :delivery, :filename, :content_type, :allow_from, :note, :metadata, :webhook,
    :passphrase, :created_at, :created_by, :reissue_of, :claimed, :revoked_at, :attempts_since, :attempts_count, 0, :log
)
ON CONFLICT (id) DO NOTHING
