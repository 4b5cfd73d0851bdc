//! Links from a table: one row each, its columns over what the flags say for all.

use std::fs::File;
use std::io::{self, BufRead, BufReader};

use csv::{ReaderBuilder, StringRecord};
use oncelink_config::nearest;
use serde_json::{Map, Value, json};

use crate::commands::link::wish;
use crate::exit::Failure;

/// The columns that there are.
const COLUMNS: [&str; 15] = [
    "key",
    "source",
    "uses",
    "expires_in",
    "expires_at",
    "not_before",
    "gate",
    "delivery",
    "filename",
    "content_type",
    "passphrase",
    "allow_from",
    "note",
    "metadata",
    "webhook",
];

/// The links of the file at `path`, or of standard input for `-`; `terms` is what flags say for all of them.
pub(crate) fn read(path: &str, terms: &Value) -> Result<Vec<Value>, Failure> {
    if path == "-" {
        return parse(io::stdin().lock(), "standard input", terms);
    }
    let file = File::open(path).map_err(|error| Failure::failed(format!("--csv {path}: it can't be read: {error}")))?;
    parse(BufReader::new(file), path, terms)
}

fn parse(mut input: impl BufRead, name: &str, terms: &Value) -> Result<Vec<Value>, Failure> {
    let failed = |what: String| Failure::failed(format!("{name}: {what}"));
    let delimiter = delimiter(&mut input).map_err(|error| failed(format!("it can't be read: {error}")))?;
    let mut reader = ReaderBuilder::new().delimiter(delimiter).trim(csv::Trim::Headers).from_reader(input);
    let headers = reader.headers().map_err(|error| failed(said(&error)))?;
    let columns = headers.iter().map(column).collect::<Result<Vec<_>, _>>().map_err(failed)?;
    if !columns.contains(&"key") {
        return Err(failed(format!(
            "there is no column 'key'; the first line names the columns, of which there are: {}",
            COLUMNS.join(", ")
        )));
    }
    let mut wishes = Vec::new();
    for record in reader.records() {
        let record = record.map_err(|error| failed(said(&error)))?;
        let line = record.position().map_or(0, csv::Position::line);
        wishes.push(row(&columns, &record, terms).map_err(|problem| failed(format!("line {line}: {problem}")))?);
    }
    if wishes.is_empty() { Err(failed("there is no row below the names of the columns".to_owned())) } else { Ok(wishes) }
}

/// What stands between the columns: spreadsheets of half the world write semicolons.
fn delimiter(input: &mut impl BufRead) -> io::Result<u8> {
    const MARK: &[u8] = "\u{feff}".as_bytes();
    if input.fill_buf()?.starts_with(MARK) {
        input.consume(MARK.len());
    }
    let begin = input.fill_buf()?;
    let first = begin.split(|&byte| byte == b'\n').next().unwrap_or_default();
    Ok([b',', b';', b'\t'].into_iter().find(|delimiter| first.contains(delimiter)).unwrap_or(b','))
}

fn column(header: &str) -> Result<&'static str, String> {
    let name = header.to_lowercase().replace(['-', ' '], "_");
    COLUMNS.into_iter().find(|known| *known == name).ok_or_else(|| {
        let hint = nearest(&name, COLUMNS.map(str::to_owned)).map_or_else(String::new, |near| format!("; did you mean '{near}'?"));
        format!("there is no column '{}'{hint}", header.escape_debug())
    })
}

