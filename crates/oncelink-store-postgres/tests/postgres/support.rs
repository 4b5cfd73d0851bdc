//! A schema or a database of a test's own on the server that the environment names.

use std::io::Write;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use oncelink_core::link::Link;
use oncelink_core::ports::{ClaimOutcome, ClaimRequest, InsertOutcome, LinkStore};
use oncelink_core::token::LinkId;
use oncelink_store_postgres::PostgresStore;
use oncelink_testkit::fixtures;
use tokio_postgres::{Client, NoTls};

/// How long what must happen may take.
const PATIENCE: Duration = Duration::from_secs(30);

/// A place of a test's own; dropped schemas and databases stay until the server goes, which costs nothing.
pub(crate) struct Place {
    /// The URL of the place, without parameters of the test.
    base: String,
    options: String,
    /// The name of the schema or database.
    pub(crate) name: String,
}

impl Place {
    /// A schema in the server's own database; nothing when there is no server and none is required.
    pub(crate) async fn schema() -> Option<Self> {
        let base = server()?;
        let administrator = administrator(&base).await;
        let name = fresh_name(&administrator).await;
        administrator.batch_execute(&format!("CREATE SCHEMA {name}")).await.expect("a schema can be made");
        Some(Self { base, options: format!("options=-c%20search_path%3D{name}"), name })
    }

    /// A database, for tests that change the settings of one or end all its connections.
    pub(crate) async fn database() -> Option<Self> {
        Self::database_with("").await
    }

    /// A database made with these words behind its name.
    pub(crate) async fn database_with(words: &str) -> Option<Self> {
        let server = server()?;
        let administrator = administrator(&server).await;
        let name = fresh_name(&administrator).await;
        administrator.batch_execute(&format!("CREATE DATABASE {name} {words}")).await.expect("a database can be made");
        let (front, _) = server.rsplit_once('/').expect("the URL names a database");
        Some(Self { base: format!("{front}/{name}"), options: "application_name=test".to_owned(), name })
    }

    /// Its URL.
    pub(crate) fn url(&self) -> String {
        format!("{}?{}", self.base, self.options)
    }

    /// Its URL with one more parameter.
    pub(crate) fn url_with(&self, parameter: &str) -> String {
        format!("{}&{parameter}", self.url())
    }

    /// Its URL by way of another port of this machine.
    pub(crate) fn url_through(&self, port: u16, parameter: &str) -> String {
        let (credentials, behind) = self.base.split_once('@').expect("the URL has credentials");
        let (_, database) = behind.split_once('/').expect("the URL names a database");
        format!("{credentials}@127.0.0.1:{port}/{database}?{}&{parameter}", self.options)
    }

    /// The address of the server.
    pub(crate) fn server_addr(&self) -> String {
        let (_, behind) = self.base.split_once('@').expect("the URL has credentials");
        behind.split_once('/').expect("the URL names a database").0.to_owned()
    }

    /// The password in its URL.
    pub(crate) fn password(&self) -> &str {
        let (credentials, _) = self.base.split_once('@').expect("the URL has credentials");
        credentials.rsplit_once(':').expect("the URL has a password").1
    }

    /// The store in it.
    pub(crate) async fn open(&self) -> PostgresStore {
        open(&self.url()).await
    }

    /// A connection that knows nothing of the store's rules.
    pub(crate) async fn raw(&self) -> Client {
        administrator(&self.url()).await
    }

    /// Waits until some session waits for what this one holds. A connection of its own looks: within a transaction, as the
    /// holder's often is, `pg_stat_activity` stays as it was at the first look.
    pub(crate) async fn until_blocked_by(&self, holder: &Client) {
        let (looking, pid) = (self.raw().await, pid(holder).await);
        let blocked = "SELECT count(*) FROM pg_stat_activity WHERE $1 = ANY (pg_blocking_pids(pid))";
        let seen = async {
            while looking.query_one(blocked, &[&pid]).await.expect("the server tells").get::<_, i64>(0) == 0 {
                tokio::task::yield_now().await;
            }
        };
        tokio::time::timeout(PATIENCE, seen).await.expect("somebody waits for it");
    }
}

async fn pid(session: &Client) -> i32 {
    session.query_one("SELECT pg_backend_pid()", &[]).await.expect("the server tells").get(0)
}

/// The store at a URL, which must open.
pub(crate) async fn open(url: &str) -> PostgresStore {
    PostgresStore::open(url).await.unwrap_or_else(|error| panic!("{error}"))
}

/// Stores a link that must be new; its id.
pub(crate) async fn stored(store: &dyn LinkStore, link: Link) -> LinkId {
    let id = link.id.clone();
    let outcomes = store.insert(vec![fixtures::new_link(link)]).await.expect("the store inserts");
    assert_eq!(outcomes, [InsertOutcome::Created]);
    id
}

/// Whether a claim is granted; a failure isn't expected.
pub(crate) async fn granted(store: &dyn LinkStore, wish: ClaimRequest) -> bool {
    match store.claim(wish).await.expect("the store claims") {
        ClaimOutcome::Granted { .. } => true,
        ClaimOutcome::Refused(_) => false,
    }
}

/// Several stores on one place, as replicas are.
pub(crate) async fn replicas(place: &Place, count: usize) -> Vec<Arc<PostgresStore>> {
    let mut stores = Vec::new();
    for _ in 0..count {
        stores.push(Arc::new(open(&place.url_with("pool_size=8")).await));
    }
    stores
}

/// The certificate of the server's authority, where it speaks TLS.
pub(crate) fn authorities() -> Option<PathBuf> {
    std::env::var_os("ONCELINK_TEST_POSTGRES_CA").map(PathBuf::from)
}

async fn administrator(url: &str) -> Client {
    let (client, connection) = tokio_postgres::connect(url, NoTls).await.expect("the server can be reached");
    tokio::spawn(connection);
    client
}

/// The URL in the environment, without parameters.
fn server() -> Option<String> {
    let var = |name: &str| std::env::var(name).ok().filter(|value| !value.is_empty());
    let Some(url) = var("ONCELINK_TEST_POSTGRES") else {
        assert!(var("ONCELINK_TEST_REQUIRE_ENGINES").is_none_or(|wish| wish != "1"), "ONCELINK_TEST_POSTGRES names no server");
        let _ = std::io::stderr().write_all(b"skipped: ONCELINK_TEST_POSTGRES names no server\n");
        return None;
    };
    Some(url.split_once('?').map_or(url.clone(), |(front, _)| front.to_owned()))
}

/// A name that no other test and no earlier run has used.
async fn fresh_name(administrator: &Client) -> String {
    let row = administrator.query_one("SELECT 'test_' || replace(gen_random_uuid()::text, '-', '')", &[]).await;
    row.expect("the server makes a name").get(0)
}
