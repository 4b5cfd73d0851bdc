//! Where created links go: lines for people and pipes, JSON for machines, a CSV file for hundreds.

use std::fs::{File, OpenOptions};
use std::io::ErrorKind;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use crate::commands::link::url;
use crate::commands::table;
use crate::exit::Failure;
use crate::output;

/// The columns of the file.
const COLUMNS: [&str; 4] = ["key", "id", "url", "error"];

/// Where created links go.
pub(crate) struct Results {
    place: Place,
    made: usize,
    failed: usize,
}

enum Place {
    /// `URL` and key, a tab between; complaints go to standard error.
    Lines,
    Json(Vec<Value>),
    Csv {
        path: PathBuf,
        writer: Box<csv::Writer<File>>,
    },
}

impl Results {
    /// Opens the place. A file must not be there yet, and is for its owner alone: it holds the links themselves.
    pub(crate) fn open(out: Option<&Path>, as_json: bool) -> Result<Self, Failure> {
        let place = match out {
            None if as_json => Place::Json(Vec::new()),
            None => Place::Lines,
            Some(path) => {
                let created = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path);
                let file = created
                    .map_err(|error| if error.kind() == ErrorKind::AlreadyExists { exists(path) } else { unwritable(path, &error) })?;
                let mut writer = Box::new(csv::Writer::from_writer(file));
                writer.write_record(COLUMNS).map_err(|error| unwritable(path, &error))?;
                Place::Csv { path: path.to_owned(), writer }
            }
        };
        Ok(Self { place, made: 0, failed: 0 })
    }

    /// Adds a batch: what was asked for, and what came of each.
    pub(crate) fn add(&mut self, wishes: &[Value], rows: Vec<Value>) -> Result<(), Failure> {
        let failed = rows.iter().filter(|row| row.get("error").is_some()).count();
        self.failed += failed;
        self.made += rows.len() - failed;
        let keys = wishes.iter().map(|wish| table::cell(wish, "key"));
        match &mut self.place {
            Place::Lines => keys.zip(&rows).try_for_each(|(key, row)| print(&key, row)),
            Place::Json(all) => {
                all.extend(rows);
                Ok(())
            }
            Place::Csv { path, writer } => {
                for (key, row) in keys.zip(&rows) {
                    let fields = [key, table::cell(row, "id"), table::cell(row, "url"), problem(row)];
                    writer.write_record(fields).map_err(|error| unwritable(path, &error))?;
                }
                // Batch by batch: what was made mustn't be lost when the next one fails.
                writer.flush().map_err(|error| unwritable(path, &error))
            }
        }
    }

    /// Ends it, and says how many were not made.
    pub(crate) fn finish(self) -> Result<usize, Failure> {
        match self.place {
            Place::Lines => {}
            Place::Json(rows) => output::json(&json!({ "links": rows }))?,
            Place::Csv { path, .. } => output::hint(&format!("{} links are in {}.", self.made, path.display())),
        }
        Ok(self.failed)
    }
}

fn print(key: &str, row: &Value) -> Result<(), Failure> {
    if row.get("error").is_some() {
        output::complaint(&format!("{key}: {}", problem(row)));
        return Ok(());
    }
    output::line(&format!("{}\t{key}", url(row)?))
}

fn problem(row: &Value) -> String {
    row.get("error").map(|error| table::cell(error, "detail")).unwrap_or_default()
}

fn exists(path: &Path) -> Failure {
    Failure::failed(format!("{} exists already and stays as it is; choose another name with --out", path.display()))
}

fn unwritable(path: &Path, error: &dyn std::fmt::Display) -> Failure {
    Failure::failed(format!("{} can't be written: {error}; choose another place with --out", path.display()))
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn a_file_of_results_is_private_new_and_complete_after_every_batch() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("links.csv");
        let mut results = Results::open(Some(&path), false).expect("it is new");
        let wishes = [json!({"key": "a,b"}), json!({"key": "c"})];
        let rows = vec![
            json!({"id": "x1", "url": "https://h/d/ol_1"}),
            json!({"error": {"type": "object-not-found", "detail": "There is no such object."}}),
        ];
        results.add(&wishes, rows).expect("writable");
        let text = std::fs::read_to_string(&path).expect("it is there");
        assert_eq!(text, "key,id,url,error\n\"a,b\",x1,https://h/d/ol_1,\nc,,,There is no such object.\n");
        assert_eq!(std::fs::metadata(&path).expect("there").permissions().mode() & 0o777, 0o600);
        assert_eq!(results.finish(), Ok(1));
        let problem = Results::open(Some(&path), false).err().expect("it exists").to_string();
        assert!(problem.contains("--out"), "{problem}");
    }
}
