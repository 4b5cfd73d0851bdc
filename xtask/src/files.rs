//! Reads the repository's text files.
//!
//! Must not look into what is built, fetched or made by running: only into what is kept.

use std::path::{Path, PathBuf};
use std::{fs, io};

/// Folders that hold nothing the project keeps.
const SKIPPED: [&str; 6] = ["target", "node_modules", "artifacts", "corpus", "oncelink-data", "venv"];

/// A text file of the repository.
#[derive(Clone, Debug)]
pub struct File {
    /// Its path from the repository's top, with `/`.
    pub path: String,
    /// What it holds.
    pub text: String,
}

impl File {
    /// A file that is only in memory.
    pub fn new(path: impl Into<String>, text: impl Into<String>) -> Self {
        Self { path: path.into(), text: text.into() }
    }
}

/// The repository's top.
pub fn top() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().map_or_else(|| PathBuf::from("."), Path::to_path_buf)
}

/// Every file whose name ends in `.extension`, sorted by path.
///
/// # Errors
/// When a file can't be read or isn't UTF-8.
pub fn with_extension(top: &Path, extension: &str) -> io::Result<Vec<File>> {
    let mut found = Vec::new();
    collect(top, top, extension, &mut found)?;
    found.sort_by(|one, other| one.path.cmp(&other.path));
    Ok(found)
}

fn collect(top: &Path, folder: &Path, extension: &str, found: &mut Vec<File>) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let (path, name) = (entry.path(), entry.file_name());
        let name = name.to_string_lossy();
        let kind = entry.file_type()?;
        if kind.is_dir() && !name.starts_with('.') && !SKIPPED.contains(&name.as_ref()) {
            collect(top, &path, extension, found)?;
        } else if kind.is_file() && path.extension().is_some_and(|have| have == extension) {
            found.push(File::new(relative(top, &path), fs::read_to_string(&path)?));
        }
    }
    Ok(())
}

fn relative(top: &Path, path: &Path) -> String {
    let parts = path.strip_prefix(top).unwrap_or(path).components();
    parts.map(|part| part.as_os_str().to_string_lossy()).collect::<Vec<_>>().join("/")
}
