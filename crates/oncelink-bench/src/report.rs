//! What was found: numbers with their spread, and a verdict for each goal.

use std::fmt::Write;

use serde_json::{Value, json};

use crate::stats::Series;

/// A goal that a number is held against.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It is kept.
    Met,
    /// It isn't.
    Missed,
    /// What it speaks of wasn't measured, or not at the size that it speaks of.
    Open,
}

/// A number that was measured in rounds.
struct Figure {
    name: String,
    unit: &'static str,
    series: Series,
}

/// A goal's line.
struct Line {
    goal: &'static str,
    what: String,
    measured: String,
    wanted: &'static str,
    verdict: Verdict,
}

/// Everything that was found.
#[derive(Default)]
pub struct Report {
    figures: Vec<Figure>,
    lines: Vec<Line>,
    /// What a reader has to know beside the numbers.
    pub notes: Vec<String>,
}

impl Report {
    /// Adds a number.
    pub fn figure(&mut self, name: impl Into<String>, unit: &'static str, series: Series) {
        self.figures.push(Figure { name: name.into(), unit, series });
    }

    /// Holds `value` against a goal that it must not exceed.
    pub fn at_most(&mut self, goal: &'static str, what: impl Into<String>, value: f64, unit: &str, bound: f64, wanted: &'static str) {
        self.line(goal, what, format!("{} {unit}", short(value)), wanted, value.is_finite() && value <= bound);
    }

    /// Holds `value` against a goal that it must reach.
    pub fn at_least(&mut self, goal: &'static str, what: impl Into<String>, value: f64, unit: &str, bound: f64, wanted: &'static str) {
        self.line(goal, what, format!("{} {unit}", short(value)), wanted, value.is_finite() && value >= bound);
    }

    /// A goal of which this run says nothing.
    pub fn open(&mut self, goal: &'static str, what: impl Into<String>, why: impl Into<String>, wanted: &'static str) {
        self.lines.push(Line { goal, what: what.into(), measured: why.into(), wanted, verdict: Verdict::Open });
    }

    fn line(&mut self, goal: &'static str, what: impl Into<String>, measured: String, wanted: &'static str, met: bool) {
        let verdict = if met { Verdict::Met } else { Verdict::Missed };
        self.lines.push(Line { goal, what: what.into(), measured: measured.trim_end().to_owned(), wanted, verdict });
    }

    /// Both tables in Markdown, verdicts first.
    pub fn to_markdown(&self) -> String {
        let mut lines: Vec<&Line> = self.lines.iter().collect();
        lines.sort_by_key(|line| line.goal[1..].parse::<u32>().unwrap_or_default());
        let mut text = "| goal | measurement | measured | wanted | verdict |\n|---|---|---|---|---|\n".to_owned();
        for Line { goal, what, measured, wanted, verdict } in lines {
            let word = match verdict {
                Verdict::Met => "met",
                Verdict::Missed => "**missed**",
                Verdict::Open => "open",
            };
            let _ = writeln!(text, "| {goal} | {what} | {measured} | {wanted} | {word} |");
        }
        text.push_str("\n| figure | median | spread | rounds |\n|---|---:|---:|---:|\n");
        for Figure { name, unit, series } in &self.figures {
            let (low, high) = series.spread();
            let _ =
                writeln!(text, "| {name} | {} {unit} | {} to {} | {} |", short(series.median()), short(low), short(high), series.rounds());
        }
        for note in &self.notes {
            let _ = write!(text, "\n- {note}");
        }
        text.push('\n');
        text
    }

    /// All of it as JSON.
    pub fn to_json(&self, plan: &str) -> Value {
        let figures: Vec<Value> = self
            .figures
            .iter()
            .map(|Figure { name, unit, series }| json!({ "name": name, "unit": unit, "series": series.to_json() }))
            .collect();
        let goals: Vec<Value> = self
            .lines
            .iter()
            .map(|line| {
                let verdict = format!("{:?}", line.verdict).to_lowercase();
                json!({ "goal": line.goal, "what": line.what, "measured": line.measured, "wanted": line.wanted, "verdict": verdict })
            })
            .collect();
        json!({ "plan": plan, "goals": goals, "figures": figures, "notes": self.notes })
    }

    /// Medians of the figures that share `unit`, as (name, median, low, high).
    pub fn medians(&self, unit: &str) -> Vec<(String, f64, f64, f64)> {
        let fitting = self.figures.iter().filter(|figure| figure.unit == unit);
        fitting
            .map(|Figure { name, series, .. }| {
                let (low, high) = series.spread();
                (name.clone(), series.median(), low, high)
            })
            .collect()
    }
}

/// Three significant digits, with commas from a thousand on.
pub fn short(value: f64) -> String {
    if !value.is_finite() {
        return "-".to_owned();
    }
    if value.abs() >= 1_000.0 {
        let digits = format!("{value:.0}");
        let groups: Vec<&str> = digits.as_bytes().rchunks(3).rev().filter_map(|group| std::str::from_utf8(group).ok()).collect();
        return groups.join(",");
    }
    let places = if value.abs() >= 100.0 {
        0
    } else if value.abs() >= 10.0 {
        1
    } else {
        2
    };
    format!("{value:.places$}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_short() {
        assert_eq!([0.1234, 12.34, 123.4, 1_234.5, 1_234_567.0].map(short), ["0.12", "12.3", "123", "1,234", "1,234,567"]);
    }

    #[test]
    fn a_goal_is_met_or_missed_and_never_both() {
        let mut report = Report::default();
        report.at_most("P2", "a", 2.0, "x", 2.0, "<= 2");
        report.at_least("P1", "b", 1.9, "x", 2.0, ">= 2");
        report.at_least("P1", "c", f64::NAN, "x", 2.0, ">= 2");
        let text = report.to_markdown();
        assert!(text.contains("| P2 | a | 2.00 x | <= 2 | met |"), "{text}");
        assert_eq!(text.matches("**missed**").count(), 2, "{text}");
        assert!(text.find("P1") < text.find("P2"), "sorted by goal");
    }
}
