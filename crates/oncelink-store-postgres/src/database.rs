//! The pool, the time limits, and what is asked again. Must not know any table.

use std::time::Duration;

use deadpool_postgres::{Client, Hook, HookError, Manager, ManagerConfig, Object, Pool, RecyclingMethod, Runtime, Timeouts};
use tokio::sync::{Semaphore, SemaphorePermit};
use tokio::time::timeout;
use tokio_postgres::Row;
use tokio_postgres::types::{ToSql, Type};
use tokio_postgres_rustls::MakeRustlsConnect;

use crate::failure::Failure;
use crate::open_error::OpenError;
use crate::sql;
use crate::target::Target;

/// How long a call waits for a free connection, or for its turn.
pub(crate) const WAIT: Duration = Duration::from_secs(5);
/// How long making a connection may take, all addresses and TLS included.
const CREATE: Duration = Duration::from_secs(10);
/// How long a connection may take to show that it is alive.
const RECYCLE: Duration = Duration::from_secs(2);
/// A connection that was idle for longer is asked whether it is alive before it is used; asking each time would double
/// the round trips.
const IDLE: Duration = Duration::from_secs(30);
/// How long a statement may take: longer than the server's own limits, so that this one ends only what hangs.
const STATEMENT: Duration = Duration::from_secs(15);
/// How often a statement is asked again at the most.
const REPEATS: u32 = 3;

/// A parameter of a statement.
pub(crate) type Param<'p> = &'p (dyn ToSql + Sync);

/// Whether a statement may be sent again after its answer was lost, so that nobody knows whether it was carried out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum IfLost {
    /// It reads, or a second time finds and tells what the first one did.
    Repeat,
    /// A second time would do or tell something else: whoever asked is told that it is unknown.
    Tell,
}

/// A pool of connections to one database.
pub(crate) struct Database {
    pool: Pool,
    turns: Semaphore,
    place: String,
}

impl Database {
    /// A pool; no connection is made yet.
    pub(crate) fn new(target: Target, tls: MakeRustlsConnect) -> Result<Self, OpenError> {
        let Target { config, place, pool_size, trust: _ } = target;
        // Fast: nothing is cleaned up, for no call leaves anything behind: each is one statement without a transaction.
        let manager = Manager::from_config(config, tls, ManagerConfig { recycling_method: RecyclingMethod::Fast });
        let pool = Pool::builder(manager)
            .max_size(pool_size)
            .timeouts(Timeouts { wait: Some(WAIT), create: Some(CREATE), recycle: Some(RECYCLE) })
            .pre_recycle(wake())
            .runtime(Runtime::Tokio1)
            .build();
        match pool {
            Ok(pool) => Ok(Self { pool, turns: Semaphore::new((pool_size / 2).max(1)), place }),
            Err(error) => {
                Err(OpenError::Failed { detail: format!("{place}: no pool of connections can be made; please report this: {error}") })
            }
        }
    }

    /// Where it is, for people's eyes.
    pub(crate) fn place(&self) -> &str {
        &self.place
    }

    /// A connection.
    pub(crate) async fn client(&self) -> Result<Client, Failure> {
        self.pool.get().await.map_err(Failure::Pool)
    }

    /// Later calls fail; running ones are finished.
    pub(crate) fn close(&self) {
        self.pool.close();
    }

