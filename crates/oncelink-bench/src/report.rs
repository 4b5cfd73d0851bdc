//! What was found: numbers with their spread, and a verdict for each goal.

use std::fmt::Write;

use serde_json::{Value, json};

use crate::stats::Series;

/// What became of a goal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It is kept.
    Met,
    /// It isn't.
    Missed,
    /// What it speaks of wasn't measured, or not as it says; with the reason.
    Open(String),
}

/// A number that was measured in rounds.
pub struct Figure {
    name: String,
    unit: &'static str,
    series: Series,
    /// The share of one core that the load client used, of 1.
    client: Option<Series>,
}

impl Figure {
    /// Says how busy the client was that asked for it, in shares of one core.
    pub fn asked_by(&mut self, share: &Series) {
        self.client = (share.rounds() > 0).then(|| share.clone());
    }
}

/// A goal's line.
pub struct Line {
    goal: &'static str,
    what: String,
    unit: String,
    /// Nothing where nothing was measured.
    series: Series,
    wanted: &'static str,
    verdict: Verdict,
}

impl Line {
    /// Leaves the goal open where there is a reason.
    pub fn unless(&mut self, reason: Option<String>) -> &mut Self {
        if let Some(reason) = reason {
            self.verdict = Verdict::Open(reason);
        }
        self
    }

    /// The median, and the spread where there were rounds.
    fn measured(&self) -> String {
        let (median, (low, high)) = (short(self.series.median()), self.series.spread());
        let text = match self.series.rounds() {
            0 => return "-".to_owned(),
            1 => format!("{median} {}", self.unit),
            _ => format!("{median} {} ({} to {})", self.unit, short(low), short(high)),
        };
        text.trim_end().to_owned()
    }
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
    pub fn figure(&mut self, name: impl Into<String>, unit: &'static str, series: Series) -> &mut Figure {
        self.figures.push(Figure { name: name.into(), unit, series, client: None });
        let last = self.figures.len() - 1;
        &mut self.figures[last]
    }

    /// Holds the median of `series` against a goal that it must not exceed.
    pub fn at_most(
        &mut self,
        goal: &'static str,
        what: impl Into<String>,
        series: Series,
        unit: &str,
        bound: f64,
        wanted: &'static str,
    ) -> &mut Line {
        let met = series.median().is_finite() && series.median() <= bound;
        self.line(goal, what, series, unit, wanted, verdict(met))
    }

    /// Holds the median of `series` against a goal that it must reach.
    pub fn at_least(
        &mut self,
        goal: &'static str,
        what: impl Into<String>,
        series: Series,
        unit: &str,
        bound: f64,
        wanted: &'static str,
    ) -> &mut Line {
        let met = series.median().is_finite() && series.median() >= bound;
        self.line(goal, what, series, unit, wanted, verdict(met))
    }

    /// A goal of which this run says nothing.
    pub fn open(&mut self, goal: &'static str, what: impl Into<String>, why: impl Into<String>, wanted: &'static str) {
        self.line(goal, what, Series::default(), "", wanted, Verdict::Open(why.into()));
    }

    fn line(
        &mut self,
        goal: &'static str,
        what: impl Into<String>,
        series: Series,
        unit: &str,
        wanted: &'static str,
        verdict: Verdict,
    ) -> &mut Line {
        self.lines.push(Line { goal, what: what.into(), unit: unit.to_owned(), series, wanted, verdict });
        let last = self.lines.len() - 1;
        &mut self.lines[last]
    }

    /// Both tables in Markdown, verdicts first.
    pub fn to_markdown(&self) -> String {
        let mut lines: Vec<&Line> = self.lines.iter().collect();
        lines.sort_by_key(|line| line.goal[1..].parse::<u32>().unwrap_or_default());
        let mut text = "| goal | measurement | measured | wanted | verdict |\n|---|---|---|---|---|\n".to_owned();
        for line in lines {
            let word = match &line.verdict {
                Verdict::Met => "met",
                Verdict::Missed => "**missed**",
                Verdict::Open(why) => &format!("open: {why}"),
            };
            let _ = writeln!(text, "| {} | {} | {} | {} | {word} |", line.goal, line.what, line.measured(), line.wanted);
        }
        text.push_str("\n| figure | median | spread | rounds | load client, of one core |\n|---|---:|---:|---:|---:|\n");
        for Figure { name, unit, series, client } in &self.figures {
            let (median, (low, high), rounds) = (series.median(), series.spread(), series.rounds());
            let client = client.as_ref().map_or(String::new(), |share| format!("{:.0} %", share.median() * 100.0));
            let _ = writeln!(text, "| {name} | {} {unit} | {} to {} | {rounds} | {client} |", short(median), short(low), short(high));
        }
        for note in &self.notes {
            let _ = write!(text, "\n- {note}");
        }
        text.push('\n');
        text
    }

