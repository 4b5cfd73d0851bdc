//! English.

use super::{Case, Texts};

pub(in crate::page) const TEXTS: Texts = Texts {
    heading: "A file for you",
    heading_from: "{brand} has sent you a file",
    heading_resume: "Your download isn’t finished yet",
    until: "Available until",
    uses: "Uses left",
    uses_of: "{left} of {uses}",
    passphrase: "Passphrase",
    passphrase_hint: "The sender has given it to you in another way.",
    passphrase_wrong: "That was not the right passphrase. Nothing has been used up; please try again.",
    download: "Download",
    resume: "Continue download",
    resume_until: "You may continue it until {when}. That costs no further use of the link.",
    resume_open: "You may continue it. That costs no further use of the link.",
    resume_how: "If your browser’s list of downloads offers to resume the file, do it there. Otherwise press the button.",
    note: "Your browser saves the file. If the download breaks off, open this page again in this browser within {lease} and press the button again.",
    note_exchange: "This is a single exchange: the button gives out one direct address of the file, reusable for {seconds} by whoever has it. If the download breaks off after that, ask the sender for a new link.",
    starting: "The download is starting. Your browser shows how it is getting on.",
    imprint: "About the provider",
    ask_sender: "Ask the sender for a new link.",
    try_again: "Try again",
    home: Case {
        title: "Files, handed over once",
        text: "To get a file, open the link that you were sent. There is nothing else to see here.",
    },
    unknown: Case {
        title: "There is no such link",
        text: "Perhaps the address was not copied completely. Capital and small letters make a difference.",
    },
    spent: Case {
        title: "This link has been used",
        text: "All its downloads have been taken. If it was you, in another browser or on another device, look among the downloads there.",
    },
    revoked: Case { title: "This link was withdrawn", text: "The sender has taken it back." },
    expired: Case { title: "This link has expired", text: "It could be used until {when}." },
    not_yet: Case { title: "It is too early", text: "This link can be used from {when}." },
    completed: Case {
        title: "Already downloaded",
        text: "This download was completed on {when}. Look for the file among your browser’s downloads.",
    },
    lapsed: Case { title: "The time to continue is over", text: "This download broke off and could be continued until {when}." },
    budget_spent: Case {
        title: "This download can’t go on",
        text: "It was started over so often that more than twice the file’s size has been sent.",
    },
    object_changed: Case {
        title: "The file has changed",
        text: "It is no longer the file that the sender chose for you. Nothing has been used up.",
    },
    object_not_found: Case { title: "The file is gone", text: "It is no longer where the sender put it. Nothing has been used up." },
    address_not_allowed: Case {
        title: "Not from this network",
        text: "This link works only from certain networks, such as a company’s. Connect to the right one, or ask the sender.",
    },
    passphrase_needed: Case {
        title: "A passphrase is needed",
        text: "Open the link again and enter the passphrase that the sender gave you.",
    },
    locked: Case {
        title: "Too many passphrases were tried",
        text: "Too many passphrases were tried. Nothing has been used up. Please try again in {wait}.",
    },
    too_many_requests: Case { title: "One moment, please", text: "Too many requests came from your network. Please try again in {wait}." },
    unavailable: Case {
        title: "Not available right now",
        text: "The file can’t be fetched at the moment. Nothing has been used up. Please try the same link again in a while.",
    },
    internal: Case { title: "Something went wrong here", text: "It wasn’t you. Please try again in a while." },
    method_not_allowed: Case { title: "This doesn’t work here", text: "Please open the link that you were sent, and press its button." },
    cross_site: Case {
        title: "Sent from another site",
        text: "For your protection a download starts only from the link’s own page. Nothing has been used up. Please open the link itself.",
    },
    other: Case { title: "This request can’t be carried out", text: "The details, for whoever made it:" },
    units: ["B", "kB", "MB", "GB", "TB"],
    decimal: ".",
    seconds: "{n}\u{a0}s",
    minutes: "{n}\u{a0}min",
    hours: "{n}\u{a0}h",
};
