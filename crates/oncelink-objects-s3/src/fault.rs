//! What the SDK's errors mean: the one place where they are looked into.
//!
//! Must not show what signs a request. So an SDK error is never kept: its Debug has headers and bodies in it.

use std::error::Error;
use std::fmt;

use aws_credential_types::provider::error::CredentialsError;
use aws_sdk_s3::config::http::HttpResponse;
use aws_sdk_s3::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_s3::operation::RequestId;
use oncelink_core::object::{ObjectError, ObjectKey};
use oncelink_core::{Fault, FaultKind};

use crate::place::Place;

/// What was asked of the bucket.
#[derive(Clone, Copy)]
pub(crate) enum Ask<'a> {
    /// An object's head or bytes.
    Object(&'a ObjectKey),
    /// A listing.
    List,
}

/// A request that failed.
pub(crate) struct Failed {
    /// The answer's status; nothing when there was none.
    status: Option<u16>,
    /// S3's name for the error; empty when it has none.
    code: String,
    /// Where the bucket is, when S3 says so.
    region: Option<String>,
    /// What went wrong when there was no answer.
    unsent: Unsent,
    /// The error in words.
    said: String,
}

/// Why there may be no answer.
#[derive(Clone, Copy)]
enum Unsent {
    /// There are no credentials to sign with.
    Unsigned,
    /// The source of the credentials failed; it may work later.
    Unready,
    /// The SDK refused to build the request.
    Unbuilt,
    /// No connection, or no answer in time.
    Unreached,
}

impl Failed {
    /// What is known of `error`.
    pub(crate) fn of<E>(error: &SdkError<E, HttpResponse>) -> Self
    where
        E: ProvideErrorMetadata + Error + 'static,
    {
        let answer = error.raw_response();
        let header = |name| answer.and_then(|answer| answer.headers().get(name)).map(str::to_owned);
        Self {
            status: answer.map(|answer| answer.status().as_u16()),
            code: error.code().unwrap_or_default().to_owned(),
            region: header("x-amz-bucket-region"),
            unsent: unsent(error),
            said: said(error),
        }
    }

    /// Whether the answer had nothing but a status, as answers to HEAD do.
    pub(crate) fn is_bare(&self) -> bool {
        // The SDK makes this name up for any 404 without a body.
        self.status.is_some_and(|status| status < 500) && matches!(self.code.as_str(), "" | "NotFound")
    }

    /// The same failure in the words of another answer, if that has the same status.
    pub(crate) fn named_by(self, other: Self) -> Self {
        if other.status != self.status {
            return self;
        }
        Self { region: other.region.or(self.region), ..other }
    }

    /// Whether S3 found fault with what it was asked, and not with who asks.
    pub(crate) fn is_bad_request(&self) -> bool {
        self.status == Some(400) && matches!(self.code.as_str(), "" | "InvalidArgument" | "InvalidRequest" | "BadRequest")
    }

    /// What it means to who wanted `ask` of `place`, which was looked for in `region`.
    pub(crate) fn meaning(self, ask: Ask<'_>, place: &Place, region: &str) -> ObjectError {
        match (self.code.as_str(), self.status) {
            ("PreconditionFailed" | "InvalidRange", _) | (_, Some(412 | 416)) => ObjectError::Changed,
            ("NoSuchBucket", _) => self.unavailable(gone(place)),
            (_, Some(404)) => match ask {
                Ask::Object(_) => ObjectError::NotFound,
                Ask::List => self.unavailable(gone(place)),
            },
            (code, status) => {
                let (kind, remedy) = self.remedy(code, status, ask, place, region);
                Fault::new(kind, remedy).because(self.said).into()
            }
        }
    }

    /// Kind and message of a failure that is none of the object's.
    fn remedy(&self, code: &str, status: Option<u16>, ask: Ask<'_>, place: &Place, region: &str) -> (FaultKind, String) {
        use FaultKind::{Denied, Unavailable};
        let bucket = &place.bucket;
        match (code, status) {
            (_, None) => self.unsent.remedy(place, region),
            (_, Some(301 | 307)) | ("AuthorizationHeaderMalformed" | "PermanentRedirect" | "TemporaryRedirect", _) => {
                (Unavailable, elsewhere(bucket, region, self.region.as_deref()))
            }
            ("ExpiredToken" | "ExpiredTokenException" | "TokenRefreshRequired" | "InvalidToken", _) => {
                (Denied, format!("the credentials for s3://{bucket} have expired; renew them, or give the server a role"))
            }
            ("InvalidAccessKeyId" | "SignatureDoesNotMatch", _) => {
                (Denied, format!("the credentials for s3://{bucket} are not valid there; check access key, secret and endpoint"))
            }
            ("RequestTimeTooSkewed", _) => {
                (Unavailable, format!("this machine's clock and that of s3://{bucket} differ too much; set this one (NTP)"))
            }
            ("InvalidObjectState", _) => {
                (Unavailable, format!("{ask} of s3://{bucket} is archived; restore it to a class that can be read at once"))
            }
            (code, _) if code.starts_with("KMS.") || self.said.contains("kms:Decrypt") => (
                Denied,
                format!("{ask} of s3://{bucket} can't be decrypted; allow kms:Decrypt on its key, and see that the key is enabled"),
            ),
            ("AccessDenied" | "AllAccessDisabled", _) | (_, Some(401 | 403)) => (Denied, refused(ask, bucket)),
            ("SlowDown", _) | (_, Some(429 | 500..)) => {
                (Unavailable, format!("s3://{bucket} is overloaded or out of order; nothing but time mends that"))
            }
            (code, Some(400..500)) if !code.is_empty() => {
                (Unavailable, format!("s3://{bucket} refuses the request for {ask}; mend what its answer names"))
            }
            _ => (
                Unavailable,
                format!("s3://{bucket} gives an answer that is none of S3's; check that {} is an S3 service", reached(place, region)),
            ),
        }
    }