fn row(columns: &[&'static str], record: &StringRecord, terms: &Value) -> Result<Value, String> {
    let mut wish = terms.as_object().cloned().unwrap_or_default();
    for (&column, cell) in columns.iter().zip(record) {
        // A passphrase may begin or end with a space, nothing else does.
        let cell = if column == "passphrase" { cell } else { cell.trim() };
        if !cell.is_empty() {
            put(&mut wish, column, cell).map_err(|problem| format!("column '{column}': {problem}"))?;
        }
    }
    if wish.contains_key("key") { Ok(Value::Object(wish)) } else { Err("the column 'key' is empty".to_owned()) }
}

fn put(wish: &mut Map<String, Value>, column: &str, cell: &str) -> Result<(), String> {
    let value = match column {
        "uses" => json!(cell.parse::<u32>().map_err(|_| format!("{cell:?} is no whole number"))?),
        "expires_in" => json!(wish::seconds(cell).map_err(|problem| format!("{cell:?} {problem}"))?),
        "allow_from" => json!(cell.split([' ', ',', ';']).filter(|one| !one.is_empty()).collect::<Vec<_>>()),
        "metadata" => serde_json::from_str(cell).ok().filter(Value::is_object).ok_or("it is no JSON object")?,
        _ => json!(cell),
    };
    // The row's expiry replaces the flag's, whichever way either says it.
    match column {
        "expires_in" => wish.remove("expires_at"),
        "expires_at" => wish.remove("expires_in"),
        _ => None,
    };
    wish.insert(column.to_owned(), value);
    Ok(())
}

/// What is wrong with the file. The rows themselves may hold passphrases and aren't shown.
#[expect(clippy::wildcard_enum_match_arm, reason = "csv's list of errors is open, and the rest of it comes from writing")]
fn said(error: &csv::Error) -> String {
    let line = error.position().map_or_else(String::new, |at| format!("line {}: ", at.line()));
    match error.kind() {
        csv::ErrorKind::UnequalLengths { expected_len, len, .. } => format!("{line}it has {len} columns, the first line {expected_len}"),
        csv::ErrorKind::Utf8 { .. } => format!("{line}it is no UTF-8; save the table as \"CSV UTF-8\""),
        csv::ErrorKind::Io(error) => format!("it can't be read: {error}"),
        _ => format!("{line}it is no CSV"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(text: &str, terms: &Value) -> Result<Vec<Value>, String> {
        parse(text.as_bytes(), "t.csv", terms).map_err(|failure| failure.to_string())
    }

    #[test]
    fn every_row_is_a_link_with_its_columns_over_the_flags() {
        let text = "key,uses,expires_in,note\na/b.pdf,3,12h,\"for Ada, and Bob\"\n c.pdf ,,,\n";
        let terms = json!({"uses": 1, "expires_at": "2030-01-01T00:00:00Z", "gate": "page"});
        let expected = [
            json!({"key": "a/b.pdf", "uses": 3, "expires_in": 43_200, "gate": "page", "note": "for Ada, and Bob"}),
            json!({"key": "c.pdf", "uses": 1, "expires_at": "2030-01-01T00:00:00Z", "gate": "page"}),
        ];
        assert_eq!(parsed(text, &terms), Ok(expected.to_vec()));
    }

    #[test]
    fn what_spreadsheets_write_is_understood() {
        let expected = Ok(vec![json!({"key": "a", "content_type": "text/plain", "allow_from": ["10.0.0.0/8", "::1/128"]})]);
        for text in [
            "\u{feff}Key;Content-Type;Allow From\r\na;text/plain;10.0.0.0/8, ::1/128\r\n",
            "key\tcontent_type\tallow_from\na\ttext/plain\t10.0.0.0/8 ::1/128",
            "key,content_type,allow_from\na,text/plain,10.0.0.0/8;::1/128\n",
        ] {
            assert_eq!(parsed(text, &json!({})), expected, "{text:?}");
        }
        let spaced = parsed("key,passphrase,metadata\na, open sesame ,\"{\"\"order\"\":7}\"\n", &json!({})).expect("valid");
        assert_eq!(spaced, [json!({"key": "a", "passphrase": " open sesame ", "metadata": {"order": 7}})]);
    }

    #[test]
    fn what_is_wrong_is_named_with_its_line_and_without_the_passphrase() {
        let cases = [
            ("", "no column 'key'"),
            ("name\na", "no column 'name'"),
            ("keys\na", "did you mean 'key'?"),
            ("key,expires-on\na,b", "did you mean 'expires_in'?"),
            ("note\nx", "no column 'key'"),
            ("key\n", "no row"),
            ("key,uses\na,1\nb,many", "line 3: column 'uses': \"many\" is no whole number"),
            ("key,uses\na,-1", "whole number"),
            ("key,expires_in\na,soon", "line 2: column 'expires_in': \"soon\" is no duration"),
            ("key,metadata\na,7", "no JSON object"),
            ("key,note\n,x", "line 2: the column 'key' is empty"),
            ("key,passphrase\na,hush,x", "line 2: it has 3 columns, the first line 2"),
        ];
        for (text, expected) in cases {
            let problem = parsed(text, &json!({})).expect_err(text);
            assert!(problem.starts_with("t.csv: ") && problem.contains(expected) && !problem.contains("hush"), "{text:?}: {problem}");
        }
        let latin = parse(&b"key\n\xfcber"[..], "t.csv", &json!({})).expect_err("no UTF-8").to_string();
        assert!(latin.contains("CSV UTF-8"), "{latin}");
    }
}
