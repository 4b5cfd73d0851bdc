//! Help texts and errors, word for word. `UPDATE_GOLDEN=1` writes them anew: look at the difference before you keep it.

use std::fs;
use std::path::Path;

use crate::harness::run;

/// Every command whose help is kept.
const COMMANDS: [&str; 22] = [
    "",
    "share",
    "serve",
    "link",
    "link create",
    "link list",
    "link show",
    "link revoke",
    "link reissue",
    "link events",
    "get",
    "key",
    "key create",
    "key list",
    "key revoke",
    "doctor",
    "store",
    "store init",
    "completions",
    "man",
    "help link",
    "--version",
];

/// Command lines that make no sense, and what must be said of them.
const MISTAKES: [&str; 18] = [
    "",
    "shara x",
    "link crate x",
    "link create",
    "link create a --use 2",
    "link create a --uses 0",
    "link create a --ttl soon",
    "link create a --csv b",
    "link create --csv not-there.csv",
    "link create a",
    "link show https://host/d/ol_x",
    "get https://host/x",
    "get https://host/d/ol_x -o not-there/x",
    "serve --lisen x",
    "serve --lease soon",
    "serve --store dynamo://x",
    "share not-there",
    "key create x --scope links:destroy",
];

#[test]
fn help_texts_are_as_they_were() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut all = String::new();
    for command in COMMANDS {
        let mut args: Vec<&str> = command.split(' ').filter(|word| !word.is_empty()).collect();
        if !command.starts_with("help") && command != "--version" {
            args.push("--help");
        }
        let ran = run(folder.path(), &args).exits(0);
        assert_eq!(ran.err, "", "{command}");
        all.push_str(&format!("$ oncelink {}\n{}\n", args.join(" "), ran.out));
    }
    compare("help.txt", &all);
}

#[test]
fn errors_name_what_to_change_and_are_as_they_were() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut all = String::new();
    for mistake in MISTAKES {
        let args: Vec<&str> = mistake.split(' ').filter(|word| !word.is_empty()).collect();
        let ran = run(folder.path(), &args);
        assert!(matches!(ran.code, Some(1 | 2)) && ran.out.is_empty(), "{mistake}: {ran:?}");
        assert!(!ran.err.contains("ol_x"), "no link is repeated: {ran:?}");
        let code = ran.code.unwrap_or_default();
        all.push_str(&format!("$ oncelink {mistake}\n{}[exit code {code}]\n\n", ran.err));
    }
    compare("errors.txt", &all);
}

fn compare(name: &str, now: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden").join(name);
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        fs::write(&path, now).expect("writable");
    }
    let before = fs::read_to_string(&path).unwrap_or_default();
    let first =
        before.lines().zip(now.lines()).position(|(before, now)| before != now).unwrap_or(before.lines().count().min(now.lines().count()));
    let around = |text: &str| text.lines().skip(first.saturating_sub(3)).take(8).collect::<Vec<_>>().join("\n");
    assert!(before == now, "{name} differs at line {}:\n--- before\n{}\n--- now\n{}", first + 1, around(&before), around(now));
}
