//! Bars with whiskers, as SVG: one plot per unit. Must not decide what is good.

use std::fmt::Write;

use crate::report::short;

const ROW: f64 = 26.0;
const BARS: f64 = 310.0;
/// Room for a number behind its bar.
const NUMBER: f64 = 110.0;
/// What a letter of a label takes at most on average, whatever the font: an SVG can't measure its text.
const LETTER: f64 = 7.5;

/// A plot of medians with their spread; nothing when there is nothing to compare.
pub fn bars(title: &str, unit: &str, rows: &[(String, f64, f64, f64)]) -> Option<String> {
    let most = rows.iter().map(|row| row.3).fold(0.0, f64::max);
    if rows.len() < 2 || most <= 0.0 {
        return None;
    }
    let label = rows.iter().map(|row| row.0.chars().count()).max().unwrap_or_default() as f64 * LETTER + 16.0;
    let (width, height) = (label + BARS + NUMBER, ROW * (rows.len() as f64 + 1.5));
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width} {height}\" font-family=\"sans-serif\" font-size=\"13\">\n\
         <rect width=\"100%\" height=\"100%\" fill=\"#fff\"/><text x=\"8\" y=\"18\" font-weight=\"bold\">{} ({})</text>\n",
        escape(title),
        escape(unit)
    );
    for (place, (name, median, low, high)) in rows.iter().enumerate() {
        let y = ROW * (place as f64 + 1.2);
        let at = |value: f64| label + value / most * BARS;
        let colour = if name.starts_with("oncelink") { "#0a7d5a" } else { "#8a93a3" };
        let middle = y + ROW * 0.4;
        let _ = writeln!(
            svg,
            "<text x=\"{}\" y=\"{}\" text-anchor=\"end\">{}</text>\
             <rect x=\"{label}\" y=\"{y}\" width=\"{:.1}\" height=\"{}\" fill=\"{colour}\"/>\
             <path d=\"M{:.1} {middle}H{:.1}\" stroke=\"#222\" stroke-width=\"1.5\"/>\
             <text x=\"{:.1}\" y=\"{}\">{}</text>",
            label - 8.0,
            y + 15.0,
            escape(name),
            at(*median) - label,
            ROW * 0.8,
            at(*low),
            at(*high),
            at(*high) + 6.0,
            y + 15.0,
            short(*median)
        );
    }
    svg.push_str("</svg>\n");
    Some(svg)
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_bar_compares_nothing() {
        let row = |name: &str| (name.to_owned(), 2.0, 1.0, 3.0);
        assert!(bars("t", "u", &[row("a")]).is_none());
        let svg = bars("a < b", "u", &[row("a"), row("b")]).expect("two can be compared");
        let long = bars("t", "u", &[row("a"), row(&"m".repeat(80))]).expect("two can be compared");
        assert!(long.contains("viewBox=\"0 0 1036 "), "it is as wide as its longest label asks");
        assert!(svg.contains("a &lt; b") && svg.matches("<path").count() == 2);
    }
}
