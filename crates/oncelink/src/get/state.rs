//! What must be remembered of an unfinished download: the holder secret, and what its claim said.
//!
//! One small file of JSON lines, for its owner alone. It is written and synced before the claim is made, and only ever
//! appended to, so that no crash can lose the holder.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use data_encoding::HEXLOWER;
use oncelink_core::holder::Holder;
use oncelink_core::ports::Entropy;
use rustix::fs::OFlags;
use serde::{Deserialize, Serialize};

use crate::exit::Failure;

/// The ending of the file.
const ENDING: &str = "oncelink";
/// The largest file that is read, in bytes.
const LARGEST: u64 = 64 * 1024;

/// An unfinished download, locked for this process.
pub(crate) struct State {
    path: PathBuf,
    file: File,
    holder: Holder,
    facts: Option<Facts>,
    is_fresh: bool,
}

/// What a claim said of the file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Facts {
    /// Its size in bytes.
    pub(crate) size: u64,
    /// Its entity tag, as it was sent.
    pub(crate) etag: String,
    /// What the link calls it.
    pub(crate) filename: String,
    /// Its SHA-256 in hexadecimal, once a response has told it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) sha256: Option<String>,
}

/// The first line.
#[derive(Serialize, Deserialize)]
struct Opening {
    holder: String,
}

impl Facts {
    /// The digest as bytes.
    pub(crate) fn digest(&self) -> Option<[u8; 32]> {
        HEXLOWER.decode(self.sha256.as_ref()?.as_bytes()).ok()?.try_into().ok()
    }

    /// With this digest.
    #[must_use]
    pub(crate) fn with_digest(self, digest: &[u8; 32]) -> Self {
        Self { sha256: Some(HEXLOWER.encode(digest)), ..self }
    }
}

impl State {
    /// The state of the download `id` in `folder`: the one that is there, or a fresh one, already on disk.
    ///
    /// # Errors
    /// When another process is at it, or the file can't be kept.
    pub(crate) fn open(folder: &Path, id: &str, entropy: &dyn Entropy) -> Result<Self, Failure> {
        let path = folder.join(format!("{id}.{ENDING}"));
        let failed =
            |error: io::Error| Failure::failed(format!("{} can't be kept: {error}; choose another folder with -o", path.display()));
        let mut file = locked(&path)?.map_err(failed)?;
        let mut text = String::new();
        // What isn't text is no state of ours, and is begun anew like an empty file.
        let _ = (&file).take(LARGEST).read_to_string(&mut text);
        let mut lines = text.lines();
        let known =
            lines.next().and_then(|line| serde_json::from_str::<Opening>(line).ok()).and_then(|opening| Holder::parse(&opening.holder));
        match known {
            Some(holder) => {
                let facts = lines.filter_map(|line| serde_json::from_str(line).ok()).next_back();
                Ok(Self { path, file, holder, facts, is_fresh: false })
            }
            None => {
                let holder = Holder::create(entropy);
                begin(&mut file, folder, &holder).map_err(failed)?;
                Ok(Self { path, file, holder, facts: None, is_fresh: true })
            }
        }
    }

    /// The holder secret.
    pub(crate) fn holder(&self) -> &Holder {
        &self.holder
    }

    /// What the claim said, when it was made before.
    pub(crate) fn facts(&self) -> Option<&Facts> {
        self.facts.as_ref()
    }

    /// Whether nothing can have been claimed with this holder before.
    pub(crate) fn is_fresh(&self) -> bool {
        self.is_fresh
    }

    /// Keeps what the claim said.
    pub(crate) fn note(&mut self, facts: Facts) -> Result<(), Failure> {
        if self.facts.as_ref() == Some(&facts) {
            return Ok(());
        }
        let line = serde_json::to_string(&facts).unwrap_or_default();
        // In front too: a line that a crash left unfinished must not swallow this one.
        let written = self.file.write_all(format!("\n{line}\n").as_bytes()).and_then(|()| self.file.sync_all());
        written.map_err(|error| Failure::failed(format!("{} can't be written: {error}", self.path.display())))?;
        self.facts = Some(facts);
        Ok(())
    }

    /// Forgets the download.
    pub(crate) fn remove(self) {
        let _ = std::fs::remove_file(&self.path);
    }
}