    /// All rows of a statement.
    pub(crate) async fn rows(&self, sql: &str, if_lost: IfLost, params: &[Param<'_>]) -> Result<Vec<Row>, Failure> {
        self.persist(Statement::Prepared(sql, params), if_lost).await
    }

    /// All rows of a statement that is asked but once, whatever comes of it.
    pub(crate) async fn rows_once(&self, sql: &str, params: &[Param<'_>]) -> Result<Vec<Row>, Failure> {
        self.ask(Statement::Prepared(sql, params)).await
    }

    /// A turn for a call that may wait for somebody else's row. Such calls never have all the connections: whoever wants
    /// other rows gets on.
    pub(crate) async fn turn(&self) -> Result<SemaphorePermit<'_>, Failure> {
        match timeout(WAIT, self.turns.acquire()).await {
            Ok(Ok(turn)) => Ok(turn),
            Ok(Err(_)) => Err(Failure::Defect("the turns of those who may wait were ended")),
            Err(_) => Err(Failure::Contended),
        }
    }

    /// The one row of a statement, when there is one.
    pub(crate) async fn row(&self, sql: &str, if_lost: IfLost, params: &[Param<'_>]) -> Result<Option<Row>, Failure> {
        let mut rows = self.rows(sql, if_lost, params).await?;
        match rows.pop() {
            Some(_) if !rows.is_empty() => Err(Failure::Defect("a statement for one row gave two")),
            row => Ok(row),
        }
    }

    /// All rows of a reading statement that is planned for these very values.
    pub(crate) async fn planned(&self, sql: &str, params: &[(Param<'_>, Type)]) -> Result<Vec<Row>, Failure> {
        self.persist(Statement::Planned(sql, params), IfLost::Repeat).await
    }

    /// Whether it reads and writes.
    pub(crate) async fn beat(&self) -> Result<(), Failure> {
        match self.row(sql::PULSE_BEAT, IfLost::Repeat, &[]).await? {
            Some(_) => Ok(()),
            None => Err(Failure::Unreadable { table: "oncelink_pulse", id: "1".to_owned(), column: "id" }),
        }
    }

    /// Asks until there is an answer or a failure that another try doesn't mend or could do harm after.
    async fn persist(&self, statement: Statement<'_>, if_lost: IfLost) -> Result<Vec<Row>, Failure> {
        let mut repeats = 0;
        loop {
            match self.ask(statement).await {
                Err(failure) if repeats < REPEATS && may_repeat(&failure, if_lost) => repeats += 1,
                outcome => return outcome,
            }
        }
    }

    /// Asks once, within the time limit, and looks after the connection.
    async fn ask(&self, statement: Statement<'_>) -> Result<Vec<Row>, Failure> {
        let client = self.client().await?;
        let outcome = timeout(STATEMENT, statement.run(&client)).await.unwrap_or(Err(Failure::Late));
        if let Err(failure) = &outcome {
            self.tend(client, failure);
        }
        outcome
    }

    /// Keeps what a failure has spoiled from the next one who needs a connection.
    fn tend(&self, client: Client, failure: &Failure) {
        if failure.is_stale_plan() {
            // The other connections' plans are as stale.
            self.pool.manager().statement_caches.clear();
        } else if failure.is_late() {
            drop(Object::take(client));
        } else if failure.is_lost() || failure.is_read_only() {
            // After a restart the idle ones are gone too, after a failover they lead to what is a standby now.
            drop(Object::take(client));
            self.pool.retain(|_, _| false);
        }
    }
}

/// Whether asking again may help and can't do harm.
fn may_repeat(failure: &Failure, if_lost: IfLost) -> bool {
    let undone = failure.is_undone() || failure.is_stale_plan() || failure.is_read_only();
    undone || (failure.is_lost() && (failure.is_unsent() || if_lost == IfLost::Repeat))
}

/// A statement with its parameters.
#[derive(Clone, Copy)]
enum Statement<'s> {
    /// Parsed once per connection.
    Prepared(&'s str, &'s [Param<'s>]),
    /// Parsed and planned each time.
    Planned(&'s str, &'s [(Param<'s>, Type)]),
}

impl Statement<'_> {
    /// All its rows. The driver reads on until the server says that it is ready again, so that a commit that fails is an
    /// error here although its rows have come.
    async fn run(self, client: &Client) -> Result<Vec<Row>, Failure> {
        match self {
            Self::Prepared(sql, params) => {
                let prepared = client.prepare_cached(sql).await.map_err(Failure::unsent)?;
                client.query(&prepared, params).await.map_err(Failure::sent)
            }
            Self::Planned(sql, params) => client.query_typed(sql, params).await.map_err(Failure::sent),
        }
    }
}

/// Asks a connection that was idle for long whether it is alive; the pool throws it away when it isn't.
fn wake() -> Hook {
    Hook::async_fn(|client, metrics| {
        Box::pin(async move {
            if metrics.last_used() < IDLE {
                return Ok(());
            }
            client.check_connection().await.map_err(HookError::Backend)
        })
    })
}
