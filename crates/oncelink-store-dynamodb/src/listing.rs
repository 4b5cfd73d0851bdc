//! Pages of links, newest first.
//!
//! The index says which links there are and in which order; the links themselves are read from the table, consistently, and
//! the filter is applied to them as they are. The index follows the table with a short delay: a link may be missing from a
//! page for a moment after its creation.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;

use oncelink_core::Fault;
use oncelink_core::link::Link;
use oncelink_core::ports::{LinkFilter, LinkPage, PageCursor};
use oncelink_core::token::LinkId;

use crate::change::Words;
use crate::engine::Engine;
use crate::expressions as x;
use crate::fan::in_order;
use crate::items::{Item, Record, read_link, text};
use crate::layout::{self, BY_CREATION, Key, SHARDS, indexed_link, shards};
use crate::table::{Page, Query, READ_BATCH};

/// How many links one page looks at. A filter that wants fewer ends its page early; the cursor goes on from there.
const LOOKED_AT: usize = 5_000;

/// `LinkStore::list`.
pub(crate) async fn list(engine: &Arc<Engine>, filter: &LinkFilter) -> Result<LinkPage, Fault> {
    let mut index = Index::open(engine, filter).await?;
    let mut links: Vec<Link> = Vec::new();
    let (mut looked_at, mut last) = (0, None);
    // One more than asked for, to know whether there is a next page.
    while links.len() <= filter.limit && looked_at < LOOKED_AT {
        let wanted = filter.limit.saturating_add(1).saturating_sub(links.len()).clamp(SHARDS.into(), READ_BATCH);
        let ids = index.next(wanted).await?;
        if ids.is_empty() {
            return Ok(page(links, filter.limit, None));
        }
        looked_at += ids.len();
        for link in read(engine, &ids).await? {
            last = Some(cursor(&link));
            if filter.wants(&link) {
                links.push(link);
            }
        }
    }
    let stopped = last.filter(|_| looked_at >= LOOKED_AT);
    Ok(page(links, filter.limit, stopped))
}

/// The links of these ids as they are now, in the same order; those that are gone are left out.
async fn read(engine: &Engine, ids: &[LinkId]) -> Result<Vec<Link>, Fault> {
    let keys: Vec<Key> = ids.iter().map(Key::link).collect();
    let items = engine.table.get_all(&keys, x::LINK).await?;
    let links: Result<HashMap<LinkId, Link>, Fault> =
        items.iter().map(|item| read_link(item).map(|link| (link.id.clone(), link))).collect();
    let mut links = links?;
    Ok(ids.iter().filter_map(|id| links.remove(id)).collect())
}

fn page(mut links: Vec<Link>, limit: usize, stopped: Option<PageCursor>) -> LinkPage {
    let more = links.len() > limit;
    links.truncate(limit);
    let next = if more { links.last().map(cursor) } else { stopped };
    LinkPage { links, next }
}

fn cursor(link: &Link) -> PageCursor {
    PageCursor { created_at: link.created_at, id: link.id.clone() }
}

/// The index's partitions, merged into one order.
struct Index {
    engine: Arc<Engine>,
    shards: Vec<Shard>,
}

/// One partition: what was read of it, and where it goes on.
struct Shard {
    name: String,
    before: Option<String>,
    ahead: VecDeque<String>,
    from: Option<Item>,
    over: bool,
    chunk: usize,
}

impl Index {
    async fn open(engine: &Arc<Engine>, filter: &LinkFilter) -> Result<Self, Fault> {
        let before = filter.after.as_ref().map(layout::indexed_after);
        let chunk = (filter.limit / usize::from(SHARDS) * 2).clamp(16, 500);
        let work = shards(BY_CREATION).map(|name| {
            let mut shard = Shard { name, before: before.clone(), ahead: VecDeque::new(), from: None, over: false, chunk };
            let engine = Arc::clone(engine);
            async move { shard.fill(&engine).await.map(|()| shard) }
        });
        let shards: Result<Vec<Shard>, Fault> = in_order(work, SHARDS.into()).await.into_iter().collect();
        Ok(Self { engine: Arc::clone(engine), shards: shards? })
    }

    /// The next links, at most so many.
    async fn next(&mut self, count: usize) -> Result<Vec<LinkId>, Fault> {
        let mut ids = Vec::new();
        while ids.len() < count {
            let newest =
                self.shards.iter_mut().filter(|shard| !shard.ahead.is_empty()).max_by(|a, b| a.ahead.front().cmp(&b.ahead.front()));
            let Some(shard) = newest else { break };
            let Some(at) = shard.ahead.pop_front() else { break };
            let unreadable = || {
                Fault::new(
                    oncelink_core::FaultKind::Corrupt,
                    format!("the DynamoDB index {BY_CREATION} has an entry {at:?} that can't be read; delete that item"),
                )
            };
            ids.push(indexed_link(&at).ok_or_else(unreadable)?);
            shard.fill(&self.engine).await?;
        }
        Ok(ids)
    }
}

impl Shard {
    /// Reads on, unless something is left or nothing is.
    async fn fill(&mut self, engine: &Engine) -> Result<(), Fault> {
        while self.ahead.is_empty() && !self.over {
            let Page { items, next } = engine.table.query(self.query()).await?;
            for item in &items {
                self.ahead.push_back(Record::unnamed(item).text("list_at")?.to_owned());
            }
            self.over = next.is_none();
            self.from = next;
        }
        Ok(())
    }

    fn query(&self) -> Query {
        let condition = match self.before {
            Some(_) => "#list = :shard AND #list_at < :before",
            None => "#list = :shard",
        };
        let words = Words::of(&[condition, PROJECTION]).value(":shard", text(&self.name));
        let words = match &self.before {
            Some(before) => words.value(":before", text(before)),
            None => words,
        };
        Query {
            index: Some(BY_CREATION),
            condition,
            words,
            projection: Some(PROJECTION),
            forward: false,
            limit: self.chunk,
            from: self.from.clone(),
        }
    }
}

const PROJECTION: &str = "#pk, #list_at";
