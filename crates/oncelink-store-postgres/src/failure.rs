//! What can go wrong in a call, and the fault that an operator is shown for it.
//!
//! The only place that turns PostgreSQL's codes into kinds and remedies. Must not hold bound values, nor the server's
//! details of rows: they may be people's data.

use std::error::Error;
use std::sync::Arc;
use std::{fmt, io};

use deadpool_postgres::{PoolError, TimeoutType};
use oncelink_core::{Fault, FaultKind};
use tokio_postgres::error::{DbError, Severity, SqlState};

/// Why a call gave no result.
#[derive(thiserror::Error)]
pub(crate) enum Failure {
    /// There was no connection to be had.
    #[error("{}", tell_pool(.0))]
    Pool(PoolError),
    /// PostgreSQL, or the way to it, failed.
    #[error("{}", tell(error))]
    Sql {
        /// What the driver says.
        error: tokio_postgres::Error,
        /// Whether the statement had been sent to be carried out.
        sent: bool,
    },
    /// There was no answer.
    #[error("no answer within the time limit")]
    Late,
    /// Others changed the same link whenever this call tried.
    #[error("others kept changing the same link")]
    Contended,
    /// A row holds something that nobody of us wrote.
    #[error("row {id:?} of table {table} can't be read back (column {column})")]
    Unreadable {
        /// The table.
        table: &'static str,
        /// The row's own id, as far as it can be read.
        id: String,
        /// The first column that makes no sense.
        column: &'static str,
    },
    /// A number doesn't fit into PostgreSQL's 63 bits.
    #[error("{0} is larger than this store can keep (at most 9,223,372,036,854,775,807)")]
    TooLarge(&'static str),
    /// A statement for several calls failed: each is told so.
    #[error("{0}")]
    Together(Arc<Failure>),
    /// A defect of ours.
    #[error("{0}")]
    Defect(&'static str),
}

impl Failure {
    /// An error before a statement was sent to be carried out.
    pub(crate) fn unsent(error: tokio_postgres::Error) -> Self {
        Self::Sql { error, sent: false }
    }

    /// An error after a statement was sent: unless the server says so, nobody knows whether it was carried out.
    pub(crate) fn sent(error: tokio_postgres::Error) -> Self {
        Self::Sql { error, sent: true }
    }

    /// The fault for the operator; names `place` and the remedy.
    pub(crate) fn into_fault(self, place: &str) -> Fault {
        let (kind, what) = self.explain();
        Fault::new(kind, format!("{place} {what}")).because(self)
    }

    /// Whether the server undid the statement for the sake of another one, and another try may go through.
    pub(crate) fn is_undone(&self) -> bool {
        self.has_code(&[SqlState::T_R_SERIALIZATION_FAILURE, SqlState::T_R_DEADLOCK_DETECTED])
    }

    /// Whether a prepared statement no longer fits the tables, or was forgotten by a pooler in between.
    pub(crate) fn is_stale_plan(&self) -> bool {
        self.has_code(&[SqlState::FEATURE_NOT_SUPPORTED, SqlState::INVALID_SQL_STATEMENT_NAME])
    }

    /// Whether the server only reads.
    pub(crate) fn is_read_only(&self) -> bool {
        self.has_code(&[SqlState::READ_ONLY_SQL_TRANSACTION])
    }

    /// Whether there was no answer in time.
    pub(crate) fn is_late(&self) -> bool {
        matches!(self, Self::Late)
    }

    /// Whether the connection is gone.
    pub(crate) fn is_lost(&self) -> bool {
        self.sql().is_some_and(is_lost)
    }

    /// Whether the statement can't have been carried out.
    pub(crate) fn is_unsent(&self) -> bool {
        matches!(self, Self::Sql { sent: false, .. })
    }

    /// Whether the statement was certainly not carried out, for a reason that may be one of its rows alone. Not so when it is
    /// the server as a whole, or the way to it: then asking for each row would only ask for more.
    pub(crate) fn was_undone(&self) -> bool {
        self.is_unsent() || self.sql().and_then(tokio_postgres::Error::as_db_error).is_some_and(is_about_rows)
    }

    /// Whether a statement undid itself because another one had written the same key into `table` in between: asked again,
    /// it sees that.
    pub(crate) fn is_race_in(&self, table: &str) -> bool {
        let raced = [SqlState::UNIQUE_VIOLATION, SqlState::NOT_NULL_VIOLATION];
        self.has_code(&raced) && self.sql().and_then(tokio_postgres::Error::as_db_error).is_some_and(|error| error.table() == Some(table))
    }

    fn has_code(&self, codes: &[SqlState]) -> bool {
        self.sql().and_then(tokio_postgres::Error::code).is_some_and(|code| codes.contains(code))
    }

    fn sql(&self) -> Option<&tokio_postgres::Error> {
        match self {
            Self::Sql { error, .. } => Some(error),
            Self::Together(failure) => failure.sql(),
            Self::Pool(_) | Self::Late | Self::Contended | Self::Unreadable { .. } | Self::TooLarge(_) | Self::Defect(_) => None,
        }
    }

    fn explain(&self) -> (FaultKind, &'static str) {
        match self {
            Self::Pool(error) => explain_pool(error),
            Self::Sql { error, .. } => explain_sql(error),
            Self::Late => (FaultKind::Unavailable, "didn't answer in time; check the server and the network to it"),
            Self::Contended => (FaultKind::Unavailable, "is too busy with one link; try again"),
            Self::Unreadable { .. } => {
                (FaultKind::Corrupt, "holds a row that can't be read back; restore it from a backup, or delete the row")
            }
            Self::TooLarge(_) => (FaultKind::Internal, "can't keep a number that large"),
            Self::Together(failure) => failure.explain(),
            Self::Defect(_) => (FaultKind::Internal, "met a defect of this program; please report it"),
        }
    }
}

/// As for people: the driver's own form would show the details of rows.
impl fmt::Debug for Failure {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "Failure({self})")
    }
}