    /// All of it as JSON, with the `environment` in which it was found.
    pub fn to_json(&self, plan: &str, environment: &Value) -> Value {
        let figures: Vec<Value> = self.figures.iter().map(figure_json).collect();
        let goals: Vec<Value> = self.lines.iter().map(goal_json).collect();
        json!({ "plan": plan, "environment": environment, "goals": goals, "figures": figures, "notes": self.notes })
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

fn verdict(met: bool) -> Verdict {
    if met { Verdict::Met } else { Verdict::Missed }
}

fn figure_json(Figure { name, unit, series, client }: &Figure) -> Value {
    let client = client.as_ref().map(|share| share.times(100.0).to_json());
    json!({ "name": name, "unit": unit, "series": series.to_json(), "client_percent_of_a_core": client })
}

fn goal_json(line: &Line) -> Value {
    let (verdict, reason) = match &line.verdict {
        Verdict::Met => ("met", None),
        Verdict::Missed => ("missed", None),
        Verdict::Open(why) => ("open", Some(why)),
    };
    json!({
        "goal": line.goal,
        "what": line.what,
        "measured": line.measured(),
        "unit": line.unit,
        "series": (line.series.rounds() > 0).then(|| line.series.to_json()),
        "wanted": line.wanted,
        "verdict": verdict,
        "reason": reason,
    })
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

    fn rounds(values: &[f64]) -> Series {
        let mut series = Series::default();
        values.iter().for_each(|value| series.push(*value));
        series
    }

    #[test]
    fn numbers_are_short() {
        assert_eq!([0.1234, 12.34, 123.4, 1_234.5, 1_234_567.0].map(short), ["0.12", "12.3", "123", "1,234", "1,234,567"]);
    }

    #[test]
    fn a_goal_is_met_or_missed_and_never_both() {
        let mut report = Report::default();
        report.at_most("P2", "a", Series::one(2.0), "x", 2.0, "<= 2");
        report.at_least("P1", "b", Series::one(1.9), "x", 2.0, ">= 2");
        report.at_least("P1", "c", Series::one(f64::NAN), "x", 2.0, ">= 2");
        let text = report.to_markdown();
        assert!(text.contains("| P2 | a | 2.00 x | <= 2 | met |"), "{text}");
        assert_eq!(text.matches("**missed**").count(), 2, "{text}");
        assert!(text.find("P1") < text.find("P2"), "sorted by goal");
    }

    #[test]
    fn rounds_are_told_with_their_spread_and_a_doubt_leaves_the_goal_open() {
        let mut report = Report::default();
        report.at_most("P1", "a", rounds(&[1.0, 3.0, 2.0]), "x", 2.0, "<= 2").unless(None);
        report.at_most("P1", "b", rounds(&[1.0, 1.5]), "x", 2.0, "<= 2").unless(Some("at half the size".to_owned()));
        report.open("P6", "c", "not now", "<= 2");
        report.figure("f", "/s", rounds(&[5.0])).asked_by(&rounds(&[0.5]));
        let text = report.to_markdown();
        assert!(text.contains("| a | 2.00 x (1.00 to 3.00) | <= 2 | met |"), "{text}");
        assert!(text.contains("| b | 1.25 x (1.00 to 1.50) | <= 2 | open: at half the size |"), "{text}");
        assert!(text.contains("| c | - | <= 2 | open: not now |") && text.contains("| 50 % |"), "{text}");
        let json = report.to_json("quick", &json!({}));
        assert_eq!(json["goals"][1]["series"]["rounds"], json!([1.0, 1.5]));
        assert_eq!((&json["goals"][1]["verdict"], &json["goals"][1]["reason"]), (&json!("open"), &json!("at half the size")));
        assert_eq!(json["figures"][0]["client_percent_of_a_core"]["median"], json!(50.0));
    }
}
