//! The shape of source files: how they open, how long they and their functions are.
//!
//! Must not judge style that `rustfmt` and `clippy` see to.

use crate::Finding;
use crate::files::File;
use crate::rust;

/// The longest function without a written reason, in lines.
const LONGEST_FUNCTION: usize = 80;
/// The longest file without a written reason, in lines, tests included.
const LONGEST_FILE: usize = 600;
/// What a longer function says above or inside itself.
const REASON: &str = "// long because:";
/// Longer files, and why they are.
const LONG_FILES: [(&str, &str); 0] = [];

/// Files that don't open with `//!`, that are too long, or that have a function that is.
pub fn findings(file: &File) -> Vec<Finding> {
    let mut findings = Vec::new();
    if !file.text.starts_with("//!") {
        findings.push(Finding::new(&file.path, "doesn't open with `//!`: say what it holds and what it must not"));
    }
    let lines = file.text.lines().count();
    if lines > LONGEST_FILE && !LONG_FILES.iter().any(|(path, _)| *path == file.path) {
        let what = format!("has {lines} lines, more than {LONGEST_FILE}: split it, or give the reason in xtask/src/shape.rs");
        findings.push(Finding::new(&file.path, what));
    }
    let code = rust::code(&file.text);
    let functions = rust::functions(&code);
    let long = functions.iter().filter(|function| function.lines > LONGEST_FUNCTION && !has_reason(&file.text, function));
    findings.extend(long.map(|function| {
        let what = format!("{} has {} lines, more than {LONGEST_FUNCTION}, without `{REASON}`", function.name, function.lines);
        Finding::new(format!("{}:{}", file.path, function.line), what)
    }));
    findings
}

fn has_reason(text: &str, function: &rust::Function) -> bool {
    let above = text[..function.span.start].lines().rev().skip(1);
    let attached = above.map(str::trim).take_while(|line| line.starts_with("//") || line.starts_with("#["));
    text[function.span.clone()].contains(REASON) || attached.into_iter().any(|line| line.contains(REASON))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(text: &str) -> usize {
        findings(&File::new("a.rs", text)).len()
    }

    #[test]
    fn a_file_opens_with_what_it_holds() {
        assert_eq!(told("use a;\n"), 1);
        assert_eq!(told("//! A.\nuse a;\n"), 0);
    }

    #[test]
    fn long_functions_and_files_need_a_reason() {
        let body = "    a();\n".repeat(LONGEST_FUNCTION - 1);
        assert_eq!(told(&format!("//! A.\nfn a() {{\n{body}}}\n")), 1);
        assert_eq!(told(&format!("//! A.\n// long because: a table\n#[test]\nfn a() {{\n{body}}}\n")), 0);
        assert_eq!(told(&format!("//! A.\n{}", "const A: u8 = 0;\n".repeat(LONGEST_FILE))), 1);
    }
}
