//! What must not stand in a server's log: a panic, a token, a holder secret, a claim's address.

use std::collections::HashSet;
use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::PathBuf;

use crate::campaign::print_of;

/// Shorter words are no secrets.
const SHORTEST_SECRET: usize = 20;
/// How many findings are worth reading.
const MOST: usize = 10;

/// Lines that must not be there. `secrets` are hashes, for there may be millions.
///
/// # Errors
/// When a log can't be read.
pub fn findings(logs: &[PathBuf], secrets: &HashSet<u64>) -> Result<Vec<String>, String> {
    let mut found = Vec::new();
    for path in logs {
        let file = File::open(path).map_err(|error| format!("{}: {error}", path.display()))?;
        for line in BufReader::new(file).split(b'\n') {
            let line = line.map_err(|error| format!("{}: {error}", path.display()))?;
            let line = String::from_utf8_lossy(&line);
            if line.contains("panicked at") {
                found.push(format!("a panic: {line}"));
            }
            if words(&line).any(|word| secrets.contains(&print_of(word))) {
                found.push(format!("a secret: {line}"));
            }
        }
    }
    found.truncate(MOST);
    Ok(found)
}

fn words(line: &str) -> impl Iterator<Item = &str> {
    let apart = |letter: char| !(letter.is_ascii_alphanumeric() || letter == '-' || letter == '_');
    line.split(apart).filter(|word| word.len() >= SHORTEST_SECRET)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_found_wherever_it_stands_in_a_line() {
        let secret = "abcdefghijklmnopqrstuv-_0123";
        for line in [format!("GET /d/{secret} 200"), format!("token={secret}&x"), format!("\"{secret}\"")] {
            assert!(words(&line).any(|word| word == secret), "{line}");
        }
    }
}
