//! `oncelink link show` and `events`: a link, and its life as a timeline.

use serde_json::Value;

use crate::cli::link::OneArgs;
use crate::client::{Api, Question};
use crate::commands::link::{LINKS, link_id};
use crate::commands::table;
use crate::exit::Failure;
use crate::output;

/// The longest user agent in a timeline, in characters.
const AGENT: usize = 60;

/// Shows a link, its claims and, for people, its life.
pub(crate) async fn show(args: OneArgs) -> Result<(), Failure> {
    let id = link_id(&args.id)?;
    let api = Api::find(&args.client)?;
    let mut link = api.ask(Question::get(&[LINKS[0], LINKS[1], id.as_str()])).await?;
    if args.json {
        return output::json(&link);
    }
    let claims = link.as_object_mut().and_then(|fields| fields.remove("claims")).unwrap_or_default();
    output::line(&table::fields(&link))?;
    let claims = claims.as_array().map(Vec::as_slice).unwrap_or_default();
    if !claims.is_empty() {
        output::line(&format!("\nClaims\n{}", claimed(claims)))?;
    }
    let answer = api.ask(Question::get(&[LINKS[0], LINKS[1], id.as_str(), "events"])).await?;
    output::line(&format!("\nLife (UTC)\n{}", timeline(&answer)))
}

/// Shows a link's life.
pub(crate) async fn events(args: OneArgs) -> Result<(), Failure> {
    let id = link_id(&args.id)?;
    let answer = Api::find(&args.client)?.ask(Question::get(&[LINKS[0], LINKS[1], id.as_str(), "events"])).await?;
    if args.json { output::json(&answer) } else { output::line(&timeline(&answer)) }
}

/// Claims, one a line, with whatever fields the server tells.
fn claimed(claims: &[Value]) -> String {
    let said = |claim: &Value| table::fields(claim).lines().map(|line| line.replacen(": ", " ", 1)).collect::<Vec<_>>().join(", ");
    claims.iter().map(|claim| format!("  {}", said(claim))).collect::<Vec<_>>().join("\n")
}

/// Events, one a line: when, what, and by whom.
fn timeline(answer: &Value) -> String {
    let events = answer["events"].as_array().map(Vec::as_slice).unwrap_or_default();
    let width = events.iter().map(|event| table::cell(event, "type").chars().count()).max().unwrap_or(0);
    let line = |event: &Value| {
        let (at, kind) = (table::second(event, "at"), table::cell(event, "type"));
        let more = [what(event), who(event)].into_iter().filter(|text| !text.is_empty()).collect::<Vec<_>>().join(" ");
        format!("  {at}  {kind:<width$}  {more}").trim_end().to_owned()
    };
    if events.is_empty() { "  nothing".to_owned() } else { events.iter().map(line).collect::<Vec<_>>().join("\n") }
}

fn what(event: &Value) -> String {
    match (event["bytes"].as_u64(), event["reason"].as_str()) {
        (Some(bytes), _) => output::size(bytes),
        (None, Some(reason)) => format!("({})", output::tame(reason)),
        (None, None) => String::new(),
    }
}

fn who(event: &Value) -> String {
    let agent: String = table::cell(event, "user_agent").chars().take(AGENT).collect();
    let parts = [("from ", table::cell(event, "address"), ""), ("(", agent, ")"), ("claim ", table::cell(event, "claim"), "")];
    let said = parts.iter().filter(|(_, text, _)| !text.is_empty()).map(|(before, text, after)| format!("{before}{text}{after}"));
    said.collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_life_is_told_line_by_line() {
        let answer = json!({"events": [
            {"at": "2030-01-01T00:00:00.123Z", "type": "created", "claim": null, "address": null, "user_agent": null},
            {"at": "2030-01-01T00:01:00Z", "type": "claimed", "claim": "c1", "address": "192.0.2.7", "user_agent": "curl/8"},
            {"at": "2030-01-01T00:02:00Z", "type": "delivered", "claim": "c1", "bytes": 1_500_000, "address": "192.0.2.7"},
            {"at": "2030-01-01T00:03:00Z", "type": "refused", "reason": "spent", "user_agent": "a\u{1b}[2J"},
        ]});
        let expected = "  2030-01-01 00:00:00  created\n  2030-01-01 00:01:00  claimed    from 192.0.2.7 (curl/8) claim c1\n  \
                        2030-01-01 00:02:00  delivered  1.5 MB from 192.0.2.7 claim c1\n  2030-01-01 00:03:00  refused    (spent) (a\u{fffd}[2J)";
        assert_eq!(timeline(&answer), expected);
        assert_eq!(timeline(&json!({"events": []})), "  nothing");
    }
}
