//! What DynamoDB's errors mean: kind and remedy for the operator.
//!
//! The only place that knows their codes. Must not print requests or items: they may be people's data.

use std::error::Error;

use aws_sdk_dynamodb::config::http::HttpResponse;
use aws_sdk_dynamodb::error::{ProvideErrorMetadata, SdkError};
use oncelink_core::{Fault, FaultKind};

/// Codes that mean "later".
const BUSY: [&str; 8] = [
    "ProvisionedThroughputExceededException",
    "ThrottlingException",
    "Throttling",
    "RequestLimitExceeded",
    "LimitExceededException",
    "ReplicatedWriteConflictException",
    "TransactionInProgressException",
    "ResourceInUseException",
];
/// Codes that mean "not with these rights".
const DENIED: [&str; 3] = ["AccessDeniedException", "AccessDenied", "KMSAccessDeniedException"];
/// Codes that mean "these credentials were good once".
const EXPIRED: [&str; 3] = ["ExpiredTokenException", "ExpiredToken", "TokenRefreshRequired"];
/// Codes that mean "who are you".
const UNKNOWN: [&str; 6] = [
    "UnrecognizedClientException",
    "InvalidSignatureException",
    "IncompleteSignatureException",
    "MissingAuthenticationTokenException",
    "MissingAuthenticationToken",
    "InvalidClientTokenId",
];

/// The fault for the operator when `action` (as IAM calls it, without its prefix) on `table` failed.
pub(crate) fn fault<E>(table: &str, action: &'static str, error: &SdkError<E, HttpResponse>) -> Fault
where
    E: Error + ProvideErrorMetadata + 'static,
{
    let cause = cause(error);
    // A chain of `if`, because the SDK's list of failures isn't ours to close with a `_`.
    let (kind, what) = if let SdkError::ServiceError(service) = error {
        by_code(action, service.err().code().unwrap_or_default(), service.raw().status().as_u16())
    } else if mentions_credentials(&cause) {
        (FaultKind::Denied, NO_CREDENTIALS.to_owned())
    } else if let SdkError::ConstructionFailure(_) = error {
        (FaultKind::Internal, format!("could not be asked ({action}); please report this"))
    } else {
        (FaultKind::Unavailable, "doesn't answer; check the network, the endpoint and the region".to_owned())
    };
    Fault::new(kind, format!("the DynamoDB table {table} {what}")).because(cause)
}

/// Whether an item would have become larger than DynamoDB keeps.
pub(crate) fn is_too_large<E: ProvideErrorMetadata>(error: &SdkError<E, HttpResponse>) -> bool {
    let message = error.message().unwrap_or_default().to_ascii_lowercase();
    error.code() == Some("ValidationException") && message.contains("item size")
}

/// Whether there is no such table.
pub(crate) fn is_missing<E: ProvideErrorMetadata>(error: &SdkError<E, HttpResponse>) -> bool {
    error.code() == Some("ResourceNotFoundException")
}

const NO_CREDENTIALS: &str = "needs AWS credentials and none were found: give the machine or the function a role, or set \
    AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_PROFILE";

fn by_code(action: &str, code: &str, status: u16) -> (FaultKind, String) {
    let unavailable = |what: &str| (FaultKind::Unavailable, what.to_owned());
    let is = |codes: &[&str]| codes.contains(&code);
    if is(&BUSY) {
        unavailable("is throttled or busy; nothing is lost, but raise its capacity if this lasts")
    } else if is(&["ResourceNotFoundException"]) {
        unavailable(
            "doesn't exist in this region and account; check table name, region and credentials, or create it with `oncelink store init`",
        )
    } else if is(&DENIED) {
        let what = format!("refuses us: allow dynamodb:{action} on it and on its indexes (deploy/aws/dynamodb-policy.json)");
        (FaultKind::Denied, what)
    } else if is(&EXPIRED) {
        (
            FaultKind::Denied,
            "was asked with credentials that have expired; renew them, or give the machine a role, which renews by itself".to_owned(),
        )
    } else if is(&UNKNOWN) {
        (FaultKind::Denied, "doesn't know these credentials; check the keys, the region and the machine's clock".to_owned())
    } else if status >= 500 {
        unavailable("fails on its own side; nothing is lost")
    } else {
        (FaultKind::Internal, format!("refused a request of ours ({action}); please report this"))
    }
}

/// What the service or the way to it said, without the request and without the body of the answer.
fn cause<E>(error: &SdkError<E, HttpResponse>) -> String
where
    E: Error + ProvideErrorMetadata + 'static,
{
    if let Some(code) = error.code() {
        return format!("{code}: {}", error.message().unwrap_or("no message"));
    }
    let mut parts = vec![error.to_string()];
    let mut source = error.source();
    while let Some(inner) = source {
        parts.push(inner.to_string());
        source = inner.source();
    }
    parts.join(": ")
}

fn mentions_credentials(cause: &str) -> bool {
    cause.to_ascii_lowercase().contains("credentials")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_has_its_kind_and_its_remedy() {
        let cases = [
            ("ThrottlingException", 400, FaultKind::Unavailable, "capacity"),
            ("ProvisionedThroughputExceededException", 400, FaultKind::Unavailable, "capacity"),
            ("RequestLimitExceeded", 400, FaultKind::Unavailable, "capacity"),
            ("ResourceNotFoundException", 400, FaultKind::Unavailable, "store init"),
            ("AccessDeniedException", 400, FaultKind::Denied, "dynamodb:UpdateItem"),
            ("ExpiredTokenException", 400, FaultKind::Denied, "renew"),
            ("UnrecognizedClientException", 400, FaultKind::Denied, "clock"),
            ("InternalServerError", 500, FaultKind::Unavailable, "nothing is lost"),
            ("", 503, FaultKind::Unavailable, "nothing is lost"),
            ("ValidationException", 400, FaultKind::Internal, "report"),
        ];
        for (code, status, kind, remedy) in cases {
            let (got, what) = by_code("UpdateItem", code, status);
            assert_eq!(got, kind, "{code}");
            assert!(what.contains(remedy), "{code}: {what}");
        }
    }
}
