//! Browsing a source: folders, files to choose, and looking for names.

use askama::Template;
use axum::extract::{RawQuery, State};
use axum::response::Response;
use oncelink_core::Refusal;
use oncelink_core::apikey::{Action, Scope};
use oncelink_core::object::{ListedObject, ObjectPage, SourceName};

use super::form::{self, Fields};
use super::frame::{Frame, Section};
use super::links;
use super::show::{self, Time};
use super::visitor::Visitor;
use crate::app::App;
use crate::problem::Problem;

/// How many entries a page shows.
const PAGE: usize = 100;
/// How many entries one step of a search looks at, and how many steps one page takes at the most.
const STEP: usize = 1_000;
const STEPS: usize = 10;

struct Folder {
    name: String,
    address: String,
}

struct File {
    key: String,
    name: String,
    size: String,
    modified: Option<Time>,
    address: String,
}

/// A step of the way from the source down to here; the ones that the key doesn't reach lead nowhere.
struct Crumb {
    name: String,
    address: Option<String>,
}

#[derive(Template)]
#[template(path = "console/files.html")]
struct FilesPage<'a> {
    frame: Frame<'a>,
    sources: Vec<(&'a str, String)>,
    source: &'a str,
    prefix: &'a str,
    find: Option<&'a str>,
    crumbs: Vec<Crumb>,
    folders: Vec<Folder>,
    files: Vec<File>,
    next: Option<String>,
    is_first: bool,
    /// How many names were looked at in vain and in success, when searching.
    looked: usize,
    may_create: bool,
}

/// What was found of a listing.
struct Found {
    page: ObjectPage,
    looked: usize,
}

/// The page.
pub(super) async fn show(State(app): State<App>, visitor: Visitor, RawQuery(query): RawQuery) -> Result<Response, Problem> {
    let fields = Fields::of_query(query.as_deref());
    let names = links::sources(&app, &visitor);
    let source = match (fields.one("source"), names.first()) {
        (Some(asked), _) => SourceName::parse(asked).ok_or_else(|| Problem::invalid("source", "is no source's name"))?,
        (None, Some(first)) => SourceName::parse(first).ok_or_else(Problem::not_found)?,
        (None, None) => return Err(Refusal::Forbidden { detail: "the key reaches no source of this server".to_owned() }.into()),
    };
    let (prefix, find, cursor) = (fields.one("prefix").unwrap_or_default(), fields.one("find"), fields.one("cursor"));
    let found = found(&app, &visitor, &source, prefix, find, cursor).await?;
    let frame = Frame::new(&app, Some(&visitor), Section::Files);
    let place =
        Place { path: format!("{}/files", frame.root), create: format!("{}/links/new", frame.root), source: source.as_str(), prefix };
    let (folders, files) = place.entries(found.page.entries);
    let page = FilesPage {
        sources: names.iter().map(|name| (*name, place.address(name, "", None, None))).collect(),
        source: source.as_str(),
        prefix,
        find,
        crumbs: place.crumbs(&visitor.sender.scope, &source),
        folders,
        files,
        next: found.page.next.as_deref().map(|next| place.address(source.as_str(), prefix, find, Some(next))),
        is_first: cursor.is_none(),
        looked: found.looked,
        may_create: visitor.may(Action::LinksCreate),
        frame: frame.clone(),
    };
    Ok(frame.answer(page.render()))
}

async fn found(
    app: &App,
    visitor: &Visitor,
    source: &SourceName,
    prefix: &str,
    find: Option<&str>,
    cursor: Option<&str>,
) -> Result<Found, Problem> {
    let scope = &visitor.sender.scope;
    if prefix.is_empty() && visitor.may(Action::ObjectsRead) && scope.reaches_source(source) && !scope.reaches(source, prefix) {
        let roots = scope.prefixes.iter().cloned().map(ListedObject::Folder).collect();
        return Ok(Found { page: ObjectPage { entries: roots, next: None }, looked: 0 });
    }
    let Some(wanted) = find.map(str::to_lowercase) else {
        let (_, page) = app.links.browse(Some(source.as_str()), prefix, cursor, PAGE, &visitor.sender).await?;
        return Ok(Found { page, looked: 0 });
    };
    let mut found = Found { page: ObjectPage::default(), looked: 0 };
    let mut next = cursor.map(str::to_owned);
    for _ in 0..STEPS {
        let (_, step) = app.links.browse(Some(source.as_str()), prefix, next.as_deref(), STEP, &visitor.sender).await?;
        found.looked += step.entries.len();
        let has_it = |entry: &ListedObject| name_of(prefix, key_of(entry)).to_lowercase().contains(&wanted);
        found.page.entries.extend(step.entries.into_iter().filter(has_it));
        next = step.next;
        if next.is_none() || found.page.entries.len() >= PAGE {
            break;
        }
    }
    found.page.next = next;
    Ok(found)
}

