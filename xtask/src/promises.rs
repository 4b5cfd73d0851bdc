//! Promises and their tests: `docs/semantics.md` against the functions named `sem_N_...`.
//!
//! Must not decide what a test is worth: only that a promise has one that is run, and that no test goes unnamed.

use std::collections::{BTreeMap, BTreeSet};

use crate::Finding;
use crate::files::File;
use crate::rust;

/// How many promises there are.
const PROMISES: u32 = 11;
/// The folder whose tests are run through a suite macro that lists them.
const SUITES: &str = "crates/oncelink-testkit/src/";

/// Names of tests, by the promise they prove.
pub type Tests = BTreeMap<u32, BTreeSet<String>>;

/// Every test of the sources that is named after a promise, and a finding for each that nothing runs.
pub fn tests(sources: &[File]) -> (Tests, Vec<Finding>) {
    let suites: String = sources.iter().filter(|file| file.path.starts_with(SUITES)).map(|file| rust::code(&file.text)).collect();
    let (mut tests, mut findings) = (Tests::new(), Vec::new());
    for file in sources.iter().filter(|file| file.path.starts_with("crates/")) {
        let code = rust::code(&file.text);
        for function in rust::functions(&code) {
            let Some(number) = promise_of(&function.name) else { continue };
            let listed = file.path.starts_with(SUITES) && rust::words(&suites, &function.name).count() > 1;
            if listed || has_test_attribute(&code, function.span.start) {
                tests.entry(number).or_default().insert(function.name);
            } else {
                findings.push(Finding::new(format!("{}:{}", file.path, function.line), format!("nothing runs {}", function.name)));
            }
        }
    }
    (tests, findings)
}

/// What the document's `Tests:` paragraphs name, by section.
pub fn named(document: &str) -> Tests {
    let mut named = Tests::new();
    let (mut section, mut inside) = (None, false);
    for line in document.lines() {
        if line.starts_with("## ") {
            section = section_of(line);
            if let Some(section) = section {
                named.entry(section).or_default();
            }
        }
        inside = line.starts_with("Tests:") || (inside && !line.trim().is_empty());
        if let (true, Some(section)) = (inside, section) {
            let names = line.split('`').skip(1).step_by(2).map(str::to_owned);
            named.entry(section).or_default().extend(names);
        }
    }
    named
}

/// Promises without a test, tests that don't exist, and tests that no promise names.
pub fn findings(place: &str, named: &Tests, tests: &Tests) -> Vec<Finding> {
    let none = BTreeSet::new();
    let mut findings = Vec::new();
    let last = named.keys().chain(tests.keys()).copied().max().unwrap_or(0).max(PROMISES);
    for number in 1..=last {
        let (names, there) = (named.get(&number).unwrap_or(&none), tests.get(&number).unwrap_or(&none));
        if !names.iter().any(|name| there.contains(name)) {
            findings.push(Finding::new(place, format!("SEM-{number} names no existing test")));
        }
        let missing = names.difference(there).map(|name| format!("SEM-{number} names {name}, which no crate has"));
        let unnamed = there.difference(names).map(|name| format!("SEM-{number} doesn't name {name}; run: cargo xtask promises"));
        findings.extend(missing.chain(unnamed).map(|what| Finding::new(place, what)));
    }
    findings
}

/// Tests that a document names and no crate has. A name in code font with three underscores is taken for a test's.
pub fn absent(document: &File, sources: &[File]) -> Vec<Finding> {
    let functions = sources.iter().flat_map(|file| rust::functions(&rust::code(&file.text)));
    let there: BTreeSet<String> = functions.map(|function| function.name).collect();
    let code = document.text.lines().flat_map(|line| line.split('`').skip(1).step_by(2));
    let is_name = |text: &&str| text.matches('_').count() >= 3 && text.bytes().all(|byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'_'));
    let gone = code.filter(is_name).filter(|name| !there.contains(*name));
    gone.map(|name| Finding::new(&document.path, format!("names {name}, which no crate has"))).collect()
}

