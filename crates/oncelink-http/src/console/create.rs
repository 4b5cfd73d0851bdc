//! Making links: the form with every option, and what comes of it.
//!
//! Values are read as the API reads them, through the same types; this only turns a form into what they take.

use std::time::Duration;

use askama::Template;
use axum::extract::{RawQuery, Request, State};
use axum::response::Response;
use futures_util::{StreamExt, stream};
use oncelink_core::apikey::Action;
use oncelink_core::create::Draft;
use oncelink_core::policy::MAX_USES;
use serde_json::{Map, Value};

use super::form::Fields;
use super::frame::{Frame, Section};
use super::links;
use super::made::{self, Made, Missed};
use super::show;
use super::visitor::Visitor;
use crate::api::NewLink;
use crate::app::App;
use crate::json;
use crate::problem::Problem;

/// How many links one form makes.
const MOST: usize = 200;
/// How many objects are looked up side by side.
const LOOKUPS: usize = 16;
/// Spans to choose from.
const SPANS: [(&str, u64); 7] = [("PT1H", 1), ("PT8H", 8), ("P1D", 24), ("P3D", 72), ("P7D", 168), ("P30D", 720), ("P90D", 2_160)];
/// The choice of a certain time.
const AT: &str = "at";

/// A choice among several.
struct Choice {
    value: &'static str,
    label: String,
    is_chosen: bool,
}

#[derive(Template)]
#[template(path = "console/create.html")]
struct CreatePage<'a> {
    frame: Frame<'a>,
    fields: &'a Fields,
    sources: Vec<&'a str>,
    keys: Vec<String>,
    spans: Vec<Choice>,
    gates: Vec<Choice>,
    deliveries: Vec<Choice>,
    max_uses: u32,
    once: String,
    problem: Option<&'a Problem>,
}

/// The form, for the object in the query or for one to be named.
pub(super) async fn ask(State(app): State<App>, visitor: Visitor, RawQuery(query): RawQuery) -> Result<Response, Problem> {
    let fields = Fields::of_query(query.as_deref());
    form(&app, &visitor, &fields, None)
}

/// The form, for the objects that were chosen.
pub(super) async fn ask_selected(State(app): State<App>, visitor: Visitor, request: Request) -> Result<Response, Problem> {
    let fields = Fields::read(&app, &visitor, request).await?;
    form(&app, &visitor, &fields, None)
}

/// Makes the links. Each succeeds or fails by itself; what is wrong with the form is said in the form.
pub(super) async fn create(State(app): State<App>, visitor: Visitor, request: Request) -> Result<Response, Problem> {
    let fields = Fields::read(&app, &visitor, request).await?;
    made::take_form(&app, &visitor, &fields)?;
    let keys = keys(&fields);
    let terms = match terms(&fields, keys.len()) {
        Ok(terms) => terms,
        Err(problem) => return form(&app, &visitor, &fields, Some(&problem)),
    };
    let (app_ref, visitor_ref, terms_ref) = (&app, &visitor, &terms);
    let rows: Vec<(String, Result<Draft, Problem>)> = stream::iter(keys)
        .map(|key| async move {
            let draft = draft(app_ref, visitor_ref, terms_ref, &key).await;
            (key, draft)
        })
        .buffered(LOOKUPS)
        .collect()
        .await;
    if let Some(problem) = fault_of_the_form(&rows) {
        return form(&app, &visitor, &fields, Some(problem));
    }
    store(&app, &visitor, rows).await
}

async fn store(app: &App, visitor: &Visitor, rows: Vec<(String, Result<Draft, Problem>)>) -> Result<Response, Problem> {
    let (mut drafts, mut missed) = (Vec::new(), Vec::new());
    for (key, row) in rows {
        match row {
            Ok(draft) => drafts.push(draft),
            Err(problem) => missed.push(Missed { key, why: problem.detail }),
        }
    }
    if !drafts.is_empty() {
        app.links.store_drafts(&drafts, &visitor.sender.actor).await?;
    }
    let lead = match drafts.len() {
        0 => "No link was made.".to_owned(),
        1 => "Your link is ready. It is shown this once: copy it now.".to_owned(),
        count => format!("Your {count} links are ready. They are shown this once: copy them now."),
    };
    Ok(made::page(app, visitor, drafts.iter().map(|draft| Made::of(app, draft)).collect(), missed, &lead))
}

