//! `oncelink link`: creating links and seeing what has become of them.

mod create;
mod life;
mod list;
mod results;
mod rows;
mod wish;

use oncelink_core::token::LinkId;
use serde_json::{Value, json};

use crate::cli::link::{LinkArgs, LinkCommand, OneArgs};
use crate::client::{Api, Question};
use crate::exit::Failure;
use crate::output;

/// The links' place in the API.
const LINKS: [&str; 2] = ["v1", "links"];

/// Does what was asked with links.
pub(crate) async fn run(args: LinkArgs) -> Result<(), Failure> {
    match args.command {
        LinkCommand::Create(args) => create::run(args).await,
        LinkCommand::List(args) => list::run(args).await,
        LinkCommand::Show(args) => life::show(args).await,
        LinkCommand::Revoke(args) => revoke(args).await,
        LinkCommand::Reissue(args) => reissue(args).await,
        LinkCommand::Events(args) => life::events(args).await,
    }
}

async fn revoke(args: OneArgs) -> Result<(), Failure> {
    let id = link_id(&args.id)?;
    let answer = Api::find(&args.client)?.ask(Question::delete(&[LINKS[0], LINKS[1], id.as_str()])).await?;
    if args.json {
        return output::json(&if answer.is_null() { json!({ "id": id.as_str() }) } else { answer });
    }
    output::hint(&format!("The link {id} is revoked."));
    Ok(())
}

async fn reissue(args: OneArgs) -> Result<(), Failure> {
    let id = link_id(&args.id)?;
    let made = Api::find(&args.client)?.ask(Question::post(&[LINKS[0], LINKS[1], id.as_str(), "reissue"])).await?;
    if args.json { output::json(&made) } else { output::line(&url(&made)?) }
}

/// The URL of a link that was just made.
fn url(made: &Value) -> Result<String, Failure> {
    made["url"].as_str().map(output::tame).ok_or_else(|| Failure::failed("the server's answer has no URL"))
}

/// A link's id. What is none isn't sent: it may be a token that was pasted here, and paths stand in logs.
fn link_id(text: &str) -> Result<LinkId, Failure> {
    let what = "that is no link's id: an id has 32 characters and isn't part of the URL; 'oncelink link list' shows them";
    LinkId::parse(text).ok_or_else(|| Failure::failed(what))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pasted_url_or_token_is_no_id_and_isnt_repeated() {
        for text in ["ol_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", "http://host/d/ol_AAAA", "..", "", "nonsense"] {
            let failure = link_id(text).expect_err(text);
            assert_eq!(failure.code(), 1);
            assert!(text.is_empty() || !failure.to_string().contains(text), "{failure}");
        }
        assert!(link_id("0vfb200123456789abcdefghjkmnpqrs").is_ok());
    }
}
