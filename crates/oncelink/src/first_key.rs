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
    // One that is left over is of a start that was broken off. How far that had got only the store knows, so it is made again.
    let Some(secret) = (match left_over(data)? {
        Some(secret) => Some(secret),
        None => offer(links, data).await?,
    }) else {
        return Ok(());
    };
    if links.insert_first_key(&secret).await? { adopt(data, &secret) } else { data.drop_offer() }
}

fn left_over(data: &DataDir) -> Result<Option<ApiKeySecret>, Failure> {
    Ok(data.read_offer()?.and_then(|offer| ApiKeySecret::parse(offer.reveal())))
}

async fn offer(links: &Links, data: &DataDir) -> Result<Option<ApiKeySecret>, Failure> {
    let secret = links.draft_first_key().await?;
    if let Some(secret) = &secret {
        data.offer_key(secret.reveal())?;
    }
    Ok(secret)
}

fn adopt(data: &DataDir, secret: &ApiKeySecret) -> Result<(), Failure> {
    if let Some(aside) = data.write_key(secret.reveal())? {
        tracing::warn!("this store has no keys, but the data folder had one of another store: that one is now in {}", aside.display());
    }
    data.drop_offer()?;
    tracing::info!("made the first API key: it is in {}", data.key_path().display());
    Ok(())
}
