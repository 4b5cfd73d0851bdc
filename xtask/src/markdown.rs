//! Markdown: links between the repository's files, and the form of decision records.
//!
//! Must not look at the network: links to other hosts are left alone.

use std::path::{Path, PathBuf};

use crate::Finding;
use crate::files::File;

/// The headings that every decision record has.
const RECORD: [&str; 3] = ["## Context", "## Decision", "## Consequences"];

/// Links of `file` that lead to no file or no heading of the repository.
pub fn broken_links(top: &Path, file: &File, all: &[File]) -> Vec<Finding> {
    let links = targets(&file.text).into_iter().filter(|target| !target.contains("://") && !target.starts_with("mailto:"));
    links.filter_map(|target| broken(top, file, &target, all).map(|what| Finding::new(&file.path, what))).collect()
}

/// Records that lack a part or whose numbers have gaps or repeats.
pub fn records(records: &[File]) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (at, file) in records.iter().enumerate() {
        let lines: Vec<&str> = file.text.lines().collect();
        let absent = RECORD.iter().filter(|heading| !lines.contains(heading));
        findings.extend(absent.map(|heading| Finding::new(&file.path, format!("has no '{heading}'"))));
        let expected = format!("{:04}", at + 1);
        let name = file.path.rsplit('/').next().unwrap_or_default();
        if !name.starts_with(&format!("{expected}-")) || !file.text.starts_with(&format!("# {expected} ")) {
            findings.push(Finding::new(&file.path, format!("should be number {expected}, in its name and its title")));
        }
    }
    findings
}

fn broken(top: &Path, file: &File, target: &str, all: &[File]) -> Option<String> {
    let (path, anchor) = target.split_once('#').unwrap_or((target, ""));
    let place = if path.is_empty() { PathBuf::from(&file.path) } else { Path::new(&file.path).parent()?.join(path) };
    let place = plain(&place);
    if !top.join(&place).exists() {
        return Some(format!("links to {target}, which is not there"));
    }
    if anchor.is_empty() {
        return None;
    }
    let document = all.iter().find(|other| other.path == place)?;
    let known = prose(&document.text).any(|line| line.starts_with('#') && slug(line) == anchor);
    (!known).then(|| format!("links to {target}, but there is no such heading"))
}

/// The path without `.` and `..`.
fn plain(path: &Path) -> String {
    let mut parts: Vec<String> = Vec::new();
    for part in path.iter().map(|part| part.to_string_lossy().into_owned()) {
        match part.as_str() {
            "." => {}
            ".." => drop(parts.pop()),
            _ => parts.push(part),
        }
    }
    parts.join("/")
}

/// What `[text](target)` and `[text]: target` lead to, outside of code.
fn targets(text: &str) -> Vec<String> {
    let mut targets = Vec::new();
    for line in prose(text) {
        let shown: String = line.split('`').step_by(2).collect::<Vec<_>>().join("code");
        let inline = shown.split("](").skip(1).filter_map(|rest| rest.split_once(')').map(|(target, _)| target));
        targets.extend(inline.map(str::to_owned));
        if shown.starts_with('[')
            && let Some((_, target)) = shown.split_once("]: ")
        {
            targets.push(target.trim().to_owned());
        }
    }
    targets
}

/// The lines outside of fenced code.
fn prose(text: &str) -> impl Iterator<Item = &str> {
    let mut fenced = false;
    text.lines().filter(move |line| {
        let fence = line.trim_start().starts_with("```");
        fenced ^= fence;
        !fenced && !fence
    })
}

/// A heading's anchor as the usual viewers make it.
fn slug(heading: &str) -> String {
    let text = heading.trim_start_matches('#').trim().to_lowercase();
    let kept = text.chars().filter(|c| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_'));
    kept.map(|c| if c == ' ' { '-' } else { c }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(text: &str) -> usize {
        let file = File::new("docs/a.md", text);
        let other = File::new("xtask/Cargo.toml", "# SEM-1: one claimant\n");
        broken_links(&crate::files::top(), &file, &[file.clone(), other]).len()
    }

    #[test]
    fn links_must_lead_somewhere() {
        assert_eq!(told("[a](../xtask/Cargo.toml)"), 0);
        assert_eq!(told("[a](../xtask/Cargo.toml#sem-1-one-claimant)"), 0);
        assert_eq!(told("[a](../xtask/Cargo.toml#sem-2)"), 1);
        assert_eq!(told("[a](../xtask/gone.toml) and [b](gone.md)"), 2);
        assert_eq!(told("`[a](gone.md)` [b](https://example.com/)\n```\n[c](gone.md)\n```\n"), 0);
    }

    #[test]
    fn records_are_whole_and_numbered() {
        let whole = "# 0001 Title\n\n## Context\n\n## Decision\n\n## Consequences\n";
        assert_eq!(records(&[File::new("docs/adr/0001-title.md", whole)]), []);
        assert_eq!(records(&[File::new("docs/adr/0002-title.md", whole)]).len(), 1);
        assert_eq!(records(&[File::new("docs/adr/0001-title.md", "# 0001 Title\n")]).len(), 3);
    }
}
