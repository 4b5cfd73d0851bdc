//! One finding: what was looked at, how it is, and how to mend it.

use serde_json::{Value, json};

use crate::output::tame;

/// How it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Status {
    /// As it should be.
    Ok,
    /// It works, but somebody should know.
    Warn,
    /// It must be mended.
    Fail,
}

/// One finding.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Finding {
    /// What was looked at.
    pub(crate) check: String,
    /// How it is.
    pub(crate) status: Status,
    /// What was found.
    pub(crate) detail: String,
    /// How to mend it; may have several lines.
    pub(crate) remedy: Option<String>,
}

impl Finding {
    /// As it should be.
    pub(crate) fn ok(check: impl Into<String>, detail: impl Into<String>) -> Self {
        Self { check: check.into(), status: Status::Ok, detail: detail.into(), remedy: None }
    }

    /// It works, but somebody should know.
    pub(crate) fn warn(check: impl Into<String>, detail: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self { check: check.into(), status: Status::Warn, detail: detail.into(), remedy: Some(remedy.into()) }
    }

    /// It must be mended.
    pub(crate) fn fail(check: impl Into<String>, detail: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self { status: Status::Fail, ..Self::warn(check, detail, remedy) }
    }

    /// For machines.
    pub(crate) fn to_json(&self) -> Value {
        json!({ "check": self.check, "status": self.status.as_str().to_lowercase(), "detail": self.detail, "remedy": self.remedy })
    }

    /// For people.
    pub(crate) fn to_text(&self) -> String {
        let head = format!("{:<4}  {}: {}", self.status.as_str(), tame(&self.check), tame(&self.detail));
        let lines = self.remedy.iter().flat_map(|remedy| remedy.lines());
        lines.fold(head, |text, line| format!("{text}\n      {}", tame(line)))
    }
}

impl Status {
    fn as_str(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Warn => "warn",
            Self::Fail => "FAIL",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_finding_is_told_with_its_remedy_below() {
        assert_eq!(Finding::ok("store", "version 1").to_text(), "ok    store: version 1");
        let failed = Finding::fail("source 'a'", "no\u{1b}[2J", "Do this:\n  and that");
        assert_eq!(failed.to_text(), "FAIL  source 'a': no\u{fffd}[2J\n      Do this:\n        and that");
        assert_eq!(failed.to_json()["status"], "fail");
    }
}
