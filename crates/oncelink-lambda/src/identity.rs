//! Who sends, on the word of API Gateway: an IAM principal, or the subject of a token that its authorizer has checked.

use oncelink_http::Identity;
use serde_json::Value;

use crate::event::RequestContext;
use crate::settings::Authorizer;

/// The sender that the transport vouches for; nothing where it vouches for nobody.
pub(crate) fn find(context: &RequestContext, authorizer: Authorizer) -> Option<Identity> {
    let found = context.authorizer.as_ref();
    let at = |pointer: &str| found.and_then(|value| value.pointer(pointer)).and_then(Value::as_str);
    let name = match authorizer {
        Authorizer::Iam => at("/iam/userArn").or_else(|| context.identity.as_ref()?.user_arn.as_deref()),
        // An HTTP API's JWT authorizer, then a REST API's Cognito authorizer.
        Authorizer::Jwt => at("/jwt/claims/sub").or_else(|| at("/claims/sub")),
    };
    name.filter(|name| !name.is_empty()).map(|name| Identity::new(name.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn only_the_word_of_the_configured_authorizer_counts() {
        let iam = json!({"authorizer": {"iam": {"userArn": "arn:aws:iam::1:user/a"}}});
        let rest_iam = json!({"identity": {"userArn": "arn:aws:iam::1:user/a"}});
        let jwt = json!({"authorizer": {"jwt": {"claims": {"sub": "somebody"}}}});
        let cognito = json!({"authorizer": {"claims": {"sub": "somebody"}}});
        let found = |context: &Value, authorizer| find(&serde_json::from_value(context.clone()).expect("a context"), authorizer).is_some();
        for (context, by_iam, by_jwt) in [
            (iam, true, false),
            (rest_iam, true, false),
            (jwt, false, true),
            (cognito, false, true),
            (json!({}), false, false),
            (json!({"authorizer": {"iam": {"userArn": ""}}}), false, false),
            (json!({"authorizer": {"lambda": {"sub": "somebody"}}, "identity": {"sourceIp": "192.0.2.1"}}), false, false),
        ] {
            assert_eq!((found(&context, Authorizer::Iam), found(&context, Authorizer::Jwt)), (by_iam, by_jwt), "{context}");
        }
    }
}
