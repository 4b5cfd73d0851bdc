//! Every text that a page may show: one constant per language, each in its own file.
//!
//! The compiler sees to it that no language lacks a text or has one that no other has; a test, that the places for values
//! agree. Must not hold markup: a text is text, and `{name}` stands where a value goes.
//!
//! For translators: plain and polite words, as one would write to somebody one doesn't know. No word whose form depends
//! on a number next to a number (write "Uses left: {left}", units as symbols).

pub(super) mod ar;
pub(super) mod de;
pub(super) mod en;
pub(super) mod es;
pub(super) mod fr;
pub(super) mod it;
pub(super) mod ja;
pub(super) mod nl;
pub(super) mod pl;
pub(super) mod pt;
#[cfg(test)]
mod tests;
pub(super) mod zh;

/// The texts of one language.
pub(crate) struct Texts {
    /// The heading of a link's page when nobody said who sends.
    pub(super) heading: &'static str,
    /// The same with the sender's name: `{brand}`.
    pub(super) heading_from: &'static str,
    /// The heading for the browser that has claimed already.
    pub(super) heading_resume: &'static str,
    /// Label of the time when claiming ends.
    pub(super) until: &'static str,
    /// Label of how many uses are left.
    pub(super) uses: &'static str,
    /// How many uses are left: `{left}` of `{uses}`.
    pub(super) uses_of: &'static str,
    /// Label of the field for the passphrase.
    pub(super) passphrase: &'static str,
    /// Where the passphrase comes from.
    pub(super) passphrase_hint: &'static str,
    /// The passphrase was wrong, and that costs nothing.
    pub(super) passphrase_wrong: &'static str,
    /// The button that claims.
    pub(super) download: &'static str,
    /// The button that fetches what is claimed already.
    pub(super) resume: &'static str,
    /// What the browser that has claimed already may do, until `{when}`.
    pub(super) resume_until: &'static str,
    /// The same where no time is known.
    pub(super) resume_open: &'static str,
    /// How that is done: in the browser's own list of downloads, or by the button.
    pub(super) resume_how: &'static str,
    /// What happens after the click, and what to do when it breaks, within `{lease}`.
    pub(super) note: &'static str,
    /// What a redirect is: a single exchange for an address that is reusable for `{seconds}`.
    pub(super) note_exchange: &'static str,
    /// Of files that come in parts.
    pub(super) parts: Parts,
    /// Shown after the click.
    pub(super) starting: &'static str,
    /// Label of the link to the operator's imprint.
    pub(super) imprint: &'static str,
    /// Advice: ask the sender for a new link.
    pub(super) ask_sender: &'static str,
    /// Label of the link that tries again.
    pub(super) try_again: &'static str,
    /// The page at `/`.
    pub(super) home: Case,
    /// No such link.
    pub(super) unknown: Case,
    /// All uses are claimed.
    pub(super) spent: Case,
    /// The sender took it back.
    pub(super) revoked: Case,
    /// It ended: `{when}`.
    pub(super) expired: Case,
    /// It begins: `{when}`.
    pub(super) not_yet: Case,
    /// This download was completed: `{when}`.
    pub(super) completed: Case,
    /// This download could be resumed until `{when}`.
    pub(super) lapsed: Case,
    /// This download was sent too often in pieces.
    pub(super) budget_spent: Case,
    /// The file has changed; nothing is used up.
    pub(super) object_changed: Case,
    /// The file is gone; nothing is used up.
    pub(super) object_not_found: Case,
    /// The network isn't one of those allowed.
    pub(super) address_not_allowed: Case,
    /// A passphrase is needed.
    pub(super) passphrase_needed: Case,
    /// Too many wrong passphrases: `{wait}`.
    pub(super) locked: Case,
    /// Too many requests: `{wait}`.
    pub(super) too_many_requests: Case,
    /// Store or source don't answer; nothing is lost.
    pub(super) unavailable: Case,
    /// A defect of ours.
    pub(super) internal: Case,
    /// The address doesn't take this method.
    pub(super) method_not_allowed: Case,
    /// Another site's page sent the form.
    pub(super) cross_site: Case,
    /// One answer can't carry the whole file, and the page can.
    pub(super) range_required: Case,
    /// Whatever only programs meet; an English detail follows.
    pub(super) other: Case,
    /// Symbols of bytes and their thousands.
    pub(super) units: [&'static str; 5],
    /// What stands before decimals.
    pub(super) decimal: &'static str,
    /// `{n}` seconds, as a symbol.
    pub(super) seconds: &'static str,
    /// `{n}` minutes, as a symbol.
    pub(super) minutes: &'static str,
    /// `{n}` hours, as a symbol.
    pub(super) hours: &'static str,
}

/// What the page says while it fetches a file in parts.
pub(crate) struct Parts {
    /// What happens after the click, and what to do when it breaks, within `{lease}`.
    pub(super) note: &'static str,
    /// Why there is no button without JavaScript; a command line follows.
    pub(super) plain: &'static str,
    /// Label of the bar.
    pub(super) label: &'static str,
    /// How far it is: `{done}` of `{size}`, at `{rate}`, with `{left}` to go.
    pub(super) figures: &'static str,
    /// It has begun, and the page has to stay open.
    pub(super) begin: &'static str,
    /// The connection broke; it is tried again.
    pub(super) waiting: &'static str,
    /// The checksum is being made.
    pub(super) checking: &'static str,
    /// The heading when the file is complete.
    pub(super) finished: &'static str,
    /// The file is complete.
    pub(super) done: &'static str,
    /// The file is complete and what the sender's place has, by its checksum.
    pub(super) verified: &'static str,
    /// The button that saves it once more.
    pub(super) save: &'static str,
    /// It was tried for long enough; the button goes on.
    pub(super) broke: &'static str,
    /// There is no room to save it.
    pub(super) full: &'static str,
    /// What arrived isn't what was sent; the button begins anew.
    pub(super) damaged: &'static str,
    /// This browser can't save a file of this size; nothing is used up.
    pub(super) beyond: &'static str,
}

/// What is said when something is not as one hoped.
pub(crate) struct Case {
    /// In a few words, without a full stop.
    pub(super) title: &'static str,
    /// In a sentence or two.
    pub(super) text: &'static str,
}
