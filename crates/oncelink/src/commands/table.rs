//! Answers as tables and lists for people. Must not let a text from outside steer the terminal.

use serde_json::Value;

use crate::output::tame;

/// Rows under headings, as wide as they need; the last column is left ragged.
pub(crate) fn columns(headings: &[&str], rows: &[Vec<String>]) -> String {
    let all = || std::iter::once(headings.iter().map(|&heading| heading.to_owned()).collect()).chain(rows.iter().cloned());
    let width = |column: usize| all().filter_map(|row: Vec<String>| row.get(column).map(|cell| cell.chars().count())).max().unwrap_or(0);
    let widths: Vec<usize> = (0..headings.len()).map(width).collect();
    let line = |row: Vec<String>| {
        let cells = row.iter().zip(&widths).map(|(cell, &width)| format!("{cell:<width$}"));
        cells.collect::<Vec<_>>().join("  ").trim_end().to_owned()
    };
    all().map(line).collect::<Vec<_>>().join("\n")
}

/// An object's fields, one a line; what is empty is left out.
pub(crate) fn fields(value: &Value) -> String {
    let Some(fields) = value.as_object() else { return text(value) };
    let said = fields.iter().filter(|(_, value)| !is_empty(value));
    said.map(|(name, value)| format!("{}: {}", tame(name), text(value))).collect::<Vec<_>>().join("\n")
}

/// A field of an object as text; empty when it isn't there.
pub(crate) fn cell(value: &Value, field: &str) -> String {
    value.get(field).map(text).unwrap_or_default()
}

/// A field that is a date, to the minute and in UTC; as it came when it is none.
pub(crate) fn moment(value: &Value, field: &str) -> String {
    dated(value, field, "%Y-%m-%d %H:%M")
}

/// A field that is a date, to the second and in UTC; as it came when it is none.
pub(crate) fn second(value: &Value, field: &str) -> String {
    dated(value, field, "%Y-%m-%d %H:%M:%S")
}

fn dated(value: &Value, field: &str, format: &str) -> String {
    let text = cell(value, field);
    text.parse::<jiff::Timestamp>().map_or(text, |at| at.strftime(format).to_string())
}

fn text(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => tame(text),
        Value::Bool(_) | Value::Number(_) => value.to_string(),
        Value::Array(values) if values.iter().all(|value| !value.is_object()) => values.iter().map(text).collect::<Vec<_>>().join(", "),
        Value::Array(_) | Value::Object(_) => tame(&value.to_string()),
    }
}

fn is_empty(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Array(values) => values.is_empty(),
        Value::Object(fields) => fields.is_empty(),
        Value::String(_) | Value::Bool(_) | Value::Number(_) => false,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn columns_are_as_wide_as_their_widest_cell() {
        let rows = [vec!["a".to_owned(), "1".to_owned(), String::new()], vec!["\u{fc}ber".to_owned(), "22".to_owned(), "x".to_owned()]];
        assert_eq!(columns(&["ID", "USES", "NOTE"], &rows), "ID    USES  NOTE\na     1\n\u{fc}ber  22    x");
    }

    #[test]
    fn fields_are_shown_without_what_is_empty_or_could_steer_the_terminal() {
        let value = json!({"id": "x", "note": "a\u{1b}[2Jb", "claimed": 0, "not_before": null, "allow_from": [], "nets": ["a", "b"], "claims": [{"a": 1}]});
        let shown = fields(&value);
        assert!(shown.contains("note: a\u{fffd}[2Jb") && shown.contains("claimed: 0") && shown.contains("nets: a, b"), "{shown}");
        assert!(shown.contains("claims: [{\"a\":1}]") && !shown.contains("not_before") && !shown.contains("allow_from"), "{shown}");
        assert_eq!((cell(&value, "id").as_str(), cell(&value, "nothing").as_str()), ("x", ""));
    }
}