fn explain_pool(error: &PoolError) -> (FaultKind, &'static str) {
    let what = match error {
        PoolError::Timeout(TimeoutType::Wait) => "has all its connections in use; try again, or raise pool_size in the URL",
        PoolError::Timeout(TimeoutType::Create | TimeoutType::Recycle) => "didn't answer in time; check the server and the network to it",
        PoolError::Closed => "is closed; this program is shutting down",
        PoolError::Backend(error) => return explain_sql(error),
        PoolError::NoRuntimeSpecified | PoolError::PostCreateHook(_) => {
            return (FaultKind::Internal, "met a defect of this program; please report it");
        }
    };
    (FaultKind::Unavailable, what)
}

fn explain_sql(error: &tokio_postgres::Error) -> (FaultKind, &'static str) {
    let unavailable = FaultKind::Unavailable;
    if let Some(code) = error.code().filter(|_| !is_lost(error)) {
        return explain_code(code.code());
    }
    if is_read_only_server(error) {
        (unavailable, "takes no writes: it is a standby, or set to read-only; name the primary in the URL, or all hosts")
    } else if is_lost(error) {
        (unavailable, "can't be reached, or broke the connection off; check that it runs and is listening there")
    } else if error.to_string().contains("TLS") {
        (unavailable, "can't be reached over TLS; give its authority with sslrootcert=FILE, or correct sslmode in the URL")
    } else if error.to_string().contains("authentication") || error.to_string().contains("configuration") {
        (unavailable, "wants to know who we are in a way that the URL doesn't provide for; give a password in the URL")
    } else if error.to_string().contains("timeout") {
        (unavailable, "didn't answer in time; check the server and the network to it")
    } else {
        (FaultKind::Internal, "was asked or answered in a way that makes no sense; please report this")
    }
}

