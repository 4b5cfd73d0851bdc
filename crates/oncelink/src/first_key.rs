//! The first API key of a store that has none: made at the server's first start, and kept in the data folder.
//!
//! It lies in the folder before the store has it. One that the store has and nobody else could neither be used nor be made again.

use std::sync::Arc;

use oncelink_core::Links;
use oncelink_core::apikey::ApiKeySecret;

use crate::data_dir::DataDir;
use crate::exit::Failure;

/// Makes the key, unless the store has one, and keeps it where the command line finds it.
pub(crate) async fn keep(links: &Arc<Links>, data: &DataDir) -> Result<(), Failure> {
    if let Some(offer) = left_over(data)? {
        // A start was broken off. Only the store knows how far it had got.
        if links.find_key(&offer.hash()).await?.is_some() {
            return adopt(data, &offer);
        }
        data.drop_offer()?;
    }
    let Some((secret, key)) = links.draft_first_key().await? else { return Ok(()) };
    data.offer_key(secret.reveal())?;
    if links.insert_first_key(key).await? { adopt(data, &secret) } else { data.drop_offer() }
}

fn left_over(data: &DataDir) -> Result<Option<ApiKeySecret>, Failure> {
    Ok(data.read_offer()?.and_then(|offer| ApiKeySecret::parse(offer.reveal())))
}

fn adopt(data: &DataDir, secret: &ApiKeySecret) -> Result<(), Failure> {
    if let Some(aside) = data.write_key(secret.reveal())? {
        tracing::warn!("this store has no keys, but the data folder had one of another store: that one is now in {}", aside.display());
    }
    data.drop_offer()?;
    tracing::info!("made the first API key: it is in {}", data.key_path().display());
    Ok(())
}
