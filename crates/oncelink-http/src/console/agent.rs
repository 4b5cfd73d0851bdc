//! What a client calls itself, in words: a browser, a tool, or what looks like a scanner.
//!
//! For eyes only. Scanners come with ordinary browsers' names too, and anybody may call themselves anything: nothing is decided
//! by this.

/// What a user agent looks like.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Looks {
    /// In words.
    pub(super) name: String,
    /// Whether a program seems to have looked, for a preview or a check, and no person.
    pub(super) is_scanner: bool,
}

/// Parts of names by which link previews and mail scanners are known, in lower case, and whose they are.
const SCANNERS: [(&str, &str); 28] = [
    ("slackbot", "Slack"),
    ("slack-imgproxy", "Slack"),
    ("discordbot", "Discord"),
    ("telegrambot", "Telegram"),
    ("whatsapp", "WhatsApp"),
    ("facebookexternalhit", "Facebook"),
    ("facebookcatalog", "Facebook"),
    ("twitterbot", "X"),
    ("linkedinbot", "LinkedIn"),
    ("skypeuripreview", "Skype or Teams"),
    ("microsoftpreview", "Microsoft"),
    ("bingpreview", "Bing"),
    ("bingbot", "Bing"),
    ("googlebot", "Google"),
    ("google-read-aloud", "Google"),
    ("google-safety", "Google"),
    ("applebot", "Apple"),
    ("barracuda", "Barracuda"),
    ("proofpoint", "Proofpoint"),
    ("mimecast", "Mimecast"),
    ("ms-office", "Microsoft Office"),
    ("microsoft office", "Microsoft Office"),
    ("mattermost-bot", "Mattermost"),
    ("headlesschrome", "a headless browser"),
    ("bot", ""),
    ("crawler", ""),
    ("spider", ""),
    ("scanner", ""),
];

/// Tools that people download with.
const TOOLS: [(&str, &str); 8] = [
    ("oncelink", "oncelink get"),
    ("curl/", "curl"),
    ("wget/", "wget"),
    ("aria2", "aria2"),
    ("python-requests", "Python"),
    ("python-urllib", "Python"),
    ("go-http-client", "a Go program"),
    ("powershell", "PowerShell"),
];

/// Browsers, the more particular names first: most call themselves Chrome and Safari as well.
const BROWSERS: [(&str, &str); 7] = [
    ("edg", "Edge"),
    ("opr/", "Opera"),
    ("samsungbrowser", "Samsung Internet"),
    ("firefox/", "Firefox"),
    ("fxios", "Firefox"),
    ("chrome/", "Chrome"),
    ("safari/", "Safari"),
];

const SYSTEMS: [(&str, &str); 7] = [
    ("windows", "Windows"),
    ("android", "Android"),
    ("iphone", "iPhone"),
    ("ipad", "iPad"),
    ("mac os x", "macOS"),
    ("cros ", "ChromeOS"),
    ("linux", "Linux"),
];

/// What this user agent looks like.
pub(super) fn looks(agent: &str) -> Looks {
    let text = agent.to_ascii_lowercase();
    let among = |list: &[(&'static str, &'static str)]| list.iter().find(|(part, _)| text.contains(part)).map(|(_, name)| *name);
    let is = |name: String, is_scanner| Looks { name, is_scanner };
    match (among(&SCANNERS), among(&TOOLS), among(&BROWSERS), among(&SYSTEMS)) {
        (Some(""), _, _, _) => is(agent.to_owned(), true),
        (Some(whose), _, _, _) => is(whose.to_owned(), true),
        (None, Some(tool), _, _) => is(tool.to_owned(), false),
        (None, None, Some(browser), Some(system)) => is(format!("{browser} on {system}"), false),
        (None, None, Some(browser), None) => is(browser.to_owned(), false),
        (None, None, None, _) => is(agent.to_owned(), false),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_told_in_words_and_what_is_unknown_stays_as_it_is() {
        for (agent, name, is_scanner) in [
            ("Slackbot-LinkExpanding 1.0 (+https://api.slack.com/robots)", "Slack", true),
            ("Mozilla/5.0 (compatible; SomethingBot/2.0)", "Mozilla/5.0 (compatible; SomethingBot/2.0)", true),
            ("curl/8.5.0", "curl", false),
            (
                "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0 Safari/537.36 Edg/140.0",
                "Edge on Windows",
                false,
            ),
            (
                "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 Version/18.0 Mobile Safari/604.1",
                "Safari on iPhone",
                false,
            ),
            ("Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0", "Firefox on Linux", false),
            ("<b>me</b>", "<b>me</b>", false),
        ] {
            assert_eq!(looks(agent), Looks { name: name.to_owned(), is_scanner }, "{agent}");
        }
    }
}
