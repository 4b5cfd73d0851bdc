//! Reading a request's body: bounded in bytes and in time.

use std::time::Duration;

use axum::body::Body;
use axum::http::{HeaderMap, header};
use bytes::{Bytes, BytesMut};
use futures_util::StreamExt;

use crate::problem::Problem;

/// How long a body may take, as a whole.
const PATIENCE: Duration = Duration::from_secs(30);

/// The whole body, of at most `limit` bytes. One that announces more is refused unread.
///
/// # Errors
/// Too large (413), too slow (408), or cut and garbled on its way (400).
pub(crate) async fn read(headers: &HeaderMap, body: Body, limit: usize) -> Result<Bytes, Problem> {
    let announced = headers.get(header::CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse::<u64>().ok());
    if announced.is_some_and(|length| length > limit as u64) {
        return Err(Problem::body_too_large());
    }
    tokio::time::timeout(PATIENCE, gather(body, limit)).await.unwrap_or_else(|_| Err(Problem::timeout()))
}

async fn gather(body: Body, limit: usize) -> Result<Bytes, Problem> {
    let mut chunks = body.into_data_stream();
    let mut whole = BytesMut::new();
    while let Some(chunk) = chunks.next().await {
        let chunk = chunk.map_err(|_| Problem::unreadable("The request's body broke off or is garbled."))?;
        if whole.len() + chunk.len() > limit {
            return Err(Problem::body_too_large());
        }
        whole.extend_from_slice(&chunk);
    }
    Ok(whole.freeze())
}
