//! `Repr-Digest` (RFC 9530), and SHA-256 over what arrived.

use std::fs::File;
use std::io;
use std::path::PathBuf;

use data_encoding::BASE64;
use sha2::{Digest, Sha256};

use crate::exit::Failure;

/// The SHA-256 in a `Repr-Digest` header, when it has a whole one.
pub(crate) fn repr_digest(header: &str) -> Option<[u8; 32]> {
    let members = header.split(',').filter_map(|member| member.trim().split_once('='));
    let found = members.into_iter().find(|(name, _)| name.trim().eq_ignore_ascii_case("sha-256"));
    let value = found.map(|(_, value)| value.split(';').next().unwrap_or_default().trim())?;
    let encoded = value.strip_prefix(':')?.strip_suffix(':')?;
    BASE64.decode(encoded.as_bytes()).ok()?.try_into().ok()
}

/// The SHA-256 of a file's content.
pub(crate) async fn of_file(path: PathBuf) -> Result<[u8; 32], Failure> {
    let failed = |error: &dyn std::fmt::Display| Failure::failed(format!("what arrived can't be read back: {error}"));
    let hashed = tokio::task::spawn_blocking(move || {
        let mut hasher = Sha256::new();
        let mut file = File::open(path)?;
        io::copy(&mut file, &mut HashWriter(&mut hasher))?;
        Ok::<_, io::Error>(hasher.finalize().into())
    });
    hashed.await.map_err(|error| failed(&error))?.map_err(|error| failed(&error))
}

/// What to say when the content in a file isn't what was promised.
pub(crate) fn mismatch() -> Failure {
    damaged().and("It is thrown away.")
}

/// What to say when the content isn't what was promised, wherever it went.
pub(crate) fn damaged() -> Failure {
    Failure::failed(
        "the SHA-256 of what arrived isn't the one that the server promised: it was damaged on its way. Ask the sender for a new link.",
    )
}

struct HashWriter<'a>(&'a mut Sha256);

impl io::Write for HashWriter<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.update(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_digest_is_found_among_others_and_a_broken_one_is_none() {
        let digest: [u8; 32] = Sha256::digest(b"content").into();
        let encoded = BASE64.encode(&digest);
        let found = [format!("sha-256=:{encoded}:"), format!("md5=:AAAA:, SHA-256=:{encoded}:;x=1"), format!(" sha-256 = :{encoded}: ")];
        for header in found {
            assert_eq!(repr_digest(&header), Some(digest), "{header}");
        }
        for header in
            ["", "sha-256", "sha-256=::", "sha-256=:AAAA:", &format!("sha-512=:{encoded}:"), &format!("sha-256={encoded}"), "sha-256=:!:"]
        {
            assert_eq!(repr_digest(header), None, "{header}");
        }
    }

    #[tokio::test]
    async fn a_files_digest_is_over_all_of_it() {
        let file = tempfile::NamedTempFile::new().expect("a file");
        let content = vec![7; 300_000];
        std::fs::write(file.path(), &content).expect("writable");
        assert_eq!(of_file(file.path().to_owned()).await, Ok(Sha256::digest(&content).into()));
    }
}
