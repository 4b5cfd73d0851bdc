//! Pages of links: `LinkFilter` as the parameters of one statement.

use oncelink_core::link::LinkState;
use oncelink_core::object::SourceName;
use oncelink_core::ports::{LinkFilter, LinkPage, PageCursor};
use tokio_postgres::types::Type;

use crate::database::{Database, Param};
use crate::failure::Failure;
use crate::rows::{limit, read_link};
use crate::sql;

/// `LinkStore::list`.
pub(crate) async fn list(db: &Database, filter: &LinkFilter) -> Result<LinkPage, Failure> {
    if asks_for_nul(filter) {
        return Ok(LinkPage::default());
    }
    let wanted = Wanted::of(filter);
    let mut links = db.planned(sql::LINK_LIST, &wanted.params()).await?.iter().map(read_link).collect::<Result<Vec<_>, _>>()?;
    let more = links.len() > filter.limit;
    links.truncate(filter.limit);
    let last = links.last().filter(|_| more);
    Ok(LinkPage { next: last.map(|link| PageCursor { created_at: link.created_at, id: link.id.clone() }), links })
}

/// Whether a text is looked for that has a NUL. PostgreSQL can't even be asked for it, and no stored text has one.
fn asks_for_nul(filter: &LinkFilter) -> bool {
    [&filter.source, &filter.prefix, &filter.note].into_iter().flatten().any(|text| text.contains('\0'))
}

/// The values of `link_list.sql`.
struct Wanted<'f> {
    created_at: i64,
    id: &'f str,
    source: Option<&'f str>,
    prefix: Option<&'f str>,
    note: Option<&'f str>,
    state: Option<&'static str>,
    state_time: Option<i64>,
    sources: Option<Vec<&'f str>>,
    prefixes: Option<Vec<&'f str>>,
    limit: i64,
}

impl<'f> Wanted<'f> {
    fn of(filter: &'f LinkFilter) -> Self {
        // A first page goes on after the end of time, so that there is one statement, and its index, for every page.
        let after = filter.after.as_ref().map(|cursor| (cursor.created_at.as_millis(), cursor.id.as_str()));
        let (created_at, id) = after.unwrap_or((i64::MAX, ""));
        let scope = filter.scope.as_ref();
        let sources = scope.map(|scope| scope.sources.iter().map(SourceName::as_str).collect());
        // A prefix with a NUL reaches nothing, and can't be sent.
        let prefixes = scope.filter(|scope| !scope.prefixes.is_empty()).map(|scope| scope.prefixes.iter());
        let prefixes = prefixes.map(|all| all.map(String::as_str).filter(|prefix| !prefix.contains('\0')).collect());
        Self {
            created_at,
            id,
            source: filter.source.as_deref(),
            prefix: filter.prefix.as_deref(),
            note: filter.note.as_deref(),
            state: filter.state.map(|(state, _): (LinkState, _)| state.as_str()),
            state_time: filter.state.map(|(_, now)| now.as_millis()),
            sources: sources.filter(|sources: &Vec<_>| !sources.is_empty()),
            prefixes,
            // One more than asked for, to know whether there is a next page.
            limit: limit(filter.limit.saturating_add(1)),
        }
    }

    fn params(&self) -> [(Param<'_>, Type); 10] {
        [
            (&self.created_at, Type::INT8),
            (&self.id, Type::TEXT),
            (&self.source, Type::TEXT),
            (&self.prefix, Type::TEXT),
            (&self.note, Type::TEXT),
            (&self.state, Type::TEXT),
            (&self.state_time, Type::INT8),
            (&self.sources, Type::TEXT_ARRAY),
            (&self.prefixes, Type::TEXT_ARRAY),
            (&self.limit, Type::INT8),
        ]
    }
}
