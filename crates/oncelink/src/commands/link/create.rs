//! `oncelink link create`: one link, or hundreds in batches.

use std::collections::VecDeque;

use serde_json::{Value, json};

use crate::cli::link::CreateArgs;
use crate::client::{Api, Question};
use crate::commands::link::results::Results;
use crate::commands::link::{LINKS, rows, url, wish};
use crate::exit::Failure;
use crate::output;
use crate::progress::Progress;

/// How many links are asked for at once: few enough that the bar moves, and that a batch stays below the server's limits.
const BATCH: usize = 100;
/// The objects' place in the API.
const OBJECTS: [&str; 2] = ["v1", "objects"];

/// Creates the links that the arguments name.
pub(crate) async fn run(args: CreateArgs) -> Result<(), Failure> {
    let terms = wish::terms(&args)?;
    if let ([key], None) = (args.keys.as_slice(), &args.out) {
        let api = Api::find(&args.client)?;
        let made = api.ask(Question::post(&LINKS).body(&wish::for_key(&terms, key))).await?;
        return if args.json { output::json(&made) } else { output::line(&url(&made)?) };
    }
    // Before anything is asked for: what is wrong with a file is found first.
    let rows = args.csv.as_deref().map(|path| rows::read(path, &terms)).transpose()?;
    let api = Api::find(&args.client)?;
    let wishes = match (rows, &args.prefix) {
        (Some(rows), _) => rows,
        (None, Some(prefix)) => for_keys(&terms, &beneath(&api, args.source.as_deref(), prefix).await?),
        (None, None) => for_keys(&terms, &args.keys),
    };
    let mut results = Results::open(args.out.as_deref(), args.json)?;
    let asked = ask_for(&api, &wishes, &mut results).await;
    // What was made is kept whatever came afterwards: its URLs are shown this once.
    let failed = results.finish()?;
    asked?;
    match failed {
        0 => Ok(()),
        failed => Err(Failure::failed(format!("{failed} of {} links were not created", wishes.len()))),
    }
}

fn for_keys(terms: &Value, keys: &[String]) -> Vec<Value> {
    keys.iter().map(|key| wish::for_key(terms, key)).collect()
}

/// Asks in batches. Each row succeeds or fails by itself.
async fn ask_for(api: &Api, wishes: &[Value], results: &mut Results) -> Result<(), Failure> {
    let progress = if wishes.len() > BATCH { Progress::items("Creating links", wishes.len() as u64) } else { Progress::hidden() };
    let mut done = 0;
    for batch in wishes.chunks(BATCH) {
        let asked = ask_batch(api, batch).await;
        let made = asked.inspect_err(|_| progress.end()).map_err(|failure| stopped(failure, done, wishes.len()))?;
        // The lines must not be drawn over by the bar.
        progress.around(|| results.add(batch, made))?;
        done += batch.len();
        progress.at(done as u64);
    }
    progress.end();
    Ok(())
}

async fn ask_batch(api: &Api, batch: &[Value]) -> Result<Vec<Value>, Failure> {
    let mut answer = api.ask(Question::post(&[LINKS[0], LINKS[1], "batch"]).body(&json!({ "links": batch }))).await?;
    if let Value::Array(made) = answer["links"].take()
        && made.len() == batch.len()
    {
        return Ok(made);
    }
    Err(Failure::failed("the server's answer has another number of links than were asked for"))
}

fn stopped(failure: Failure, done: usize, all: usize) -> Failure {
    if all <= BATCH { failure } else { failure.and(&format!("Stopped after {done} of {all}; 'oncelink link list' shows what there is.")) }
}

/// The keys of all objects beneath `prefix`, folder by folder.
async fn beneath(api: &Api, source: Option<&str>, prefix: &str) -> Result<Vec<String>, Failure> {
    let mut keys = Vec::new();
    let mut folders = VecDeque::from([prefix.to_owned()]);
    while let Some(folder) = folders.pop_front() {
        let mut cursor = None;
        loop {
            let page = api.ask(Question::get(&OBJECTS).query(&query(source, &folder, cursor.as_deref()))).await?;
            let texts = |values: &Value, field: Option<&str>| -> Vec<String> {
                let values = values.as_array().map(Vec::as_slice).unwrap_or_default();
                values.iter().filter_map(|value| field.map_or(value, |field| &value[field]).as_str()).map(str::to_owned).collect()
            };
            keys.extend(texts(&page["objects"], Some("key")));
            folders.extend(texts(&page["folders"], None).into_iter().filter(|inner| *inner != folder));
            match page["next_cursor"].as_str() {
                Some(next) => cursor = Some(next.to_owned()),
                None => break,
            }
        }
    }
    if keys.is_empty() {
        return Err(Failure::failed(format!("--prefix {prefix:?}: there is no object beneath it")));
    }
    keys.sort();
    Ok(keys)
}

fn query<'a>(source: Option<&str>, prefix: &str, cursor: Option<&str>) -> Vec<(&'a str, String)> {
    let given = [("source", source), ("prefix", Some(prefix)), ("cursor", cursor)];
    given.into_iter().filter_map(|(name, value)| Some((name, value?.to_owned()))).collect()
}