/// What an SQLSTATE means, whole classes by their first two characters
/// (<https://www.postgresql.org/docs/current/errcodes-appendix.html>).
fn explain_code(code: &str) -> (FaultKind, &'static str) {
    let unavailable = |what| (FaultKind::Unavailable, what);
    match (code, code.get(..2).unwrap_or_default()) {
        ("25006", _) => unavailable("takes no writes: it is a standby, or set to read-only; name the primary in the URL, or all hosts"),
        ("28P01" | "28000", _) => unavailable("refuses user or password; correct them in the URL, and see the server's pg_hba.conf"),
        ("3D000", _) => unavailable("doesn't exist on the server; create the database, or correct its name in the URL"),
        ("3F000", _) => unavailable("has no schema for new tables in the search_path; create one that the role may use"),
        ("42501", _) => {
            unavailable("denies the role what is needed; grant it CREATE and USAGE on the schema, or make it owner of our tables")
        }
        ("42P01" | "42703" | "42883" | "42804", _) => {
            (FaultKind::Corrupt, "lacks tables or columns of ours; restore it from a backup, or let oncelink_schema begin anew")
        }
        ("53100", _) => unavailable("can't write because its disk is full; free some space"),
        ("53300", _) => unavailable("has no connection left for us; raise its max_connections, or lower pool_size in the URL"),
        ("55P03" | "57014" | "40001" | "40P01", _) => unavailable("was too busy to answer in time; try again"),
        (_, "53" | "57" | "58" | "08") => unavailable("can't work at the moment; see its log"),
        (_, "XX") => (FaultKind::Corrupt, "is damaged, or met a defect of its own; see its log, and restore it from a backup if need be"),
        _ => (FaultKind::Internal, "refused a statement; please report this"),
    }
}

/// Whether the server undid a statement for what it was, and not for the state that the server is in: that are connections
/// (08), resources (53), locks (55), interventions (57) and its system (58).
fn is_about_rows(error: &DbError) -> bool {
    let class = error.code().code().get(..2).unwrap_or_default();
    error.parsed_severity() == Some(Severity::Error) && !["08", "53", "55", "57", "58"].contains(&class)
}

/// Whether the connection is gone: closed, broken, never made, or ended by a server that shuts down or restarts.
fn is_lost(error: &tokio_postgres::Error) -> bool {
    let ending = [
        SqlState::ADMIN_SHUTDOWN,
        SqlState::CRASH_SHUTDOWN,
        SqlState::CANNOT_CONNECT_NOW,
        SqlState::IDLE_SESSION_TIMEOUT,
        SqlState::CONNECTION_FAILURE,
        SqlState::CONNECTION_DOES_NOT_EXIST,
        SqlState::CONNECTION_EXCEPTION,
    ];
    match error.code() {
        Some(code) => ending.contains(code),
        None => error.is_closed() || io_error(error).is_some_and(|error| error.get_ref().is_none_or(|inner| !inner.is::<rustls::Error>())),
    }
}

/// Whether the driver found a server that takes no writes when it connected (`target_session_attrs`).
fn is_read_only_server(error: &tokio_postgres::Error) -> bool {
    io_error(error).is_some_and(|error| error.kind() == io::ErrorKind::PermissionDenied && error.raw_os_error().is_none())
}

fn io_error(error: &tokio_postgres::Error) -> Option<&io::Error> {
    error.source().and_then(|source| source.downcast_ref::<io::Error>())
}

fn tell_pool(error: &PoolError) -> String {
    match error {
        PoolError::Backend(error) => tell(error),
        PoolError::Timeout(_) | PoolError::Closed | PoolError::NoRuntimeSpecified | PoolError::PostCreateHook(_) => error.to_string(),
    }
}

/// The driver's error with its cause, but without the details of rows.
fn tell(error: &tokio_postgres::Error) -> String {
    match (error.as_db_error(), error.source()) {
        (Some(db), _) => format!("{}: {} (SQLSTATE {})", db.severity(), db.message(), db.code().code()),
        (None, Some(cause)) => format!("{error}: {cause}"),
        (None, None) => error.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_may_pass_by_itself_is_unavailable() {
        for code in ["25006", "28P01", "3D000", "40001", "40P01", "53100", "53200", "53300", "55P03", "57014", "57P03", "58030", "08006"] {
            assert_eq!(explain_code(code).0, FaultKind::Unavailable, "{code}");
        }
    }

    #[test]
    fn damage_and_defects_are_told_apart() {
        for code in ["42P01", "42703", "XX001", "XX002"] {
            assert_eq!(explain_code(code).0, FaultKind::Corrupt, "{code}");
        }
        for code in ["22021", "23505", "42601", "?"] {
            assert_eq!(explain_code(code).0, FaultKind::Internal, "{code}");
        }
    }

    #[test]
    fn an_exhausted_pool_is_unavailable() {
        let fault = Failure::Pool(PoolError::Timeout(TimeoutType::Wait)).into_fault("PostgreSQL at h:1/x");
        assert_eq!(fault.kind, FaultKind::Unavailable);
        assert!(fault.message.contains("pool_size"), "{fault}");
    }
}
