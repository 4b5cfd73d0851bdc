//! The data folder: made for its owner alone, with the first API key and the running server's address in it.
//!
//! Must not print the key.

use std::fs::{DirBuilder, File, OpenOptions};
use std::io::{self, ErrorKind, Read, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use oncelink_config::Secret;

use crate::exit::Failure;

/// The file with the first API key.
const KEY_FILE: &str = "api-key";
/// The file with what may become the first API key.
const OFFER_FILE: &str = "api-key.first";
/// The file with the running server's base URL.
const SERVER_FILE: &str = "server";
/// The longest content that is read of either, in bytes.
const LONGEST: u64 = 4_096;

/// A data folder.
#[derive(Clone, Debug)]
pub(crate) struct DataDir(PathBuf);

impl DataDir {
    /// A folder that may or may not exist.
    pub(crate) fn new(path: &Path) -> Self {
        Self(path.to_owned())
    }

    /// Makes the folder, for its owner alone, unless it is there.
    pub(crate) fn create(&self) -> Result<(), Failure> {
        let made = DirBuilder::new().recursive(true).mode(0o700).create(&self.0);
        made.map_err(|error| {
            Failure::failed(format!("the data folder {} can't be made: {error}; give another one with --data", self.0.display()))
        })
    }

    /// Where the first API key lies.
    pub(crate) fn key_path(&self) -> PathBuf {
        self.0.join(KEY_FILE)
    }

    /// Keeps the first API key. One that is there already, of another store, is put aside: it may be the only copy. Says
    /// where.
    pub(crate) fn write_key(&self, key: &str) -> Result<Option<PathBuf>, Failure> {
        if self.read(KEY_FILE)?.as_deref() == Some(key) {
            return Ok(None);
        }
        let kept = self.keep_old(KEY_FILE)?;
        self.write(KEY_FILE, key)?;
        Ok(kept)
    }

    /// Puts down what may become the first API key.
    pub(crate) fn offer_key(&self, key: &str) -> Result<(), Failure> {
        self.write(OFFER_FILE, key)
    }

    /// What was put down and neither kept nor dropped.
    pub(crate) fn read_offer(&self) -> Result<Option<Secret>, Failure> {
        Ok(self.read(OFFER_FILE)?.map(Secret::new))
    }

    /// Takes away what was put down.
    pub(crate) fn drop_offer(&self) -> Result<(), Failure> {
        let path = self.0.join(OFFER_FILE);
        match std::fs::remove_file(&path) {
            Err(error) if error.kind() != ErrorKind::NotFound => {
                Err(Failure::failed(format!("{} can't be removed: {error}", path.display())))
            }
            _ => Ok(()),
        }
    }

    /// The first API key, if there is one that we may read.
    pub(crate) fn read_key(&self) -> Result<Option<Secret>, Failure> {
        Ok(self.read(KEY_FILE)?.map(Secret::new))
    }

    /// Tells commands on this machine where the server is.
    pub(crate) fn write_server(&self, url: &str) -> Result<(), Failure> {
        self.write(SERVER_FILE, url)
    }

    /// Where the server is, or was when it last ran.
    pub(crate) fn read_server(&self) -> Result<Option<String>, Failure> {
        self.read(SERVER_FILE)
    }

    /// Writes a file for its owner alone, in one piece: a reader sees the old content or the new.
    fn write(&self, name: &str, content: &str) -> Result<(), Failure> {
        let (path, new) = (self.0.join(name), self.0.join(format!("{name}.new")));
        let written = (|| {
            let _ = std::fs::remove_file(&new);
            let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&new)?;
            writeln!(file, "{content}")?;
            file.sync_all()?;
            std::fs::rename(&new, &path)?;
            File::open(&self.0)?.sync_all()
        })();
        written.map_err(|error: io::Error| Failure::failed(format!("{} can't be written: {error}", path.display())))
    }

    /// Copies a file that has something in it to the first of `NAME.old`, `NAME.old.1`, ... that is free, for its owner
    /// alone. Nothing is ever overwritten.
    fn keep_old(&self, name: &str) -> Result<Option<PathBuf>, Failure> {
        let path = self.0.join(name);
        let kept = (|| {
            let mut old = match File::open(&path) {
                Ok(old) if old.metadata()?.len() > 0 => old,
                Ok(_) => return Ok(None),
                Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
                Err(error) => return Err(error),
            };
            let (mut file, aside) = self.create_aside(name)?;
            io::copy(&mut old, &mut file)?;
            file.sync_all()?;
            Ok(Some(aside))
        })();
        kept.map_err(|error: io::Error| Failure::failed(format!("{} can't be put aside: {error}; move it away", path.display())))
    }

    /// Makes the first of `NAME.old`, `NAME.old.1`, ... that isn't there.
    fn create_aside(&self, name: &str) -> io::Result<(File, PathBuf)> {
        let mut number = 0_u32;
        loop {
            let ending = if number == 0 { String::new() } else { format!(".{number}") };
            let aside = self.0.join(format!("{name}.old{ending}"));
            match OpenOptions::new().write(true).create_new(true).mode(0o600).open(&aside) {
                Ok(file) => return Ok((file, aside)),
                Err(error) if error.kind() == ErrorKind::AlreadyExists => number += 1,
                Err(error) => return Err(error),
            }
        }
    }

    fn read(&self, name: &str) -> Result<Option<String>, Failure> {
        let path = self.0.join(name);
        let mut text = String::new();
        let read = File::open(&path).and_then(|file| file.take(LONGEST).read_to_string(&mut text));
        match read {
            Ok(_) => Ok(Some(text.trim().to_owned()).filter(|text| !text.is_empty())),
            Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => Ok(None),
            Err(error) => Err(Failure::failed(format!("{} can't be read: {error}", path.display()))),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn what_is_in_the_folder_is_for_its_owner_alone() {
        let outer = tempfile::tempdir().expect("a folder");
        let data = DataDir::new(&outer.path().join("a/b"));
        data.create().expect("it can be made");
        data.create().expect("again is no harm");
        data.write_key("olk_1").expect("writable");
        data.write_server("http://127.0.0.1:1").expect("writable");
        data.write_server("http://127.0.0.1:2").expect("again replaces it");
        let mode = |path: &Path| std::fs::metadata(path).expect("it is there").permissions().mode() & 0o777;
        assert_eq!(mode(&data.0), 0o700);
        assert_eq!(mode(&data.key_path()), 0o600);
        assert_eq!(mode(&data.0.join("server")), 0o600);
        assert_eq!(data.read_key().expect("readable").expect("there").reveal(), "olk_1");
        assert_eq!(data.read_server().expect("readable").as_deref(), Some("http://127.0.0.1:2"));
        assert_eq!(std::fs::read_dir(&data.0).expect("a folder").count(), 2, "nothing is left over");
    }

    #[test]
    fn a_key_that_is_there_is_put_aside_for_its_owner_alone() {
        let outer = tempfile::tempdir().expect("a folder");
        let data = DataDir::new(outer.path());
        std::fs::write(data.key_path(), b"").expect("writable");
        assert_eq!(data.write_key("olk_1"), Ok(None), "nothing is no key");
        std::fs::set_permissions(data.key_path(), std::fs::Permissions::from_mode(0o644)).expect("ours");
        for (key, aside, before) in
            [("olk_2", "api-key.old", "olk_1\n"), ("olk_3", "api-key.old.1", "olk_2\n"), ("olk_4", "api-key.old.2", "olk_3\n")]
        {
            let aside = outer.path().join(aside);
            assert_eq!(data.write_key(key), Ok(Some(aside.clone())));
            assert_eq!(std::fs::read_to_string(&aside).expect("kept"), before);
            assert_eq!(std::fs::metadata(&aside).expect("kept").permissions().mode() & 0o777, 0o600);
            assert_eq!(data.read_key().expect("readable").expect("there").reveal(), key);
        }
        assert_eq!(std::fs::read_to_string(outer.path().join("api-key.old")).expect("kept"), "olk_1\n", "nothing is overwritten");
        assert_eq!(std::fs::read_dir(outer.path()).expect("a folder").count(), 4);
    }

    #[test]
    fn a_folder_that_isnt_there_holds_nothing() {
        let data = DataDir::new(Path::new("/nonexistent/oncelink"));
        assert!(data.read_key().expect("no error").is_none() && data.read_server().expect("no error").is_none());
        assert!(DataDir::new(Path::new("/dev/null/x")).create().is_err_and(|failure| failure.to_string().contains("--data")));
    }
}