    fn unavailable(self, message: String) -> ObjectError {
        Fault::unavailable(message).because(self.said).into()
    }
}

impl Unsent {
    fn remedy(self, place: &Place, region: &str) -> (FaultKind, String) {
        let bucket = &place.bucket;
        match self {
            Self::Unsigned => {
                let ways = "set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, name a profile (AWS_PROFILE), or give the machine a role";
                (FaultKind::Denied, format!("there are no credentials for s3://{bucket}; {ways}"))
            }
            Self::Unready => {
                (FaultKind::Unavailable, format!("the credentials for s3://{bucket} can't be fetched; look at the service that gives them"))
            }
            Self::Unbuilt => (FaultKind::Internal, format!("a request to s3://{bucket} could not be built; check its name and endpoint")),
            Self::Unreached => (
                FaultKind::Unavailable,
                format!("s3://{bucket} can't be reached at {}; check the address, the network and the service", reached(place, region)),
            ),
        }
    }
}

impl fmt::Display for Ask<'_> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Object(key) => write!(out, "'{key}'"),
            Self::List => out.write_str("the list"),
        }
    }
}

/// The answer lacks what every S3 service gives.
pub(crate) fn lacking(what: &str, key: &ObjectKey, place: &Place) -> ObjectError {
    Fault::unavailable(format!("s3://{} tells no {what} of '{key}', which oncelink can't do without", place.bucket)).into()
}

/// An error and what caused it, from the outermost to the cause.
pub(crate) fn words(error: &(dyn Error + 'static)) -> String {
    chain(error).map(ToString::to_string).collect::<Vec<_>>().join(": ")
}

fn gone(place: &Place) -> String {
    format!("there is no bucket '{}'; check its name, its endpoint and whose credentials these are", place.bucket)
}

fn elsewhere(bucket: &str, region: &str, right: Option<&str>) -> String {
    match right {
        Some(right) if right != region => format!("s3://{bucket} is in {right}, not in {region}; write s3://{bucket}?region={right}"),
        Some(_) | None => format!("s3://{bucket} is not in {region}; write the region it is in: s3://{bucket}?region=REGION"),
    }
}

fn refused(ask: Ask<'_>, bucket: &str) -> String {
    match ask {
        Ask::Object(key) => format!(
            "reading '{key}' of s3://{bucket} is refused; allow s3:GetObject on its objects, and s3:ListBucket on the bucket, without \
             which an object that isn't there is refused too"
        ),
        Ask::List => format!("listing s3://{bucket} is refused; allow s3:ListBucket on the bucket, for the source's prefix"),
    }
}

/// Where requests go, for messages.
fn reached(place: &Place, region: &str) -> String {
    place.endpoint.clone().unwrap_or_else(|| format!("Amazon S3 in {region}"))
}

/// S3's own words with its request id; without an answer, the errors from the outermost to the cause.
fn said<E>(error: &SdkError<E, HttpResponse>) -> String
where
    E: ProvideErrorMetadata + Error + 'static,
{
    let Some(answer) = error.raw_response() else {
        return words(error);
    };
    let mut said = format!("status {}", answer.status().as_u16());
    for word in [error.code(), error.message()].into_iter().flatten() {
        said = format!("{said}, {word}");
    }
    if let Some(id) = error.request_id() {
        said = format!("{said} (request {id})");
    }
    said
}

fn unsent<E: Error + 'static>(error: &SdkError<E, HttpResponse>) -> Unsent {
    let credentials = chain(error).find_map(|cause| cause.downcast_ref::<CredentialsError>());
    match credentials {
        Some(CredentialsError::CredentialsNotLoaded(_) | CredentialsError::InvalidConfiguration(_)) => Unsent::Unsigned,
        Some(_) => Unsent::Unready,
        None if matches!(error, SdkError::ConstructionFailure(_)) => Unsent::Unbuilt,
        None => Unsent::Unreached,
    }
}

/// An error and what caused it.
fn chain<'a>(error: &'a (dyn Error + 'static)) -> impl Iterator<Item = &'a (dyn Error + 'static)> {
    std::iter::successors(Some(error), |&error| error.source())
}
