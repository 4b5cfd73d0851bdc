//! The rights that a bucket source needs, as the IAM statement that grants them.

use oncelink_config::SourceKind;
use serde_json::json;

/// What is tried.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Right {
    /// Looking at and reading objects.
    Read,
    /// Listing them.
    List,
}

/// What to do so that `right` is there.
pub(crate) fn remedy(kind: &SourceKind, right: Right) -> String {
    match kind {
        SourceKind::Local { dir } => format!("Give this user read access to {} and to what lies in it.", dir.display()),
        SourceKind::S3 { bucket, prefix, endpoint, .. } => {
            let statement = statement(bucket, prefix, right);
            let whose = if endpoint.is_some() { "If the service knows policies, add this statement" } else { "Add this statement" };
            format!("{whose} to the policy of the user or role that runs oncelink:\n{statement:#}")
        }
    }
}

fn statement(bucket: &str, prefix: &str, right: Right) -> serde_json::Value {
    let bucket_name = format!("arn:aws:s3:::{bucket}");
    match right {
        Right::Read => json!({ "Effect": "Allow", "Action": "s3:GetObject", "Resource": format!("{bucket_name}/{prefix}*") }),
        Right::List if prefix.is_empty() => json!({ "Effect": "Allow", "Action": "s3:ListBucket", "Resource": bucket_name }),
        Right::List => json!({
            "Effect": "Allow",
            "Action": "s3:ListBucket",
            "Resource": bucket_name,
            "Condition": { "StringLikeIfExists": { "s3:prefix": format!("{prefix}*") } }
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_statement_grants_the_right_on_the_prefix_and_nothing_else() {
        let read = statement("my-bucket", "outgoing/", Right::Read);
        assert_eq!(read, json!({"Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::my-bucket/outgoing/*"}));
        let list = statement("my-bucket", "outgoing/", Right::List);
        assert_eq!(
            (&list["Resource"], &list["Condition"]["StringLikeIfExists"]["s3:prefix"]),
            (&json!("arn:aws:s3:::my-bucket"), &json!("outgoing/*"))
        );
        assert!(statement("my-bucket", "", Right::List).get("Condition").is_none());
    }
}