/// What is wrong when nothing could be made, unless it is several objects' own faults.
fn fault_of_the_form(rows: &[(String, Result<Draft, Problem>)]) -> Option<&Problem> {
    let faults: Vec<&Problem> = rows.iter().filter_map(|(_, row)| row.as_ref().err()).collect();
    let first = *faults.first()?;
    let is_shared = first.field.as_deref().is_some_and(|field| field != "key");
    (faults.len() == rows.len() && (rows.len() == 1 || is_shared)).then_some(first)
}

async fn draft(app: &App, visitor: &Visitor, terms: &Map<String, Value>, key: &str) -> Result<Draft, Problem> {
    let mut row = terms.clone();
    row.insert("key".to_owned(), key.into());
    let wish = json::typed::<NewLink>("", Value::Object(row))?.into_wish()?;
    Ok(app.links.draft(wish, &visitor.sender).await?)
}

fn keys(fields: &Fields) -> Vec<String> {
    let mut keys: Vec<String> = fields.all("key").map(str::to_owned).collect();
    keys.extend(fields.lines("keys"));
    keys
}

/// The terms that all links of the form have, as the API names them.
fn terms(fields: &Fields, count: usize) -> Result<Map<String, Value>, Problem> {
    match count {
        0 => return Err(Problem::invalid("key", "is missing: choose a file, or write its key")),
        1..=MOST => {}
        _ => return Err(Problem::invalid("key", format!("is there {count} times; one form makes up to {MOST} links"))),
    }
    let mut terms = Map::new();
    for name in ["source", "gate", "delivery", "content_type", "passphrase", "note", "webhook"] {
        put(&mut terms, name, fields.one(name).map(Into::into));
    }
    if count == 1 {
        put(&mut terms, "filename", fields.one("filename").map(Into::into));
    }
    let number = |text: &str| text.trim().parse::<u64>().map_err(|_| Problem::invalid("uses", "must be a whole number"));
    put(&mut terms, "uses", fields.one("uses").map(number).transpose()?.map(Into::into));
    match fields.one("expires") {
        Some(AT) => {
            let at = time(fields, "expires_at").ok_or_else(|| Problem::invalid("expires_at", "is missing"))?;
            put(&mut terms, "expires_at", Some(at.into()));
        }
        span => put(&mut terms, "expires_in", span.map(Into::into)),
    }
    put(&mut terms, "not_before", time(fields, "not_before").map(Into::into));
    let nets: Vec<Value> =
        fields.lines("allow_from").iter().flat_map(|line| line.split([',', ' '])).filter(|net| !net.is_empty()).map(Into::into).collect();
    put(&mut terms, "allow_from", (!nets.is_empty()).then_some(Value::Array(nets)));
    let object = |text: &str| {
        let wrong = |_| Problem::invalid("metadata", "must be a JSON object such as {\"ticket\": 7}");
        serde_json::from_str::<Map<String, Value>>(text).map(Value::Object).map_err(wrong)
    };
    put(&mut terms, "metadata", fields.one("metadata").map(object).transpose()?);
    Ok(terms)
}

fn put(terms: &mut Map<String, Value>, name: &str, value: Option<Value>) {
    if let Some(value) = value {
        terms.insert(name.to_owned(), value);
    }
}

/// A time field: what the script made of it in the reader's own time, else as it stands, in UTC.
fn time(fields: &Fields, name: &str) -> Option<String> {
    let exact = fields.one(&format!("{name}_utc")).map(str::to_owned);
    exact.or_else(|| fields.one(name).map(|text| if text.len() == 16 { format!("{text}:00Z") } else { format!("{text}Z") }))
}

