//! What may be wrong with a database when it is opened, each with what to do about it.

/// Why a database can't be opened. Each sentence names the place (never the password) and the remedy.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OpenError {
    /// The URL makes no sense.
    #[error("the URL of the PostgreSQL database can't be used: {detail}; write postgres://USER:PASSWORD@HOST:PORT/DATABASE")]
    BadUrl {
        /// What is wrong with it.
        detail: String,
    },
    /// There are no certificates of authorities to check the server's certificate with.
    #[error("the certificates of authorities can't be read ({detail}); name a PEM file with sslrootcert=FILE in the URL")]
    BadAuthorities {
        /// Which, and why.
        detail: String,
    },
    /// The server's certificate isn't good enough, or it has none.
    #[error("{place} can't be reached over TLS ({detail}); give its authority with sslrootcert=FILE, or correct sslmode in the URL")]
    NoTls {
        /// The database.
        place: String,
        /// What TLS says.
        detail: String,
    },
    /// The server isn't one that this can work with.
    #[error("{place} is of version {found}; PostgreSQL 15 or newer is needed: upgrade the server")]
    TooOld {
        /// The database.
        place: String,
        /// The server's version, as a number.
        found: i64,
    },
    /// The database can't hold every text.
    #[error("{place} has the encoding {found}; create the database anew with ENCODING 'UTF8'")]
    NotUtf8 {
        /// The database.
        place: String,
        /// Its encoding.
        found: String,
    },
    /// There is no schema for the tables.
    #[error("{place} has no schema for new tables in the search_path; create one that the role may use")]
    NoSchema {
        /// The database.
        place: String,
    },
    /// A newer version of this program has written the tables.
    #[error(
        "{place} has version {found} of its tables and this program knows up to {known}; use the newer program, or restore a backup from before it"
    )]
    NewerSchema {
        /// The database.
        place: String,
        /// The version of the tables.
        found: i64,
        /// The latest version that is known.
        known: i64,
    },
    /// The server can't be reached, or refuses, or has other tables.
    #[error("{detail}")]
    Failed {
        /// The place, what failed, and the remedy.
        detail: String,
    },
}
