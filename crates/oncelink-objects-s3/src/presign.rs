//! Presigned GETs (Signature Version 4 in the query).
//!
//! Must not outlive the credentials that sign: S3 would refuse a URL that says it still holds. Must not name a version
//! either: reading by version id needs a right that sources don't have (`s3:GetObjectVersion`).

use std::time::Duration;

use aws_sdk_s3::presigning::PresigningConfig;
use oncelink_core::object::{ObjectError, ObjectKey, PresignedUrl};
use oncelink_core::{Fault, FaultKind, Timestamp};

use crate::bucket::Bucket;
use crate::fault::{Ask, Failed};
use crate::time;

/// How often it is signed anew because the credentials end earlier than the URL: new credentials may come in between.
const ATTEMPTS: usize = 3;
/// A URL that would hold for less is of no use to anybody.
const SHORTEST: Duration = Duration::from_secs(1);

impl Bucket {
    /// Presigns a GET of `key` for `ttl`, or for as long as the credentials hold.
    pub(crate) async fn sign(
        &self,
        key: &ObjectKey,
        ttl: Duration,
        disposition: &str,
        content_type: &str,
    ) -> Result<PresignedUrl, ObjectError> {
        let now = self.clock.now();
        // A signature's time is in whole seconds, its life too.
        let start = whole_seconds(now);
        let mut life = Duration::from_secs(ttl.as_secs().max(1));
        for _ in 0..ATTEMPTS {
            let url = self.signed(key, start, life, disposition, content_type).await?;
            let Some(end) = self.end_of_signer(&url)? else { return Ok(PresignedUrl { url, expires_at: start.plus(life) }) };
            let most = Duration::from_secs(end.since(start).as_secs());
            if end.since(now) < SHORTEST {
                break;
            }
            if life <= most {
                return Ok(PresignedUrl { url, expires_at: start.plus(life) });
            }
            life = most;
        }
        let remedy =
            format!("the credentials for s3://{} end too soon to presign with them; see why they aren't renewed", self.place.bucket);
        Err(Fault::unavailable(remedy).into())
    }

    async fn signed(
        &self,
        key: &ObjectKey,
        start: Timestamp,
        life: Duration,
        disposition: &str,
        content_type: &str,
    ) -> Result<String, ObjectError> {
        let config = PresigningConfig::builder().start_time(time::system_time(start)).expires_in(life).build();
        let config = config.map_err(|error| Fault::new(FaultKind::Internal, "a URL can't be presigned for so long").because(error))?;
        let request = self
            .client
            .get_object()
            .bucket(&self.place.bucket)
            .key(key.as_str())
            .response_content_disposition(disposition)
            .response_content_type(content_type)
            .response_cache_control("no-store");
        match Box::pin(request.presigned(config)).await {
            Ok(signed) => Ok(signed.uri().to_owned()),
            Err(error) => Err(self.meaning(Ask::Object(key), Failed::of(&error))),
        }
    }

    /// When the credentials end that signed `url`; nothing when they don't.
    fn end_of_signer(&self, url: &str) -> Result<Option<Timestamp>, Fault> {
        let end = access_key_id(url).and_then(|id| self.issued.end_of(id));
        end.ok_or_else(|| Fault::internal("a URL was presigned with unknown credentials"))
    }
}

/// The access key id in the `X-Amz-Credential` of a presigned URL.
fn access_key_id(url: &str) -> Option<&str> {
    let (_, query) = url.split_once('?')?;
    let credential = query.split('&').find_map(|pair| pair.strip_prefix("X-Amz-Credential="))?;
    credential.split("%2F").next()
}

fn whole_seconds(time: Timestamp) -> Timestamp {
    Timestamp::from_millis(time.as_millis().div_euclid(1000) * 1000)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_signer_is_named_in_the_url() {
        let url = "https://b.s3.amazonaws.com/a%2F?x-id=GetObject&X-Amz-Credential=AKID%2F20260101%2Fus-east-1%2Fs3&X-Amz-Expires=1";
        assert_eq!(access_key_id(url), Some("AKID"));
        assert_eq!(access_key_id("https://b/X-Amz-Credential=AKID%2F"), None);
    }

    #[test]
    fn a_signature_begins_with_a_whole_second() {
        for (millis, second) in [(1999, 1000), (2000, 2000), (-1, -1000)] {
            assert_eq!(whole_seconds(Timestamp::from_millis(millis)).as_millis(), second);
        }
    }
}
