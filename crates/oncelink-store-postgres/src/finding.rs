//! Finding links, alone or several at a time.

use std::collections::HashMap;
use std::sync::Arc;

use oncelink_core::claim::Claim;
use oncelink_core::holder::ClaimId;
use oncelink_core::link::Link;
use oncelink_core::token::LinkId;

use crate::database::{Database, IfLost};
use crate::failure::Failure;
use crate::gathering::{Answers, Gathering, Wish};
use crate::rows::{name, read_claim_beside, read_link};
use crate::sql;

/// `LinkStore::find`: together with others that are wanted at the same moment.
pub(crate) async fn find_soon(db: &Database, together: &Gathering<LinkId>, id: &LinkId) -> Result<Option<Link>, Failure> {
    match together.ask(Arc::new(id.clone())).await? {
        Some(found) => Ok(found),
        None => find(db, id).await,
    }
}

/// The link of this id.
pub(crate) async fn find(db: &Database, id: &LinkId) -> Result<Option<Link>, Failure> {
    db.row(sql::LINK_FIND, IfLost::Repeat, &[&id.as_str()]).await?.as_ref().map(read_link).transpose()
}

/// The link and this claim on it.
pub(crate) async fn find_with_claim(db: &Database, link: &LinkId, claim: &ClaimId) -> Result<Option<(Link, Option<Claim>)>, Failure> {
    let row = db.row(sql::LINK_FIND_CLAIM, IfLost::Repeat, &[&link.as_str(), &claim.as_str()]).await?;
    row.map(|row| Ok((read_link(&row)?, read_claim_beside(&row)?))).transpose()
}

impl Wish for LinkId {
    type Answer = Option<Link>;
    type Key = Self;
    const IF_LOST: IfLost = IfLost::Repeat;

    fn key(&self) -> Self {
        self.clone()
    }

    async fn ask(db: &Database, company: &[Arc<Self>]) -> Result<Answers<Option<Link>>, Failure> {
        let ids: Vec<&str> = company.iter().map(|id| id.as_str()).collect();
        let rows = db.rows_once(sql::LINKS_FIND, &[&ids]).await?;
        let mut found = HashMap::new();
        for row in &rows {
            found.insert(name(row, "id")?, row);
        }
        Ok(ids.iter().map(|id| Some(found.get(id).map(|row| read_link(row)).transpose())).collect())
    }
}
