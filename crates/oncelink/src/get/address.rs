//! A link's URL taken apart: where to claim, and what to call it without telling the secret.

use std::fmt;

use data_encoding::HEXLOWER;
use reqwest::Url;
use sha2::{Digest, Sha256};

use crate::http;

/// Where a link is claimed. `Debug` is redacted.
#[derive(Clone)]
pub(crate) struct LinkAddress {
    /// Where the claim is posted to.
    pub(crate) post: Url,
    /// The token, when it goes into the form instead of standing in the path.
    pub(crate) token: Option<String>,
    id: String,
}

impl LinkAddress {
    /// The link that `text` spells: `.../d/TOKEN` or `.../download?token=TOKEN`, with or without a base path.
    ///
    /// # Errors
    /// What is wrong with it, without repeating it.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        let mut url = Url::parse(text.trim()).map_err(|_| expected("that is no URL"))?;
        if !matches!(url.scheme(), "http" | "https") || url.host_str().is_none_or(str::is_empty) {
            return Err(expected("that is no http or https URL"));
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err(expected("a link has no user name"));
        }
        let in_query = url.query_pairs().find(|(name, _)| name == "token").map(|(_, token)| token.into_owned());
        url.set_query(None);
        url.set_fragment(None);
        let path = url.path().trim_end_matches('/').to_owned();
        if path.ends_with("/download")
            && let Some(token) = in_query.filter(|token| !token.is_empty())
        {
            url.set_path(&path);
            return Ok(Self { id: id(&token), post: url, token: Some(token) });
        }
        match path.rsplit_once('/') {
            Some((before, token)) if before.ends_with("/d") && !token.is_empty() => {
                let id = id(token);
                url.set_path(&path);
                Ok(Self { id, post: url, token: None })
            }
            Some((before, _)) if before.ends_with("/c") => Err(expected("that is the address of a claim that somebody made")),
            _ => Err(expected("that URL is no link")),
        }
    }

    /// Where the link is looked at: a secret.
    pub(crate) fn page(&self) -> Url {
        let mut url = self.post.clone();
        if let Some(token) = &self.token {
            url.query_pairs_mut().append_pair("token", token);
        }
        url
    }

    /// A short name that tells nothing of the token: what the files of an unfinished download are called by.
    pub(crate) fn id(&self) -> &str {
        &self.id
    }

    /// The server, for messages.
    pub(crate) fn server(&self) -> String {
        http::place(&self.post)
    }
}

impl fmt::Debug for LinkAddress {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "LinkAddress({} at {})", self.id, self.server())
    }
}

fn expected(problem: &str) -> String {
    format!("{problem}; give a link such as https://host/d/ol_...")
}

/// 48 bits of a hash: enough to tell the links in one folder apart, and no way back to a token of 148 bits.
fn id(token: &str) -> String {
    let digest = Sha256::new().chain_update("oncelink get").chain_update(token).finalize();
    HEXLOWER.encode(&digest[..6])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_shapes_of_a_link_are_understood_with_and_without_a_base_path() {
        let cases = [
            ("https://host/d/ol_x1", "https://host/d/ol_x1", None),
            (" http://127.0.0.1:8080/d/ol_x1/ ", "http://127.0.0.1:8080/d/ol_x1", None),
            ("https://host/base/path/d/ol_x1?utm=1#top", "https://host/base/path/d/ol_x1", None),
            ("https://host/download?token=ol_x1", "https://host/download", Some("ol_x1")),
            ("https://host/base/download/?a=b&token=ol_x1#f", "https://host/base/download", Some("ol_x1")),
        ];
        for (text, post, token) in cases {
            let link = LinkAddress::parse(text).expect(text);
            assert_eq!((link.post.as_str(), link.token.as_deref()), (post, token), "{text}");
            let page = token.map_or_else(|| post.to_owned(), |token| format!("{post}?token={token}"));
            assert_eq!(link.page().as_str(), page);
            assert_eq!(link.id(), LinkAddress::parse("http://h/d/ol_x1").expect("a link").id(), "both name the same link");
            assert!(!format!("{link:?}{}", link.id()).contains("ol_x1"));
        }
    }

    #[test]
    fn what_is_no_link_is_refused_without_being_repeated() {
        let cases = [
            "",
            "no-url",
            "ftp://host/d/secret",
            "file:///d/secret",
            "https://host/",
            "https://host/d/",
            "https://host/d",
            "https://host/x/secret",
            "https://host/c/secret",
            "https://host/download",
            "https://host/download?token=",
            "https://host/download?Token=secret",
            "https://me:secret@host/d/secret",
            "https:///d/secret",
            "//host/d/secret",
        ];
        for text in cases {
            // The third slash too many is forgiven by URL parsers: what they then take for the host is "d".
            let Err(problem) = LinkAddress::parse(text) else { panic!("{text} was taken") };
            assert!(!problem.contains("secret"), "{problem}");
        }
    }
}