/// Opens and locks the file, and makes it if it isn't there. The other one may have removed it in between: then it is
/// made anew.
fn locked(path: &Path) -> Result<io::Result<File>, Failure> {
    loop {
        let opened = OpenOptions::new()
            .read(true)
            .append(true)
            .create(true)
            .mode(0o600)
            .custom_flags(OFlags::NOFOLLOW.bits().cast_signed())
            .open(path);
        let file = match opened {
            Ok(file) => file,
            Err(error) => return Ok(Err(error)),
        };
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                return Err(Failure::failed("another 'oncelink get' is downloading this link into the same folder"));
            }
            Err(TryLockError::Error(error)) => return Ok(Err(error)),
        }
        let mine = file.metadata().map(|mine| (mine.dev(), mine.ino())).ok();
        let there = path.symlink_metadata().map(|there| (there.dev(), there.ino())).ok();
        if mine.is_some() && mine == there {
            return Ok(Ok(file));
        }
    }
}

fn begin(file: &mut File, folder: &Path, holder: &Holder) -> io::Result<()> {
    file.set_permissions(std::fs::Permissions::from_mode(0o600))?;
    file.set_len(0)?;
    file.seek(SeekFrom::Start(0))?;
    let line = serde_json::to_string(&Opening { holder: holder.reveal().to_owned() })?;
    writeln!(file, "{line}")?;
    file.sync_all()?;
    File::open(folder)?.sync_all()
}

#[cfg(test)]
mod tests {
    use oncelink_system::OsEntropy;

    use super::*;

    fn facts(size: u64) -> Facts {
        Facts { size, etag: "\"e\"".to_owned(), filename: "a.bin".to_owned(), sha256: None }
    }

    fn open(folder: &Path) -> State {
        State::open(folder, "id", &OsEntropy).expect("it can be opened")
    }

    #[test]
    fn the_holder_and_the_facts_survive_the_process() {
        let folder = tempfile::tempdir().expect("a folder");
        let mut state = open(folder.path());
        assert!(state.is_fresh() && state.facts().is_none());
        assert_eq!(state.holder().reveal().len(), 43);
        let holder = state.holder().clone();
        state.note(facts(1)).expect("writable");
        state.note(facts(2).with_digest(&[7; 32])).expect("writable");
        drop(state);
        let state = open(folder.path());
        assert!(!state.is_fresh() && *state.holder() == holder);
        assert_eq!(state.facts(), Some(&facts(2).with_digest(&[7; 32])));
        assert_eq!(state.facts().and_then(Facts::digest), Some([7; 32]));
        state.remove();
        assert_eq!(std::fs::read_dir(folder.path()).expect("a folder").count(), 0);
    }

    #[test]
    fn the_file_is_for_its_owner_alone() {
        let folder = tempfile::tempdir().expect("a folder");
        let state = open(folder.path());
        let mode = std::fs::metadata(&state.path).expect("it is there").permissions().mode() & 0o777;
        assert_eq!(mode, 0o600);
    }

    #[test]
    fn a_line_that_a_crash_left_unfinished_loses_nothing_but_itself() {
        let folder = tempfile::tempdir().expect("a folder");
        let mut state = open(folder.path());
        let holder = state.holder().clone();
        state.note(facts(1)).expect("writable");
        state.file.write_all(b"{\"size\":9,\"et").expect("writable");
        drop(state);
        let mut state = open(folder.path());
        assert!(*state.holder() == holder && state.facts() == Some(&facts(1)));
        state.note(facts(3)).expect("writable");
        drop(state);
        assert_eq!(open(folder.path()).facts(), Some(&facts(3)));
    }

    #[test]
    fn what_is_no_state_is_begun_anew_and_a_symlink_isnt_followed() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("id.oncelink");
        for content in [&b""[..], b"nonsense", b"{\"holder\":\"short\"}\n", b"\xff\xfe"] {
            std::fs::write(&path, content).expect("writable");
            assert!(open(folder.path()).is_fresh(), "{content:?}");
        }
        std::fs::remove_file(&path).expect("there");
        std::os::unix::fs::symlink(folder.path().join("elsewhere"), &path).expect("a symlink");
        assert!(State::open(folder.path(), "id", &OsEntropy).is_err());
        assert!(!folder.path().join("elsewhere").exists());
    }

    #[test]
    fn two_processes_dont_work_at_one_download() {
        let folder = tempfile::tempdir().expect("a folder");
        let state = open(folder.path());
        let second = State::open(folder.path(), "id", &OsEntropy).err().expect("it is locked");
        assert!(second.to_string().contains("another"), "{second}");
        drop(state);
        open(folder.path());
    }
}
