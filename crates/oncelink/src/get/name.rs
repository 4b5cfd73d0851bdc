//! A file name that a server suggests, made harmless.

use oncelink_core::text::is_unprintable;

/// The longest name, in bytes: file systems allow 255, and tools like to append something.
const LONGEST: usize = 200;
/// What a file is called whose name has nothing usable.
const NAMELESS: &str = "download";

/// `suggested` as a name in the current folder: its last part, without control and invisible characters, without dots
/// and dashes at the beginning, without what some file systems refuse. Never empty, never a path.
pub(crate) fn harmless(suggested: &str) -> String {
    let last = suggested.rsplit(['/', '\\']).find(|part| !part.trim().is_empty()).unwrap_or_default();
    let plain: String = last.chars().filter(|&c| !is_unprintable(c)).map(|c| if "<>:\"|?*".contains(c) { '_' } else { c }).collect();
    // A dot would hide it, a dash would make it an option of the next command.
    let visible = plain.trim().trim_start_matches(['.', '-', ' ']).trim_end_matches(['.', ' ']);
    let name = shortened(visible);
    if name.is_empty() { NAMELESS.to_owned() } else { name }
}

/// Cut to the longest length; the ending stays, for it says what the file is.
fn shortened(name: &str) -> String {
    if name.len() <= LONGEST {
        return name.to_owned();
    }
    let ending = name.rfind('.').map_or("", |dot| &name[dot..]);
    let ending = if ending.len() <= 20 { ending } else { "" };
    let mut end = LONGEST - ending.len();
    while !name.is_char_boundary(end) {
        end -= 1;
    }
    format!("{}{ending}", &name[..end])
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn whatever_is_suggested_the_name_stays_in_the_folder(suggested in "\\PC{0,300}|[./\\\\a\\x00-\\x1f~-]{0,20}") {
            let name = harmless(&suggested);
            prop_assert!(!name.is_empty() && name.len() <= LONGEST);
            prop_assert!(!name.contains(['/', '\\', '\0', '\n', ':']) && !name.starts_with(['.', '-', ' ']));
            prop_assert!(!name.chars().any(is_unprintable));
            prop_assert_eq!(std::path::Path::new(&name).components().count(), 1);
        }
    }

    #[test]
    fn names_people_use_come_through_and_tricks_dont() {
        let cases = [
            ("report.pdf", "report.pdf"),
            ("\u{dc}bersicht 100%.txt", "\u{dc}bersicht 100%.txt"),
            ("../../etc/passwd", "passwd"),
            ("C:\\Windows\\win.ini", "win.ini"),
            ("/etc/", "etc"),
            (".bashrc", "bashrc"),
            ("...", "download"),
            ("..", "download"),
            ("", "download"),
            ("-rf", "rf"),
            ("a\nb\u{202e}fdp.exe", "abfdp.exe"),
            ("a:b?c", "a_b_c"),
            ("name. . ", "name"),
        ];
        for (suggested, expected) in cases {
            assert_eq!(harmless(suggested), expected, "{suggested:?}");
        }
        let long = harmless(&format!("{}.tar.gz", "\u{fc}".repeat(200)));
        assert!(long.len() <= LONGEST && long.ends_with(".gz"), "{long}");
    }
}
