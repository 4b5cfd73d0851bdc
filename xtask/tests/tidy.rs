//! The repository's own rules, as tests: layers, promises, shapes, forbidden words, links and decision records.
//!
//! Must not need the product to compile. What each check means stands in `xtask/src`.

use std::fs;
use std::process::Command;

use xtask::files::{self, File};
use xtask::{Finding, layers, markdown, promises, rules, shape};

const SEMANTICS: &str = "docs/semantics.md";

fn sources() -> Vec<File> {
    files::with_extension(&files::top(), "rs").expect("the sources can be read")
}

fn assert_none(findings: &[Finding]) {
    let lines: Vec<String> = findings.iter().map(ToString::to_string).collect();
    assert!(findings.is_empty(), "{} findings:\n{}", lines.len(), lines.join("\n"));
}

fn crates_of_the_product(files: Vec<File>) -> Vec<File> {
    files.into_iter().filter(|file| file.path.starts_with("crates/")).collect()
}

#[test]
fn every_promise_has_a_test_and_every_such_test_its_promise() {
    let (tests, mut findings) = promises::tests(&sources());
    let document = fs::read_to_string(files::top().join(SEMANTICS)).expect("the promises are written down");
    findings.extend(promises::findings(SEMANTICS, &promises::named(&document), &tests));
    assert_none(&findings);
}

#[test]
fn the_threat_model_names_tests_that_exist() {
    let text = fs::read_to_string(files::top().join("SECURITY.md")).expect("the threat model is written down");
    assert_none(&promises::absent(&File::new("SECURITY.md", text), &sources()));
}

#[test]
fn dependencies_keep_to_the_layer_table() {
    let mut cargo = Command::new(env!("CARGO"));
    let output = cargo.args(["metadata", "--no-deps", "--offline", "--format-version", "1"]).current_dir(files::top()).output();
    let output = output.expect("cargo runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let metadata = serde_json::from_slice(&output.stdout).expect("cargo metadata prints JSON");
    assert_none(&layers::findings(&metadata));
}

#[test]
fn every_crate_inherits_the_lints() {
    let manifests = files::with_extension(&files::top(), "toml").expect("the manifests can be read");
    let lax = manifests.iter().filter(|file| file.path.ends_with("/Cargo.toml") && !file.path.starts_with("fuzz/"));
    // The one crate with an audited unsafe module has to spell the lints out: `forbid` can't be loosened.
    let lax = lax.filter(|file| !file.path.starts_with("crates/oncelink-kernel/"));
    let lax = lax.filter(|file| !file.text.contains("[lints]\nworkspace = true"));
    assert_none(&lax.map(|file| Finding::new(&file.path, "doesn't inherit [workspace.lints]")).collect::<Vec<_>>());
}

#[test]
fn files_and_functions_keep_their_shape() {
    assert_none(&sources().iter().flat_map(shape::findings).collect::<Vec<_>>());
}

#[test]
fn only_problem_rs_names_error_statuses() {
    assert_none(&sources().iter().flat_map(rules::statuses).collect::<Vec<_>>());
}

#[test]
fn clock_and_machine_are_reached_through_ports() {
    assert_none(&sources().iter().flat_map(rules::outside).collect::<Vec<_>>());
}

#[test]
fn unsafe_is_in_one_file() {
    assert_none(&rules::unsafe_files(&sources()));
}

#[test]
fn no_returning_row_is_believed_before_its_commit() {
    let sql = files::with_extension(&files::top(), "sql").expect("the statements can be read");
    assert_none(&rules::returning_rows(&crates_of_the_product(sources()), &sql));
}

#[test]
fn links_between_documents_lead_somewhere() {
    let documents = files::with_extension(&files::top(), "md").expect("the documents can be read");
    let broken = documents.iter().flat_map(|file| markdown::broken_links(&files::top(), file, &documents));
    assert_none(&broken.collect::<Vec<_>>());
}

#[test]
fn decision_records_are_whole() {
    let documents = files::with_extension(&files::top(), "md").expect("the documents can be read");
    let records: Vec<File> = documents.into_iter().filter(|file| file.path.starts_with("docs/adr/0")).collect();
    assert!(!records.is_empty(), "decisions are written down");
    assert_none(&markdown::records(&records));
}
