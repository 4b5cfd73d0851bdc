//! Where links are kept, as the operator writes it.

use std::path::PathBuf;

use crate::keys::{nearest_of, suggestion};
use crate::query::Place;
use crate::secret::Secret;

/// The beginnings of the stores that there are.
const SCHEMES: [&str; 4] = ["sqlite", "postgres", "postgresql", "dynamodb"];

/// Where links are kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StoreSpec {
    /// One SQLite file on this machine.
    Sqlite {
        /// The file.
        path: PathBuf,
    },
    /// A PostgreSQL database.
    Postgres {
        /// Its address, as the operator wrote it: it may hold a password.
        url: Secret,
    },
    /// A DynamoDB table.
    DynamoDb {
        /// The table's name.
        table: String,
        /// Its region; absent: from the environment.
        region: Option<String>,
        /// The service's address, for another one than AWS.
        endpoint: Option<String>,
    },
}

/// The store that `text` spells.
pub(crate) fn parse(text: &str) -> Result<StoreSpec, String> {
    let (scheme, rest) = text.split_once(':').ok_or_else(|| unknown(""))?;
    match scheme {
        "sqlite" => sqlite(rest),
        "postgres" | "postgresql" => postgres(text, rest),
        "dynamodb" => dynamodb(rest),
        _ => Err(unknown(scheme)),
    }
}

fn sqlite(rest: &str) -> Result<StoreSpec, String> {
    // People write sqlite://PATH by habit; it means the same.
    let path = rest.strip_prefix("//").unwrap_or(rest);
    if path.is_empty() || path.contains('\0') {
        return Err("names no file; write sqlite:PATH".to_owned());
    }
    if path.starts_with(':') || path.contains('?') {
        return Err("is a special name or has parameters; write sqlite:PATH with the path of a file, for a link must outlive the process"
            .to_owned());
    }
    Ok(StoreSpec::Sqlite { path: path.into() })
}

/// The driver takes the rest apart; what no address can be is refused here.
fn postgres(text: &str, rest: &str) -> Result<StoreSpec, String> {
    let place = rest.strip_prefix("//").unwrap_or_default();
    if place.trim_matches('/').is_empty() || place.chars().any(|c| c.is_control() || c.is_whitespace()) {
        return Err("is no address of a database; write postgres://USER:PASSWORD@HOST/DATABASE".to_owned());
    }
    Ok(StoreSpec::Postgres { url: Secret::new(text) })
}

fn dynamodb(rest: &str) -> Result<StoreSpec, String> {
    const FORM: &str = "write dynamodb://TABLE[?region=R&endpoint=URL]";
    let rest = rest.strip_prefix("//").ok_or_else(|| format!("names no table; {FORM}"))?;
    let (table, query) = rest.split_once('?').unwrap_or((rest, ""));
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"._-".contains(&byte);
    if !(3..=255).contains(&table.len()) || !table.bytes().all(plain) {
        return Err(format!("has no valid table name (3 to 255 of A-Za-z0-9._-); {FORM}"));
    }
    let Place { endpoint, region, .. } = Place::parse(query, &["region", "endpoint"])?;
    Ok(StoreSpec::DynamoDb { table: table.to_owned(), region, endpoint })
}

fn unknown(scheme: &str) -> String {
    let nearest = suggestion(nearest_of(scheme, SCHEMES.map(str::to_owned)));
    format!("is no store; write sqlite:PATH, postgres://... or dynamodb://TABLE{nearest}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sqlite_store_is_a_path() {
        for (text, expected) in
            [("sqlite:a.db", "a.db"), ("sqlite:/var/a.db", "/var/a.db"), ("sqlite:///var/a.db", "/var/a.db"), ("sqlite:a:b", "a:b")]
        {
            assert_eq!(parse(text), Ok(StoreSpec::Sqlite { path: expected.into() }), "{text}");
        }
    }

    #[test]
    fn a_postgres_store_is_an_address_that_is_kept_secret() {
        for text in ["postgres://me:hunter2@db/x", "postgresql://db:5432/x?sslmode=require", "postgres:///x?host=/run/postgresql"] {
            let store = parse(text).expect(text);
            assert_eq!(store, StoreSpec::Postgres { url: Secret::new(text) });
            assert!(!format!("{store:?}").contains("hunter2"));
        }
        for text in ["postgres:", "postgres://", "postgres:///", "postgres:db/x", "postgres://db/x\n", "postgres://d b/x"] {
            assert!(parse(text).is_err_and(|problem| problem.contains("postgres://USER")), "{text:?}");
        }
    }

    #[test]
    fn a_dynamodb_store_is_a_table_and_perhaps_a_place() {
        let table = |region: Option<&str>, endpoint: Option<&str>| {
            let (region, endpoint) = (region.map(str::to_owned), endpoint.map(str::to_owned));
            Ok(StoreSpec::DynamoDb { table: "my.links-1_x".to_owned(), region, endpoint })
        };
        assert_eq!(parse("dynamodb://my.links-1_x"), table(None, None));
        assert_eq!(parse("dynamodb://my.links-1_x?region=eu-west-1"), table(Some("eu-west-1"), None));
        let local = "dynamodb://my.links-1_x?endpoint=http://127.0.0.1:8000&region=local";
        assert_eq!(parse(local), table(Some("local"), Some("http://127.0.0.1:8000")));
        let cases = [
            ("dynamodb:links", "names no table"),
            ("dynamodb://", "table name"),
            ("dynamodb://ab", "table name"),
            ("dynamodb://a/b/c", "table name"),
            ("dynamodb://key:secret@links", "table name"),
            ("dynamodb://links?regoin=x", "did you mean 'region'?"),
            ("dynamodb://links?path_style=true", "there are region, endpoint"),
            ("dynamodb://links?endpoint=127.0.0.1:8000", "endpoint"),
        ];
        for (text, expected) in cases {
            let problem = parse(text).expect_err(text);
            assert!(problem.contains(expected) && !problem.contains("secret"), "{text}: {problem}");
        }
    }

    #[test]
    fn another_store_is_refused_with_those_that_there_are() {
        for text in ["", "a.db", "mysql://x", "sqlite:", "sqlite://", "sqlite::memory:", "sqlite:a?mode=memory", "sqlite:a\u{0}b"] {
            assert!(parse(text).is_err_and(|problem| problem.contains("sqlite:PATH")), "{text:?}");
        }
        for (text, near) in
            [("postgre://db/x", "'postgres'"), ("dynamo://links", "'dynamodb'"), ("SQLITE:a", "'sqlite'"), ("sqlite3:a", "'sqlite'")]
        {
            assert!(parse(text).is_err_and(|problem| problem.contains(&format!("did you mean {near}?"))), "{text:?}");
        }
    }
}
