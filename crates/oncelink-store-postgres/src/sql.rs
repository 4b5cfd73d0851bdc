//! The statements, by name. Must not hold SQL itself: that is in `sql/*.sql`.

macro_rules! statements {
    ($($name:ident = $file:literal;)+) => {
        $(pub(crate) const $name: &str = include_str!(concat!("../sql/", $file, ".sql"));)+
        /// Every statement on our tables: opening prepares them all, so that a database with other tables is found out at
        /// once.
        pub(crate) const ALL: &[&str] = &[$($name),+];
    };
}

statements! {
    ATTEMPT_REFUND = "attempt_refund";
    ATTEMPT_RESERVE = "attempt_reserve";
    CLAIM_COMPLETE = "claim_complete";
    CLAIM_LIST = "claim_list";
    CLAIM_RECORD = "claim_record";
    CLAIM_RELEASE = "claim_release";
    CLAIM_TAKE = "claim_take";
    CLAIMS_RECORD = "claims_record";
    CLAIMS_TAKE = "claims_take";
    EVENT_LIST = "event_list";
    EVENT_NOTE = "event_note";
    EVENT_NUMBER = "event_number";
    IDEMPOTENCY_FIND = "idempotency_find";
    KEY_FIND = "key_find";
    KEY_INSERT = "key_insert";
    KEY_INSERT_FIRST = "key_insert_first";
    KEY_LIST = "key_list";
    KEY_REVOKE = "key_revoke";
    KEY_TOUCH = "key_touch";
    LINK_FIND = "link_find";
    LINK_FIND_CLAIM = "link_find_claim";
    LINK_INSERT = "link_insert";
    LINK_LIST = "link_list";
    LINK_PURGE = "link_purge";
    LINK_REVOKE = "link_revoke";
    LINKS_FIND = "links_find";
    PULSE_BEAT = "pulse_beat";
    SCHEMA_DONE = "schema_done";
    SCHEMA_VERSION = "schema_version";
}

/// What is known of a server before its tables are.
pub(crate) const SERVER_FACTS: &str = include_str!("../sql/server_facts.sql");
/// The server's clock.
pub(crate) const SERVER_TIME: &str = include_str!("../sql/server_time.sql");
/// The lock under which tables are changed.
pub(crate) const SCHEMA_LOCK: &str = include_str!("../sql/schema_lock.sql");
/// The table that counts the migrations.
pub(crate) const SCHEMA_BEGIN: &str = include_str!("../sql/schema_begin.sql");
