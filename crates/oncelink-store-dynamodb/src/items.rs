//! Records to items and back, one file per kind.
//!
//! Reading never panics and never guesses: what can't be read back is told with item and attribute.

mod claim;
mod event;
mod key;
mod link;

pub(crate) use claim::{Entry, claims_of, entry_of, state_letter, write_claim};
pub(crate) use event::{read_event, write_event};
pub(crate) use key::{read_key, write_key};
pub(crate) use link::{link_end, read_link, write_link};

use std::collections::HashMap;
use std::fmt::Display;
use std::str::FromStr;

use aws_sdk_dynamodb::types::AttributeValue;
use oncelink_core::{Fault, FaultKind, Timestamp};

/// Attributes by name.
pub(crate) type Item = HashMap<String, AttributeValue>;

/// A text.
pub(crate) fn text(text: impl Into<String>) -> AttributeValue {
    AttributeValue::S(text.into())
}

/// A number: DynamoDB keeps 38 digits, so 64 bits are exact.
pub(crate) fn number(number: impl Display) -> AttributeValue {
    AttributeValue::N(number.to_string())
}

/// A point in time.
pub(crate) fn time(at: Timestamp) -> AttributeValue {
    number(at.as_millis())
}

/// A list of texts.
pub(crate) fn texts<'a>(all: impl IntoIterator<Item = &'a str>) -> AttributeValue {
    AttributeValue::L(all.into_iter().map(text).collect())
}

/// Builds an item out of values that are there and values that may be.
#[derive(Default)]
pub(crate) struct Builder(Item);

impl Builder {
    /// With this attribute.
    pub(crate) fn with(mut self, name: &str, value: AttributeValue) -> Self {
        self.0.insert(name.to_owned(), value);
        self
    }

    /// With this attribute, if there is one.
    pub(crate) fn maybe(self, name: &str, value: Option<AttributeValue>) -> Self {
        match value {
            Some(value) => self.with(name, value),
            None => self,
        }
    }

    /// The item.
    pub(crate) fn build(self) -> Item {
        self.0
    }
}

/// An item, or a map within one, with a name for the operator.
#[derive(Clone, Copy)]
pub(crate) struct Record<'a> {
    item: &'a Item,
    name: &'a str,
}

impl<'a> Record<'a> {
    /// An item named by its partition key.
    pub(crate) fn unnamed(item: &'a Item) -> Self {
        let name = item.get("pk").and_then(|value| value.as_s().ok()).map_or("?", String::as_str);
        Self { item, name }
    }

    /// A map within this item.
    pub(crate) fn within(&self, item: &'a Item) -> Self {
        Self { item, name: self.name }
    }

    /// A text.
    pub(crate) fn text(&self, attribute: &str) -> Result<&'a str, Fault> {
        self.maybe_text(attribute)?.ok_or_else(|| self.unreadable(attribute))
    }

    /// A text, if there is one.
    pub(crate) fn maybe_text(&self, attribute: &str) -> Result<Option<&'a str>, Fault> {
        let value = self.item.get(attribute).map(|value| value.as_s().map(String::as_str));
        value.transpose().map_err(|_| self.unreadable(attribute))
    }

    /// A text that spells something.
    pub(crate) fn parse<T>(&self, attribute: &str, parse: impl FnOnce(&str) -> Option<T>) -> Result<T, Fault> {
        parse(self.text(attribute)?).ok_or_else(|| self.unreadable(attribute))
    }

    /// A text that spells something, if there is one.
    pub(crate) fn maybe<T>(&self, attribute: &str, parse: impl FnOnce(&str) -> Option<T>) -> Result<Option<T>, Fault> {
        let text = self.maybe_text(attribute)?;
        text.map(|text| parse(text).ok_or_else(|| self.unreadable(attribute))).transpose()
    }

    /// A number.
    pub(crate) fn number<T: FromStr>(&self, attribute: &str) -> Result<T, Fault> {
        self.maybe_number(attribute)?.ok_or_else(|| self.unreadable(attribute))
    }

    /// A number, if there is one.
    pub(crate) fn maybe_number<T: FromStr>(&self, attribute: &str) -> Result<Option<T>, Fault> {
        let Some(value) = self.item.get(attribute) else { return Ok(None) };
        let digits = value.as_n().map_err(|_| self.unreadable(attribute))?;
        digits.parse().map(Some).map_err(|_| self.unreadable(attribute))
    }

    /// A point in time.
    pub(crate) fn time(&self, attribute: &str) -> Result<Timestamp, Fault> {
        self.number(attribute).map(Timestamp::from_millis)
    }

    /// A point in time, if there is one.
    pub(crate) fn maybe_time(&self, attribute: &str) -> Result<Option<Timestamp>, Fault> {
        Ok(self.maybe_number(attribute)?.map(Timestamp::from_millis))
    }

    /// Thirty-two bytes, if there are any.
    pub(crate) fn maybe_digest(&self, attribute: &str) -> Result<Option<[u8; 32]>, Fault> {
        let Some(value) = self.item.get(attribute) else { return Ok(None) };
        let bytes = value.as_b().ok().and_then(|blob| blob.as_ref().try_into().ok());
        bytes.map(Some).ok_or_else(|| self.unreadable(attribute))
    }

    /// A map.
    pub(crate) fn map(&self, attribute: &str) -> Result<&'a Item, Fault> {
        self.maybe_map(attribute)?.ok_or_else(|| self.unreadable(attribute))
    }

    /// A map, if there is one.
    pub(crate) fn maybe_map(&self, attribute: &str) -> Result<Option<&'a Item>, Fault> {
        self.item.get(attribute).map(|value| value.as_m()).transpose().map_err(|_| self.unreadable(attribute))
    }

    /// A list.
    pub(crate) fn list(&self, attribute: &str) -> Result<&'a [AttributeValue], Fault> {
        let list = self.item.get(attribute).and_then(|value| value.as_l().ok());
        list.map(Vec::as_slice).ok_or_else(|| self.unreadable(attribute))
    }

    /// A list of texts that spell something.
    pub(crate) fn all<T>(&self, attribute: &str, parse: impl Fn(&str) -> Option<T>) -> Result<Vec<T>, Fault> {
        let read = |value: &AttributeValue| value.as_s().ok().and_then(|text| parse(text));
        self.list(attribute)?.iter().map(read).collect::<Option<Vec<T>>>().ok_or_else(|| self.unreadable(attribute))
    }

    /// The fault of an attribute that nobody of us wrote.
    pub(crate) fn unreadable(&self, attribute: &str) -> Fault {
        let message =
            format!("the DynamoDB item {} can't be read back (attribute {attribute}); restore it from a backup, or delete it", self.name);
        Fault::new(FaultKind::Corrupt, message)
    }
}
