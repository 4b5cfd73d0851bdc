//! `oncelink link list`: what links there are.

use serde_json::{Value, json};

use crate::cli::link::ListArgs;
use crate::client::{Api, Question};
use crate::commands::link::LINKS;
use crate::commands::table;
use crate::exit::Failure;
use crate::output;

/// Shows one page of links, or all of them.
pub(crate) async fn run(args: ListArgs) -> Result<(), Failure> {
    let api = Api::find(&args.client)?;
    let answer = if args.all { all(&api, &args).await? } else { page(&api, &args, args.cursor.as_deref()).await? };
    if args.json {
        return output::json(&answer);
    }
    let links = answer["links"].as_array().map(Vec::as_slice).unwrap_or_default();
    if links.is_empty() {
        output::hint("There is no such link.");
        return Ok(());
    }
    let headings = ["ID", "STATE", "USED", "EXPIRES", "OBJECT", "NOTE"];
    output::line(&table::columns(&headings, &links.iter().map(row).collect::<Vec<_>>()))?;
    if let Some(cursor) = answer["next_cursor"].as_str() {
        output::hint(&format!("There are more: --all, or --cursor {}", output::tame(cursor)));
    }
    Ok(())
}

async fn page(api: &Api, args: &ListArgs, cursor: Option<&str>) -> Result<Value, Failure> {
    let limit = args.limit.map(|limit| limit.to_string());
    let wanted = [
        ("limit", limit.as_deref()),
        ("cursor", cursor),
        ("source", args.source.as_deref()),
        ("prefix", args.prefix.as_deref()),
        ("state", args.state.as_deref()),
        ("note", args.note.as_deref()),
    ];
    let query: Vec<(&str, String)> = wanted.into_iter().filter_map(|(name, value)| Some((name, value?.to_owned()))).collect();
    api.ask(Question::get(&LINKS).query(&query)).await
}

async fn all(api: &Api, args: &ListArgs) -> Result<Value, Failure> {
    let (mut links, mut cursor) = (Vec::new(), args.cursor.clone());
    loop {
        let mut answer = page(api, args, cursor.as_deref()).await?;
        if let Value::Array(more) = answer["links"].take() {
            links.extend(more);
        }
        match answer["next_cursor"].as_str() {
            Some(next) => cursor = Some(next.to_owned()),
            None => return Ok(json!({ "links": links, "next_cursor": null })),
        }
    }
}

fn row(link: &Value) -> Vec<String> {
    let used = format!("{}/{}", table::cell(link, "claimed"), table::cell(link, "uses"));
    let object = format!("{}:{}", table::cell(link, "source"), table::cell(link, "key"));
    vec![table::cell(link, "id"), table::cell(link, "state"), used, table::moment(link, "expires_at"), object, table::cell(link, "note")]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_listed_link_is_a_row() {
        let link = json!({"id": "x", "state": "active", "claimed": 0, "uses": 2, "expires_at": "2030-01-01T02:03:04.5Z", "source": "files", "key": "a/b", "note": null});
        assert_eq!(row(&link), ["x", "active", "0/2", "2030-01-01 02:03", "files:a/b", ""]);
    }
}
