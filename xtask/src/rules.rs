//! Words that some files must not have, because a rule of the architecture lives elsewhere.
//!
//! Must not repeat what a lint forbids: only what no lint can see.

use std::collections::BTreeSet;

use crate::Finding;
use crate::files::File;
use crate::rust;

/// The only file that names error statuses.
const PROBLEM: &str = "crates/oncelink-http/src/problem.rs";
/// The crates that answer requests.
const ANSWERING: [&str; 2] = ["crates/oncelink-http/src/", "crates/oncelink-server/src/"];
/// Every 4xx and 5xx constant of `http::StatusCode`.
const ERROR_STATUSES: [&str; 42] = [
    "BAD_REQUEST",
    "UNAUTHORIZED",
    "PAYMENT_REQUIRED",
    "FORBIDDEN",
    "NOT_FOUND",
    "METHOD_NOT_ALLOWED",
    "NOT_ACCEPTABLE",
    "PROXY_AUTHENTICATION_REQUIRED",
    "REQUEST_TIMEOUT",
    "CONFLICT",
    "GONE",
    "LENGTH_REQUIRED",
    "PRECONDITION_FAILED",
    "PAYLOAD_TOO_LARGE",
    "URI_TOO_LONG",
    "UNSUPPORTED_MEDIA_TYPE",
    "RANGE_NOT_SATISFIABLE",
    "EXPECTATION_FAILED",
    "IM_A_TEAPOT",
    "MISDIRECTED_REQUEST",
    "UNPROCESSABLE_ENTITY",
    "LOCKED",
    "FAILED_DEPENDENCY",
    "TOO_EARLY",
    "UPGRADE_REQUIRED",
    "PRECONDITION_REQUIRED",
    "TOO_MANY_REQUESTS",
    "REQUEST_HEADER_FIELDS_TOO_LARGE",
    "UNAVAILABLE_FOR_LEGAL_REASONS",
    "INTERNAL_SERVER_ERROR",
    "NOT_IMPLEMENTED",
    "BAD_GATEWAY",
    "SERVICE_UNAVAILABLE",
    "GATEWAY_TIMEOUT",
    "HTTP_VERSION_NOT_SUPPORTED",
    "VARIANT_ALSO_NEGOTIATES",
    "INSUFFICIENT_STORAGE",
    "LOOP_DETECTED",
    "NOT_EXTENDED",
    "NETWORK_AUTHENTICATION_REQUIRED",
    "from_u16(4",
    "from_u16(5",
];
/// Readings of the machine's clock.
const CLOCKS: [&str; 3] = ["SystemTime::now", "Timestamp::now(", "Zoned::now("];
/// What the rules must not reach for, although the standard library has it.
const NOT_IN_CORE: [&str; 7] = ["std::env", "std::fs", "std::net::Tcp", "std::thread", "std::process", "Instant::now", "SystemTime"];
/// The one crate that asks the kernel what no safe crate asks it.
const UNSAFE: &str = "crates/oncelink-kernel/src/";

/// Error statuses named anywhere but in `problem.rs`.
pub fn statuses(file: &File) -> Vec<Finding> {
    if file.path == PROBLEM || !ANSWERING.iter().any(|folder| file.path.starts_with(folder)) {
        return Vec::new();
    }
    let code = rust::code(rust::production(&file.text));
    let named = |status: &&&str| code.contains(&format!("StatusCode::{status}"));
    ERROR_STATUSES
        .iter()
        .filter(named)
        .map(|status| Finding::new(&file.path, format!("names {status}; only {PROBLEM} names error statuses")))
        .collect()
}

/// Readings of the clock outside `oncelink-system`, and anything of the machine in the rules.
pub fn outside(file: &File) -> Vec<Finding> {
    let code = rust::code(rust::production(&file.text));
    let mut findings = Vec::new();
    let is_source = file.path.starts_with("crates/") && file.path.contains("/src/");
    if is_source && !file.path.starts_with("crates/oncelink-system/") {
        let read = CLOCKS.iter().filter(|clock| code.contains(*clock));
        findings.extend(read.map(|clock| Finding::new(&file.path, format!("reads {clock}; take the time from the Clock port"))));
    }
    if file.path.starts_with("crates/oncelink-core/src/") {
        let used = NOT_IN_CORE.iter().filter(|name| code.contains(*name));
        findings.extend(used.map(|name| Finding::new(&file.path, format!("uses {name}; the rules know nothing of the machine"))));
    }
    findings
}