/// Where we are, for addresses.
struct Place<'a> {
    path: String,
    create: String,
    source: &'a str,
    prefix: &'a str,
}

impl Place<'_> {
    fn address(&self, source: &str, prefix: &str, find: Option<&str>, cursor: Option<&str>) -> String {
        let prefix = Some(prefix).filter(|prefix| !prefix.is_empty());
        form::address(&self.path, &[("source", Some(source)), ("prefix", prefix), ("find", find), ("cursor", cursor)])
    }

    fn entries(&self, entries: Vec<ListedObject>) -> (Vec<Folder>, Vec<File>) {
        let (mut folders, mut files) = (Vec::new(), Vec::new());
        for entry in entries {
            match entry {
                ListedObject::Folder(prefix) => {
                    let name = name_of(self.prefix, &prefix);
                    folders.push(Folder { name: name.to_owned(), address: self.address(self.source, &prefix, None, None) });
                }
                ListedObject::Object { key, size, modified } => files.push(File {
                    name: name_of(self.prefix, &key).to_owned(),
                    size: show::size(size),
                    modified: modified.map(Into::into),
                    address: form::address(&self.create, &[("source", Some(self.source)), ("key", Some(&key))]),
                    key,
                }),
            }
        }
        (folders, files)
    }

    fn crumbs(&self, scope: &Scope, source: &SourceName) -> Vec<Crumb> {
        let mut crumbs = vec![Crumb { name: self.source.to_owned(), address: Some(self.address(self.source, "", None, None)) }];
        let ends = self.prefix.match_indices('/').map(|(at, _)| at + 1).chain((!self.prefix.ends_with('/')).then_some(self.prefix.len()));
        let mut begin = 0;
        for end in ends.filter(|&end| end > 0) {
            let upto = &self.prefix[..end];
            let address = scope.reaches(source, upto).then(|| self.address(self.source, upto, None, None));
            crumbs.push(Crumb { name: self.prefix[begin..end].trim_end_matches('/').to_owned(), address });
            begin = end;
        }
        crumbs
    }
}

fn key_of(entry: &ListedObject) -> &str {
    match entry {
        ListedObject::Object { key, .. } => key,
        ListedObject::Folder(prefix) => prefix,
    }
}

/// What a key is called in the folder that it is shown in. An object that is called like its folder keeps its whole key.
fn name_of<'a>(prefix: &str, key: &'a str) -> &'a str {
    let folder = prefix.rfind('/').map_or(0, |at| at + 1);
    let name = key.get(folder..).unwrap_or(key);
    let name = name.strip_suffix('/').unwrap_or(name);
    if name.is_empty() { key } else { name }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_short_and_never_empty() {
        for (prefix, key, name) in [
            ("", "a.bin", "a.bin"),
            ("", "in/", "in"),
            ("in/", "in/a.bin", "a.bin"),
            ("in/re", "in/report.pdf", "report.pdf"),
            ("in/", "in/", "in/"),
            ("in/", "in/b/", "b"),
        ] {
            assert_eq!(name_of(prefix, key), name, "{prefix} {key}");
        }
    }

    #[test]
    fn the_way_down_names_each_step_and_links_what_the_key_reaches() {
        let place = Place { path: "/f".to_owned(), create: String::new(), source: "s", prefix: "a/b/c/" };
        let scope = Scope { prefixes: vec!["a/b/".to_owned()], ..Scope::full() };
        let source = SourceName::parse("s").expect("a name");
        let crumbs = place.crumbs(&scope, &source);
        let told: Vec<(&str, bool)> = crumbs.iter().map(|crumb| (crumb.name.as_str(), crumb.address.is_some())).collect();
        assert_eq!(told, [("s", true), ("a", false), ("b", true), ("c", true)]);
        assert_eq!(crumbs[2].address.as_deref(), Some("/f?source=s&prefix=a%2Fb%2F"));
        assert_eq!(Place { prefix: "", ..place }.crumbs(&scope, &source).len(), 1);
    }
}
