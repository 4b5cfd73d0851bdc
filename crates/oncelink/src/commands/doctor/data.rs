//! What lies on this machine: the data folder, room on its disk, who may look into it, and the brand's files.

use std::fs::Metadata;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::Path;

use oncelink_config::{BrandSpec, Config};
use rustix::fs::{Access, access, statvfs};

use crate::brand;
use crate::commands::doctor::finding::Finding;
use crate::data_dir::DataDir;
use crate::output;

/// Below this there is hardly room for links.
const TIGHT: u64 = 50_000_000;
/// Below this somebody should look after it.
const SCARCE: u64 = 1_000_000_000;

/// Looks at the folder, at the disk it is on, and at the brand.
pub(crate) fn examine(config: &Config) -> Vec<Finding> {
    let folder = config.data.as_path();
    let Some(there) = existing(folder) else {
        return vec![Finding::fail("data folder", format!("{} can't be there", folder.display()), "Name another one with --data.")];
    };
    let mut findings = vec![usable(folder, there), room(there)];
    findings.extend(key(&DataDir::new(folder).key_path()));
    findings.extend(brand(config));
    findings
}

/// The folder, or the nearest one above it that is there.
fn existing(folder: &Path) -> Option<&Path> {
    folder.ancestors().map(|path| if path.as_os_str().is_empty() { Path::new(".") } else { path }).find(|path| path.exists())
}

fn usable(folder: &Path, there: &Path) -> Finding {
    let (check, shown) = ("data folder", folder.display());
    if !there.is_dir() {
        return Finding::fail(check, format!("{} is no folder", there.display()), "Name another one with --data.");
    }
    if let Err(error) = access(there, Access::READ_OK | Access::WRITE_OK | Access::EXEC_OK) {
        let detail = format!("{} can't be written: {error}", there.display());
        return Finding::fail(check, detail, "Give this user write access to it, or name another one with --data.");
    }
    if there != folder && !folder.exists() {
        return Finding::ok(check, format!("{shown} isn't there yet and can be made"));
    }
    match folder.metadata() {
        Ok(seen) if is_writable_by_others(&seen) => {
            Finding::warn(check, format!("others may write into {shown}"), format!("chmod go-w {shown}"))
        }
        _ => Finding::ok(check, format!("{shown} can be used")),
    }
}

fn room(there: &Path) -> Finding {
    let check = "disk space";
    match statvfs(there) {
        Err(error) => Finding::warn(check, format!("can't be told: {error}"), "Look at it yourself."),
        Ok(disk) => {
            let free = disk.f_bavail.saturating_mul(disk.f_frsize);
            let detail = format!("{} are free", output::size(free));
            match free {
                free if free < TIGHT => Finding::fail(
                    check,
                    detail,
                    "Make room, or name a folder on another disk with --data: on a full disk no link can be claimed.",
                ),
                free if free < SCARCE => Finding::warn(check, detail, "Make room soon: on a full disk no link can be claimed."),
                _ => Finding::ok(check, detail),
            }
        }
    }
}

/// The file with the first API key: whoever reads it may do everything.
fn key(path: &Path) -> Option<Finding> {
    let seen = path.symlink_metadata().ok()?;
    let (check, shown) = ("API key", path.display());
    Some(match seen.permissions().mode() & 0o777 {
        mode if mode & 0o077 != 0 => Finding::fail(check, format!("others may read {shown} (mode {mode:o})"), format!("chmod 600 {shown}")),
        _ => Finding::ok(check, format!("{shown} is its owner's alone")),
    })
}

/// What pages say of the sender, if anything: the logo's file may not do.
fn brand(config: &Config) -> Option<Finding> {
    if config.brand == BrandSpec::default() {
        return None;
    }
    Some(match brand::load(&config.brand) {
        Ok(_) => Finding::ok("brand", "can be shown"),
        Err(failure) => Finding::fail(
            "brand",
            failure.to_string(),
            "Correct the setting that is named (--brand-name, --brand-logo, --brand-colour, --brand-imprint).",
        ),
    })
}

fn is_writable_by_others(seen: &Metadata) -> bool {
    seen.mode() & 0o022 != 0
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::commands::doctor::finding::Status;

    #[test]
    fn a_key_that_others_may_read_must_be_mended() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("api-key");
        assert_eq!(key(&path), None, "there is none yet");
        std::fs::write(&path, "olk_1").expect("writable");
        for (mode, expected) in [(0o600, Status::Ok), (0o640, Status::Fail), (0o604, Status::Fail)] {
            std::fs::set_permissions(&path, std::fs::Permissions::from_mode(mode)).expect("ours");
            let found = key(&path).expect("it is there");
            assert_eq!(found.status, expected, "{mode:o}");
            assert!(expected == Status::Ok || found.remedy.is_some_and(|remedy| remedy.starts_with("chmod 600")));
        }
    }

    #[test]
    fn a_folder_is_looked_at_and_not_made() {
        let outer = tempfile::tempdir().expect("a folder");
        let folder = outer.path().join("a/b");
        assert_eq!(usable(&folder, existing(&folder).expect("above it")).status, Status::Ok);
        assert!(!folder.exists());
        std::fs::create_dir_all(&folder).expect("writable");
        std::fs::set_permissions(&folder, std::fs::Permissions::from_mode(0o777)).expect("ours");
        assert_eq!(usable(&folder, &folder).status, Status::Warn);
        let file = outer.path().join("file");
        std::fs::write(&file, b"").expect("writable");
        assert_eq!(usable(&file.join("data"), existing(&file.join("data")).expect("above it")).status, Status::Fail);
        assert!(existing(Path::new("relative")).is_some());
    }
}