/// Files with `unsafe` beyond the one that may have it.
pub fn unsafe_files(sources: &[File]) -> Vec<Finding> {
    let has_unsafe = |file: &&File| rust::words(&rust::code(&file.text), "unsafe").next().is_some();
    let mut files: Vec<&File> = sources.iter().filter(has_unsafe).collect();
    if let Some(allowed) = files.iter().position(|file| file.path.starts_with(UNSAFE)) {
        files.remove(allowed);
    }
    files.iter().map(|file| Finding::new(&file.path, format!("has `unsafe`; only one file, in {UNSAFE}, may"))).collect()
}

/// Functions that ask for a `RETURNING` row with `query_row`, which gives it although the commit failed.
///
/// `sql` are the statements' files; a constant that takes one in is followed by its name.
pub fn returning_rows(sources: &[File], sql: &[File]) -> Vec<Finding> {
    let returning: BTreeSet<String> = sources.iter().flat_map(|file| returning_constants(&file.text, sql)).collect();
    let mut findings = Vec::new();
    for file in sources {
        let text = rust::without_comments(&file.text);
        for function in rust::functions(&rust::code(&file.text)) {
            let body = &text[function.span.clone()];
            let named = returning.iter().any(|name| rust::words(body, name).next().is_some());
            if body.contains("query_row") && (named || has_returning(body, sql)) {
                let what = format!("{} uses query_row with RETURNING; step to the end and commit before believing the row", function.name);
                findings.push(Finding::new(format!("{}:{}", file.path, function.line), what));
            }
        }
    }
    findings
}

/// Names of constants whose statement has `RETURNING`.
fn returning_constants(text: &str, sql: &[File]) -> Vec<String> {
    let text = rust::without_comments(text);
    let constants = rust::words(&text, "const").chain(rust::words(&text, "static"));
    let statements = constants.filter_map(|at| text[at..].split_once(';').map(|(statement, _)| statement.to_owned()));
    let returning = statements.filter(|statement| has_returning(statement, sql));
    returning.filter_map(|statement| statement.split([' ', ':']).nth(1).map(str::to_owned)).collect()
}

fn has_returning(text: &str, sql: &[File]) -> bool {
    text.to_ascii_uppercase().contains("RETURNING")
        || sql.iter().any(|file| includes(text, &file.path) && file.text.to_ascii_uppercase().contains("RETURNING"))
}

fn includes(text: &str, path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or(path);
    text.contains("include_str!") && text.contains(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_one_file_names_error_statuses() {
        let text = "fn a() { StatusCode::GONE; }\n#[cfg(test)]\nmod tests { fn b() { StatusCode::NOT_FOUND; } }\n";
        assert_eq!(statuses(&File::new("crates/oncelink-http/src/page.rs", text)).len(), 1);
        assert_eq!(statuses(&File::new(PROBLEM, text)), []);
        assert_eq!(statuses(&File::new("crates/oncelink-http/src/a.rs", "// StatusCode::GONE\n")), []);
    }

    #[test]
    fn the_clock_is_read_in_one_place() {
        let text = "fn a() { std::time::SystemTime::now(); }";
        assert_eq!(outside(&File::new("crates/oncelink-http/src/a.rs", text)).len(), 1);
        assert_eq!(outside(&File::new("crates/oncelink-system/src/clock.rs", text)), []);
        assert_eq!(outside(&File::new("crates/oncelink-core/src/a.rs", "use std::env;")).len(), 1);
    }

    #[test]
    fn unsafe_is_found_everywhere_but_in_its_place() {
        let file = |path: &str| File::new(path, "fn a() { unsafe { b() } }");
        assert_eq!(unsafe_files(&[file("crates/oncelink-kernel/src/lib.rs")]), []);
        assert_eq!(unsafe_files(&[file("crates/oncelink-kernel/src/a.rs"), file("crates/oncelink-kernel/src/b.rs")]).len(), 1);
        assert_eq!(unsafe_files(&[file("crates/oncelink-http/src/a.rs")]).len(), 1);
    }

    #[test]
    fn a_returning_row_is_found_in_text_in_a_constant_and_in_a_file() {
        let sql = [File::new("crates/s/src/sql/claim.sql", "UPDATE a SET b = 1\nRETURNING b")];
        let cases = [
            ("fn a() { c.query_row(\"UPDATE x RETURNING y\", ()); }", 1),
            ("const CLAIM: &str = include_str!(\"sql/claim.sql\");\nfn a() { c.query_row(CLAIM, ()); }", 1),
            ("fn a() { c.query_row(include_str!(\"sql/claim.sql\"), ()); }", 1),
            ("fn a() { c.query_row(\"SELECT 1\", ()); } // RETURNING", 0),
            ("fn a() { c.query(\"UPDATE x RETURNING y\", ()); }", 0),
        ];
        for (text, expected) in cases {
            assert_eq!(returning_rows(&[File::new("a.rs", text)], &sql).len(), expected, "{text}");
        }
    }
}
