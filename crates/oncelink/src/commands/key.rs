//! `oncelink key`: API keys and their scopes.

use oncelink_core::apikey::{Action, ApiKeySecret, KeyId};
use serde_json::{Value, json};

use crate::cli::key::{CreateArgs, HashArgs, KeyArgs, KeyCommand, ListArgs, RevokeArgs};
use crate::client::{Api, Question};
use crate::commands::table;
use crate::exit::Failure;
use crate::output;

/// The keys' place in the API.
const KEYS: [&str; 2] = ["v1", "keys"];

/// Does what was asked with API keys.
pub(crate) async fn run(args: KeyArgs) -> Result<(), Failure> {
    match args.command {
        KeyCommand::Create(args) => create(args).await,
        KeyCommand::List(args) => list(args).await,
        KeyCommand::Revoke(args) => revoke(args).await,
        KeyCommand::Hash(args) => hash(&args),
    }
}

async fn create(args: CreateArgs) -> Result<(), Failure> {
    let scopes = scopes(&args.scope).map_err(Failure::usage)?;
    let api = Api::find(&args.client)?;
    let made = api.ask(Question::post(&KEYS).body(&json!({ "name": args.name, "scopes": scopes }))).await?;
    if args.json {
        return output::json(&made);
    }
    output::line(&table::cell(&made, "key"))?;
    output::hint(&format!("This is shown once. Its id is {}: 'oncelink key revoke {0}' ends it.", table::cell(&made, "id")));
    Ok(())
}

/// Prints what a store would keep of a key. The key itself is in no message.
fn hash(args: &HashArgs) -> Result<(), Failure> {
    let given = if args.key == "-" {
        std::io::read_to_string(std::io::stdin())
            .map_err(|error| Failure::failed(format!("can't read the key from standard input: {error}")))?
    } else {
        args.key.clone()
    };
    let key = ApiKeySecret::parse(given.trim()).ok_or_else(|| Failure::usage("that is no API key: 'olk_' and 40 letters and digits"))?;
    output::line(&data_encoding::HEXLOWER.encode(&key.hash().0))
}

async fn list(args: ListArgs) -> Result<(), Failure> {
    let answer = Api::find(&args.client)?.ask(Question::get(&KEYS)).await?;
    if args.json {
        return output::json(&answer);
    }
    let keys = answer["keys"].as_array().map(Vec::as_slice).unwrap_or_default();
    let row = |key: &Value| {
        let state = if key["revoked_at"].is_string() { "revoked" } else { "active" };
        vec![table::cell(key, "id"), table::cell(key, "name"), state.to_owned(), table::moment(key, "last_used_at"), reach(&key["scopes"])]
    };
    output::line(&table::columns(&["ID", "NAME", "STATE", "LAST USED", "SCOPES"], &keys.iter().map(row).collect::<Vec<_>>()))
}

async fn revoke(args: RevokeArgs) -> Result<(), Failure> {
    let Some(id) = KeyId::parse(&args.id) else {
        return Err(Failure::failed("that is no key's id: an id has 26 characters; 'oncelink key list' shows them"));
    };
    let answer = Api::find(&args.client)?.ask(Question::delete(&[KEYS[0], KEYS[1], id.as_str()])).await?;
    if args.json {
        return output::json(&if answer.is_null() { json!({ "id": id.as_str() }) } else { answer });
    }
    output::hint(&format!("The key {id} is revoked. Links that it made live on."));
    Ok(())
}

/// Scopes as the API takes them. None at all is everything; with only sources and prefixes, every action within them.
fn scopes(words: &[String]) -> Result<Value, String> {
    let (mut actions, mut sources, mut prefixes) = (Vec::new(), Vec::new(), Vec::new());
    for word in words {
        match word.split_once(':') {
            Some(("source", name)) if !name.is_empty() => sources.push(name),
            Some(("prefix", prefix)) if !prefix.is_empty() => prefixes.push(prefix),
            _ => match Action::parse(word) {
                Some(action) => actions.push(action.as_str()),
                None => {
                    return Err(format!(
                        "--scope {word:?} is unknown; there are {}, source:NAME and prefix:KEY/",
                        all_actions().join(", ")
                    ));
                }
            },
        }
    }
    let actions = if actions.is_empty() { all_actions() } else { actions };
    Ok(json!({ "actions": actions, "sources": sources, "prefixes": prefixes }))
}

fn all_actions() -> Vec<&'static str> {
    Action::ALL.iter().map(|action| action.as_str()).collect()
}

/// The scopes of a listed key as they would be given.
fn reach(scopes: &Value) -> String {
    let words = |field: &str, before: &str| {
        let values = scopes[field].as_array().map(Vec::as_slice).unwrap_or_default();
        values.iter().filter_map(Value::as_str).map(|word| format!("{before}{}", output::tame(word))).collect::<Vec<_>>()
    };
    [words("actions", ""), words("sources", "source:"), words("prefixes", "prefix:")].concat().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(words: &[&str]) -> Result<Value, String> {
        scopes(&words.iter().map(|&word| word.to_owned()).collect::<Vec<_>>())
    }

    #[test]
    fn scope_words_become_what_the_api_takes_and_back() {
        let narrow = of(&["links:create", "source:out", "prefix:a/b:c/", "links:read"]).expect("valid");
        assert_eq!(narrow, json!({"actions": ["links:create", "links:read"], "sources": ["out"], "prefixes": ["a/b:c/"]}));
        assert_eq!(reach(&narrow), "links:create links:read source:out prefix:a/b:c/");
        let all = json!(["links:create", "links:read", "links:revoke", "objects:read", "keys:manage"]);
        assert_eq!(of(&[]).expect("valid"), json!({"actions": all, "sources": [], "prefixes": []}));
        assert_eq!(of(&["source:out"]).expect("valid")["actions"], all);
    }

    #[test]
    fn unknown_scopes_are_refused_with_what_there_is() {
        for word in ["links", "links:destroy", "source:", "prefix:", "", "*", "LINKS:READ"] {
            let problem = of(&["links:read", word]).expect_err(word);
            assert!(problem.contains("keys:manage") && problem.contains("source:NAME"), "{problem}");
        }
    }
}
