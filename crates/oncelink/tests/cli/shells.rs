//! Completions load in their shells, and the manual renders. A shell that a machine doesn't have is left out there.

use std::fs;
use std::process::Command;

use crate::harness::run;

#[test]
fn completions_load_in_their_shells_and_know_the_commands() {
    let folder = tempfile::tempdir().expect("a folder");
    for shell in ["bash", "zsh", "fish", "powershell", "elvish"] {
        let script = run(folder.path(), &["completions", shell]).exits(0).out;
        for word in ["share", "doctor", "public-url", "oncelink"] {
            assert!(script.contains(word), "{shell} knows nothing of {word}");
        }
        let path = folder.path().join(shell);
        fs::write(&path, script).expect("writable");
        let flag = if shell == "fish" { "--no-execute" } else { "-n" };
        if ["bash", "zsh", "fish"].contains(&shell)
            && let Ok(checked) = Command::new(shell).arg(flag).arg(&path).output()
        {
            assert!(checked.status.success() && checked.stderr.is_empty(), "{shell}: {}", String::from_utf8_lossy(&checked.stderr));
        }
    }
}

#[test]
fn bash_completes_commands_and_flags() {
    let folder = tempfile::tempdir().expect("a folder");
    fs::write(folder.path().join("completions"), run(folder.path(), &["completions", "bash"]).exits(0).out).expect("writable");
    let complete = |words: &str, current: &str| {
        let count = words.split(' ').count();
        let script = format!(
            "source completions; COMP_WORDS=({words} '{current}'); COMP_CWORD={count}; _oncelink oncelink '{current}' \"${{COMP_WORDS[COMP_CWORD-1]}}\"; echo \"${{COMPREPLY[@]}}\""
        );
        let ran = Command::new("bash").args(["--norc", "-c", &script]).current_dir(folder.path()).output().ok()?;
        Some(String::from_utf8_lossy(&ran.stdout).into_owned())
    };
    let Some(commands) = complete("oncelink", "do") else { return };
    assert_eq!(commands.trim(), "doctor");
    let flags = complete("oncelink link create", "--pre").expect("bash is there");
    assert!(flags.contains("--prefix"), "{flags}");
}

#[test]
fn the_manual_renders_without_a_warning() {
    let folder = tempfile::tempdir().expect("a folder");
    let page = run(folder.path(), &["man"]).exits(0).out;
    assert!(page.contains(".TH oncelink") && page.contains("EXIT STATUS"), "{page}");
    run(folder.path(), &["man", "--dir", "pages"]).exits(0);
    for entry in fs::read_dir(folder.path().join("pages")).expect("a folder") {
        let path = entry.expect("an entry").path();
        let Ok(shown) = Command::new("man").args(["--warnings", "-l"]).arg(&path).env("MANPAGER", "cat").env("MANWIDTH", "80").output()
        else {
            return;
        };
        let text = String::from_utf8_lossy(&shown.stdout);
        assert!(shown.status.success() && text.contains("SYNOPSIS"), "{}: {shown:?}", path.display());
        assert!(shown.stderr.is_empty(), "{}: {}", path.display(), String::from_utf8_lossy(&shown.stderr));
    }
    assert_eq!(run(folder.path(), &["man", "fly"]).code, Some(2));
}
