//! Where a run was made: the machine, its disk, the programs beside, the commit.
//!
//! Must not fail: what can't be found out is null.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use serde_json::{Value, json};

use crate::yardstick::{engines, top};

/// Everything that may be asked about the figures of `program`, whose data lay in `scratch`.
pub fn describe(program: &Path, scratch: &Path, elapsed: Duration) -> Value {
    let cpus = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let cpu = cpus.lines().find_map(|line| line.strip_prefix("model name")?.split_once(": ")).map(|(_, name)| name);
    json!({
        "kernel": fs::read_to_string("/proc/sys/kernel/osrelease").ok().map(|text| text.trim().to_owned()),
        "cpu": cpu,
        "cores": std::thread::available_parallelism().ok().map(usize::from),
        "disk": disk(scratch),
        "versions": {
            "oncelink": said(Command::new(program).arg("--version")),
            "nginx": said(Command::new("nginx").arg("-v")),
            "postgresql": postgres(),
            "pgbench": said(Command::new("pgbench").arg("--version")),
            "garage": said(Command::new(engines().join("bin/garage")).arg("--version")),
            "rustypaste": rustypaste(),
        },
        "commit": commit(),
        "elapsed_seconds": elapsed.as_secs(),
    })
}

/// The file system below `dir` (proc(5), mountinfo), and whether it has a journal: ext4 may have none, then syncs cost less.
fn disk(dir: &Path) -> Option<Value> {
    let mounts = fs::read_to_string("/proc/self/mountinfo").ok()?;
    let (device, kind, options) = mount(&mounts, dir)?;
    let name = fs::canonicalize(device).ok().and_then(|path| path.file_name()?.to_str().map(str::to_owned)).unwrap_or_default();
    let journals = fs::read_dir("/proc/fs/jbd2").into_iter().flatten();
    let has_journal = journals.flatten().any(|entry| entry.file_name().to_string_lossy().starts_with(&format!("{name}-")));
    // Of other file systems this folder says nothing.
    let journal = kind.starts_with("ext").then_some(has_journal);
    Some(json!({ "file_system": kind, "device": device, "options": options, "journal": journal }))
}

/// Device, kind and options of the deepest mount that `dir` lies in; of mounts over each other the last.
fn mount<'m>(mounts: &'m str, dir: &Path) -> Option<(&'m str, &'m str, &'m str)> {
    let found = mounts.lines().filter_map(|line| {
        let (place, about) = line.split_once(" - ")?;
        let point = place.split(' ').nth(4)?;
        let mut words = about.split(' ');
        let (kind, device, options) = (words.next()?, words.next()?, words.next()?);
        dir.starts_with(point).then_some((point.len(), (device, kind, options)))
    });
    found.max_by_key(|(depth, _)| *depth).map(|(_, mount)| mount)
}

/// The first line that a program says, wherever it says it.
fn said(command: &mut Command) -> Option<String> {
    let output = command.stdin(Stdio::null()).output().ok()?;
    let text = [output.stdout, output.stderr].concat();
    let line = String::from_utf8_lossy(&text).lines().next().map(|line| line.trim().to_owned());
    line.filter(|_| output.status.success())
}

/// The newest one that Debian has installed, as the engine's script takes it.
fn postgres() -> Option<String> {
    let installed = fs::read_dir("/usr/lib/postgresql").ok()?.flatten();
    let newest = installed.filter_map(|entry| entry.file_name().to_str()?.parse::<u32>().ok()).max()?;
    said(Command::new(format!("/usr/lib/postgresql/{newest}/bin/postgres")).arg("--version"))
}

/// rustypaste has no `--version`, so cargo's note about what it installed is asked.
fn rustypaste() -> Option<String> {
    let notes = fs::read_to_string(engines().join(".crates.toml")).ok()?;
    let line = notes.lines().find(|line| line.starts_with("\"rustypaste "))?;
    line.split(' ').nth(1).map(|version| format!("rustypaste {version}"))
}

/// The repository's commit, and whether files of it were changed since.
fn commit() -> Option<Value> {
    let git = |words: &[&str]| {
        let output = Command::new("git").arg("--no-optional-locks").arg("-C").arg(top()).args(words).stdin(Stdio::null()).output().ok()?;
        output.status.success().then(|| String::from_utf8_lossy(&output.stdout).trim().to_owned())
    };
    let changes = git(&["status", "--porcelain", "--untracked-files=no"])?;
    Some(json!({ "id": git(&["rev-parse", "HEAD"])?, "changed": !changes.is_empty() }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_deepest_mount_is_the_disk() {
        let mounts = "27 1 254:0 / / rw,relatime - ext4 /dev/vda rw,discard\n\
                      22 27 0:21 / /proc rw - proc proc rw\n\
                      40 27 0:30 / /data rw,noatime shared:1 - xfs /dev/vdb rw\n";
        assert_eq!(mount(mounts, Path::new("/data/bench/run-1")), Some(("/dev/vdb", "xfs", "rw")));
        assert_eq!(mount(mounts, Path::new("/database")), Some(("/dev/vda", "ext4", "rw,discard")));
    }

    #[test]
    fn what_is_not_there_is_null_and_no_error() {
        let told = describe(Path::new("/nonexistent/oncelink"), Path::new("/"), Duration::from_secs(3));
        assert_eq!((&told["versions"]["oncelink"], &told["elapsed_seconds"]), (&Value::Null, &json!(3)));
    }
}