/// The document with each section's `Tests:` paragraph naming the tests that exist.
pub fn renewed(document: &str, tests: &Tests) -> String {
    let mut out = String::with_capacity(document.len());
    let (mut section, mut inside) = (None, false);
    for line in document.lines() {
        if line.starts_with("## ") {
            section = section_of(line);
        }
        let begins = line.starts_with("Tests:");
        if begins && let Some(section) = section {
            out.push_str(&paragraph(tests.get(&section).unwrap_or(&BTreeSet::new())));
        }
        inside = begins || (inside && !line.trim().is_empty());
        if !inside {
            out.push_str(line);
            out.push('\n');
        }
    }
    out
}

/// The promise that a heading is about.
fn section_of(heading: &str) -> Option<u32> {
    heading.strip_prefix("## SEM-")?.split(|c: char| !c.is_ascii_digit()).next()?.parse().ok()
}

fn paragraph(names: &BTreeSet<String>) -> String {
    let lines: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
    format!("Tests: {}\n", lines.join(",\n"))
}

/// The number in `sem_4_reports_add_up`.
fn promise_of(name: &str) -> Option<u32> {
    let (number, rest) = name.strip_prefix("sem_")?.split_once('_')?;
    (!rest.is_empty()).then(|| number.parse().ok()).flatten()
}

/// Whether the attributes right above a function make it a test.
fn has_test_attribute(code: &str, function: usize) -> bool {
    let above = &code[..function];
    let item = above.rfind(['}', ';', '{']).map_or(above, |end| &above[end..]);
    ["#[test]", "::test]", "::test("].iter().any(|attribute| item.contains(attribute))
}

#[cfg(test)]
mod tests {
    use super::*;

    const DOCUMENT: &str = "# Promises\n\n## SEM-1 one\n\nText.\n\nTests: `sem_1_a`,\n`sem_1_b`\n\n## SEM-2 two\n\nTests: `sem_2_gone`\n";

    fn sources() -> Vec<File> {
        let direct = "#[tokio::test]\nasync fn sem_1_a() {}\nfn sem_2_never_run() {}\n/// x\n#[test]\nfn other() {}\n";
        let suite = "pub async fn sem_1_b<S>(s: S) {}\nmacro_rules! suite { () => { sem_1_b } }\npub async fn sem_1_unlisted() {}\n";
        vec![File::new("crates/a/tests/t.rs", direct), File::new("crates/oncelink-testkit/src/s.rs", suite)]
    }

    #[test]
    fn tests_count_only_when_something_runs_them() {
        let (tests, findings) = tests(&sources());
        assert_eq!(tests[&1], BTreeSet::from(["sem_1_a".to_owned(), "sem_1_b".to_owned()]));
        assert!(!tests.contains_key(&2));
        assert_eq!(findings.len(), 2, "{findings:?}");
    }

    #[test]
    fn a_promise_without_a_test_is_found_and_so_is_a_test_without_a_promise() {
        let found = tests(&sources()).0;
        let told: Vec<String> = findings("d", &named(DOCUMENT), &found).iter().map(ToString::to_string).collect();
        assert!(!told.iter().any(|line| line.contains("SEM-1 ")), "{told:?}");
        assert!(told.contains(&"d: SEM-2 names no existing test".to_owned()), "{told:?}");
        assert!(told.contains(&"d: SEM-2 names sem_2_gone, which no crate has".to_owned()), "{told:?}");
        let unnamed = findings("d", &Tests::new(), &found);
        assert!(unnamed.iter().any(|finding| finding.what.contains("doesn't name sem_1_a")));
    }

    #[test]
    fn a_document_names_only_tests_that_exist() {
        let document = File::new("d.md", "`a_test_that_is_gone`, `last_used_at`, `sem_2_never_run`, `other`");
        assert_eq!(absent(&document, &sources()).len(), 1);
    }

    #[test]
    fn a_renewed_document_names_what_exists() {
        let found = tests(&sources()).0;
        let renewed = renewed(DOCUMENT, &found);
        assert!(renewed.contains("Tests: `sem_1_a`,\n`sem_1_b`\n\n## SEM-2") && !renewed.contains("sem_2_gone"), "{renewed}");
    }
}