fn form(app: &App, visitor: &Visitor, fields: &Fields, problem: Option<&Problem>) -> Result<Response, Problem> {
    if !visitor.may(Action::LinksCreate) {
        return Err(oncelink_core::Refusal::Forbidden { detail: "the key lacks the action links:create".to_owned() }.into());
    }
    let policy = app.links.policy();
    let frame = Frame::new(app, Some(visitor), Section::Files);
    let chosen = |name: &str, value: &str| fields.one(name).unwrap_or_default() == value;
    let choice = |name: &str, value: &'static str, label: String| Choice { value, label, is_chosen: chosen(name, value) };
    let spans = SPANS.iter().map(|(value, hours)| (*value, Duration::from_secs(hours * 3600)));
    let mut choices = vec![choice("expires", "", format!("{} (usual)", show::span(policy.ttl)))];
    choices.extend(
        spans
            .filter(|(_, span)| *span <= policy.max_ttl && *span != policy.ttl)
            .map(|(value, span)| choice("expires", value, show::span(span))),
    );
    choices.push(choice("expires", AT, "a certain time".to_owned()));
    let page = CreatePage {
        frame: frame.clone(),
        fields,
        sources: links::sources(app, visitor),
        keys: keys(fields),
        spans: choices,
        gates: vec![
            choice("gate", "", format!("as usual: {}", show::gate(policy.gate))),
            choice("gate", "page", "a page with a button (safe from link previews)".to_owned()),
            choice("gate", "direct", "directly: opening it downloads, previews too".to_owned()),
        ],
        deliveries: vec![
            choice("delivery", "", format!("as usual: {}", show::delivery(policy.delivery))),
            choice("delivery", "auto", "automatic".to_owned()),
            choice("delivery", "stream", "through this server".to_owned()),
            choice("delivery", "redirect", "one presigned URL (single exchange, not single-use)".to_owned()),
        ],
        max_uses: MAX_USES,
        once: made::form_number(app),
        problem,
    };
    let answer = frame.answer(page.render());
    Ok(match problem {
        Some(problem) => problem.clone().respond_with(answer),
        None => answer,
    })
}

impl CreatePage<'_> {
    /// What is wrong with one of the fields, named with spaces between, that a control stands for.
    fn bad(&self, names: &str) -> Option<String> {
        let problem = self.problem?;
        let field = problem.field.as_deref()?.split('[').next()?;
        names.split(' ').any(|name| name == field).then(|| problem.sentence())
    }

    /// What is wrong where no control stands for it.
    fn general(&self) -> Option<String> {
        let problem = self.problem?;
        let field = problem.field.as_deref().and_then(|field| field.split('[').next());
        match field {
            Some(field) if SHOWN.contains(&field) => None,
            Some(_) | None => Some(problem.detail.clone()),
        }
    }

    /// Whether one of the rarer options is filled in or wrong: then they are shown.
    fn is_more(&self) -> bool {
        RARE.iter().any(|name| self.fields.one(name).is_some() || self.bad(name).is_some())
    }

    fn is_source(&self, name: &str) -> bool {
        self.fields.one("source") == Some(name)
    }
}

/// The fields that show what is wrong with them.
const SHOWN: [&str; 15] = [
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
/// Those that few links need.
const RARE: [&str; 8] = ["not_before", "gate", "delivery", "filename", "content_type", "allow_from", "metadata", "webhook"];

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn told(query: &str, count: usize) -> Result<Value, Option<String>> {
        terms(&Fields::of_query(Some(query)), count).map(Value::Object).map_err(|problem| problem.field)
    }

    #[test]
    fn a_form_becomes_what_the_api_takes() {
        let full = "uses=3&expires=P3D&note=hi&gate=&allow_from=10.0.0.0/8,+::1%0D%0A192.0.2.1&metadata={\"a\":1}&filename=b.bin&not_before=2027-01-02T03:04";
        let expected = json!({"uses": 3, "expires_in": "P3D", "note": "hi", "allow_from": ["10.0.0.0/8", "::1", "192.0.2.1"],
            "metadata": {"a": 1}, "filename": "b.bin", "not_before": "2027-01-02T03:04:00Z"});
        assert_eq!(told(full, 1), Ok(expected));
        assert_eq!(told("filename=b.bin", 2), Ok(json!({})), "several files keep their own names");
        let exact = "expires=at&expires_at=2027-01-02T03:04&expires_at_utc=2027-01-02T02:04:00.000Z";
        assert_eq!(told(exact, 1), Ok(json!({"expires_at": "2027-01-02T02:04:00.000Z"})));
        for (bad, field) in [("uses=x", "uses"), ("expires=at", "expires_at"), ("metadata=[1]", "metadata")] {
            assert_eq!(told(bad, 1), Err(Some(field.to_owned())), "{bad}");
        }
        assert_eq!((told("", 0), told("", 201)), (Err(Some("key".to_owned())), Err(Some("key".to_owned()))));
    }
}
