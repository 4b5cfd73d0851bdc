//! The statements, by name. Must not hold SQL itself: that is in `sql/*.sql` (and the composed one in `listing`).

macro_rules! statements {
    ($($name:ident = $file:literal;)+) => {
        $(pub(crate) const $name: &str = include_str!(concat!("../sql/", $file, ".sql"));)+
        /// Every statement: opening prepares them all, so that a file with other tables is found out at once.
        pub(crate) const ALL: &[&str] = &[$($name),+];
    };
}

statements! {
    ATTEMPT_REFUND = "attempt_refund";
    ATTEMPT_RESERVE = "attempt_reserve";
    CLAIM_COMPLETE = "claim_complete";
    CLAIM_FIND = "claim_find";
    CLAIM_LIST = "claim_list";
    CLAIM_LOGS = "claim_logs";
    CLAIM_PUT = "claim_put";
    CLAIM_RECORD = "claim_record";
    CLAIM_RELEASE = "claim_release";
    CLAIM_RENEW = "claim_renew";
    CLAIM_REPORT = "claim_report";
    CLAIM_TAKE = "claim_take";
    EVENT_INSERT = "event_insert";
    EVENT_LIST = "event_list";
    IDEMPOTENCY_FIND = "idempotency_find";
    IDEMPOTENCY_INSERT = "idempotency_insert";
    KEY_FIND = "key_find";
    KEY_INSERT = "key_insert";
    KEY_INSERT_FIRST = "key_insert_first";
    KEY_LIST = "key_list";
    KEY_REVOKE = "key_revoke";
    KEY_TOUCH = "key_touch";
    LINK_FIND = "link_find";
    LINK_GIVE_BACK = "link_give_back";
    LINK_INSERT = "link_insert";
    LINK_LOG = "link_log";
    LINK_NOTE = "link_note";
    LINK_PURGE = "link_purge";
    LINK_REVOKE = "link_revoke";
    PULSE_BEAT = "pulse_beat";
    PULSE_FIND = "pulse_find";
}
