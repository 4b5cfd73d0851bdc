//! Where a download goes.

use std::path::{Path, PathBuf};

use crate::exit::Failure;
use crate::get::name::harmless;

/// Where a download goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Target {
    /// Into this file, which must not exist.
    File(PathBuf),
    /// Into this folder, under the name that the link gives.
    Folder(PathBuf),
    /// To standard output.
    Stdout,
}

impl Target {
    /// What `-o` says; nothing: the current folder.
    ///
    /// # Errors
    /// When the folder isn't there, or the file is.
    pub(crate) fn parse(output: Option<&str>) -> Result<Self, Failure> {
        let target = match output {
            None => return Ok(Self::Folder(".".into())),
            Some("-") => return Ok(Self::Stdout),
            Some("") => return Err(Failure::usage("-o is empty; name a file, a folder, or - for standard output")),
            Some(path) if path.ends_with('/') || Path::new(path).is_dir() => Self::Folder(path.into()),
            Some(path) => Self::File(path.into()),
        };
        if let Self::File(path) = &target {
            check_free(path)?;
        }
        let folder = target.folder();
        if !folder.is_dir() {
            return Err(Failure::failed(format!("there is no folder {}", folder.display())));
        }
        Ok(target)
    }

    /// The folder in which the file ends up, and an unfinished download lies meanwhile.
    pub(crate) fn folder(&self) -> &Path {
        match self {
            Self::File(path) => path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new(".")),
            Self::Folder(path) => path,
            Self::Stdout => Path::new("."),
        }
    }

    /// The file, when the link suggests `name`.
    ///
    /// # Errors
    /// When it exists.
    pub(crate) fn file(&self, name: &str) -> Result<PathBuf, Failure> {
        let path = match self {
            Self::File(path) => path.clone(),
            Self::Folder(folder) if folder == Path::new(".") => harmless(name).into(),
            Self::Folder(_) | Self::Stdout => self.folder().join(harmless(name)),
        };
        check_free(&path)?;
        Ok(path)
    }
}

/// Refuses what exists, a dangling symlink too.
fn check_free(path: &Path) -> Result<(), Failure> {
    match path.symlink_metadata() {
        Ok(_) => Err(exists(path)),
        Err(_) => Ok(()),
    }
}

/// What to say when the file is there already.
pub(crate) fn exists(path: &Path) -> Failure {
    Failure::failed(format!("{} exists already and stays as it is; choose another name with -o", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_takes_the_links_own_name_and_a_file_doesnt() {
        let folder = tempfile::tempdir().expect("a folder");
        let text = folder.path().to_str().expect("UTF-8").to_owned();
        assert_eq!(Target::parse(None), Ok(Target::Folder(".".into())));
        assert_eq!(Target::parse(Some("-")), Ok(Target::Stdout));
        let inside = Target::parse(Some(&text)).expect("a folder");
        assert_eq!(inside.file("../x.pdf"), Ok(folder.path().join("x.pdf")));
        let named = Target::parse(Some(&format!("{text}/y.pdf"))).expect("a file");
        assert_eq!((named.file("x.pdf"), named.folder()), (Ok(folder.path().join("y.pdf")), folder.path()));
        assert_eq!(Target::File("y.pdf".into()).folder(), Path::new("."));
    }

    #[test]
    fn what_is_there_or_cant_be_there_is_refused_up_front() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = |name: &str| folder.path().join(name).to_str().expect("UTF-8").to_owned();
        std::fs::write(path("there"), b"x").expect("writable");
        std::os::unix::fs::symlink("nowhere", path("dangling")).expect("a symlink");
        for name in ["there", "dangling"] {
            let failure = Target::parse(Some(&path(name))).expect_err("it exists");
            assert!(failure.to_string().contains("-o") && failure.code() == 1, "{failure}");
        }
        assert!(Target::parse(Some(&path("missing/x"))).is_err());
        assert!(Target::parse(Some(&path("missing/"))).is_err());
        assert_eq!(Target::parse(Some("")).map_err(|failure| failure.code()), Err(2));
    }
}
