//! API keys: who has one, making and revoking them. A new key is shown once.

use askama::Template;
use axum::extract::{Request, State};
use axum::response::Response;
use oncelink_core::apikey::{Action, ApiKey};
use oncelink_core::{No, Refusal};
use serde_json::json;

use super::form::Fields;
use super::frame::{self, Frame, Section};
use super::links;
use super::made;
use super::show::Time;
use super::sign;
use super::visitor::Visitor;
use crate::api::{KeyPlace, Scopes};
use crate::app::App;
use crate::json;
use crate::problem::Problem;

/// A key in the list.
struct Row {
    id: String,
    name: String,
    actions: Vec<&'static str>,
    reach: String,
    created: Time,
    used: Option<Time>,
    revoked: Option<Time>,
    is_own: bool,
    /// Whether this visitor may revoke it.
    may_revoke: bool,
}

/// Something that a key may do, to be ticked.
struct Power {
    word: &'static str,
    story: &'static str,
    is_ticked: bool,
}

#[derive(Template)]
#[template(path = "console/keys.html")]
struct KeysPage<'a> {
    frame: Frame<'a>,
    rows: Vec<Row>,
    revoked: Vec<Row>,
    fields: &'a Fields,
    powers: Vec<Power>,
    sources: Vec<(&'a str, bool)>,
    once: String,
    error: Option<String>,
}

#[derive(Template)]
#[template(path = "console/key_made.html")]
struct KeyMadePage<'a> {
    frame: Frame<'a>,
    name: &'a str,
    key: &'a str,
}

/// The page.
pub(super) async fn show(State(app): State<App>, visitor: Visitor) -> Result<Response, Problem> {
    page(&app, &visitor, &Fields::of_query(None), None).await
}

/// Makes a key and shows it once.
pub(super) async fn create(State(app): State<App>, visitor: Visitor, request: Request) -> Result<Response, Problem> {
    let fields = Fields::read(&app, &visitor, request).await?;
    made::take_form(&app, &visitor, &fields)?;
    let texts = |name: &str| fields.all(name).map(str::to_owned).collect::<Vec<_>>();
    // Prefixes are taken line by line, without their own spaces being touched.
    let prefixes: Vec<&str> = fields.all("prefixes").flat_map(str::lines).filter(|line| !line.is_empty()).collect();
    let scopes = json!({ "actions": texts("actions"), "sources": texts("sources"), "prefixes": prefixes });
    let scope = json::typed::<Scopes>("scopes", scopes).and_then(Scopes::into_scope);
    let name = fields.one("name").unwrap_or_default();
    let made = match scope {
        Ok(scope) => app.links.create_key(name, scope, &visitor.sender).await.map_err(Problem::from),
        Err(problem) => Err(problem),
    };
    match made {
        Ok((secret, key)) => {
            let frame = Frame::new(&app, Some(&visitor), Section::Keys);
            let page = KeyMadePage { frame: frame.clone(), name: &key.name, key: secret.reveal() };
            Ok(frame.answer(page.render()))
        }
        Err(problem) if problem.field.is_some() || problem.kind == "forbidden" => page(&app, &visitor, &fields, Some(problem)).await,
        Err(problem) => Err(problem),
    }
}

/// Revokes a key. Whoever is signed in with it is out at once.
pub(super) async fn revoke(
    State(app): State<App>,
    visitor: Visitor,
    KeyPlace(id): KeyPlace,
    request: Request,
) -> Result<Response, Problem> {
    let _ = Fields::read(&app, &visitor, request).await?;
    match app.links.revoke_key(&id, &visitor.sender).await {
        Ok(()) => Ok(sign::see_other(&format!("{}/keys", frame::root(&app)))),
        // The rules know one "unknown"; its problem speaks of links.
        Err(No::Refused(Refusal::Unknown)) => Err(Problem::not_found()),
        Err(no) => Err(no.into()),
    }
}

async fn page(app: &App, visitor: &Visitor, fields: &Fields, problem: Option<Problem>) -> Result<Response, Problem> {
    let keys = app.links.list_keys(&visitor.sender).await?;
    let rows = keys.iter().rev().map(|key| Row::of(key, visitor));
    let (rows, revoked): (Vec<Row>, Vec<Row>) = rows.partition(|row| row.revoked.is_none());
    let ticked: Vec<&str> = fields.all("actions").collect();
    let is_new = problem.is_none();
    let powers = Action::ALL.into_iter().filter(|action| visitor.may(*action)).map(|action| Power {
        word: action.as_str(),
        story: story(action),
        is_ticked: if is_new { is_usual(action) } else { ticked.contains(&action.as_str()) },
    });
    let sources = links::sources(app, visitor).into_iter().map(|name| (name, fields.all("sources").any(|have| have == name)));
    let frame = Frame::new(app, Some(visitor), Section::Keys);
    let page = KeysPage {
        frame: frame.clone(),
        rows,
        revoked,
        fields,
        powers: powers.collect(),
        sources: sources.collect(),
        once: made::form_number(app),
        error: problem.as_ref().map(Problem::sentence),
    };
    let answer = frame.answer(page.render());
    Ok(match problem {
        Some(problem) => problem.respond_with(answer),
        None => answer,
    })
}

fn story(action: Action) -> &'static str {
    match action {
        Action::LinksCreate => "create links",
        Action::LinksRead => "see links and their lives",
        Action::LinksRevoke => "revoke and reissue links",
        Action::ObjectsRead => "browse files",
        Action::KeysManage => "manage API keys",
    }
}

/// What a new key usually may: everything but making keys.
fn is_usual(action: Action) -> bool {
    match action {
        Action::LinksCreate | Action::LinksRead | Action::LinksRevoke | Action::ObjectsRead => true,
        Action::KeysManage => false,
    }
}

impl Row {
    fn of(key: &ApiKey, visitor: &Visitor) -> Self {
        let sources: Vec<&str> = key.scope.sources.iter().map(oncelink_core::object::SourceName::as_str).collect();
        let reach = match (sources.is_empty(), key.scope.prefixes.is_empty()) {
            (true, true) => "everywhere".to_owned(),
            (false, true) => format!("in {}", sources.join(", ")),
            (true, false) => format!("below {}", key.scope.prefixes.join(", ")),
            (false, false) => format!("in {}, below {}", sources.join(", "), key.scope.prefixes.join(", ")),
        };
        let is_all = Action::ALL.iter().all(|action| key.scope.allows(*action));
        Self {
            id: key.id.to_string(),
            name: key.name.clone(),
            actions: if is_all { vec!["everything"] } else { key.scope.actions.iter().map(|action| story(*action)).collect() },
            reach,
            created: key.created_at.into(),
            used: key.last_used_at.map(Into::into),
            revoked: key.revoked_at.map(Into::into),
            is_own: key.id == visitor.key.id,
            may_revoke: visitor.sender.scope.includes(&key.scope),
        }
    }
}
