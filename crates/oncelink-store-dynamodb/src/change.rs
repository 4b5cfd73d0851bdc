//! An expression with its names and values put in.
//!
//! Must not know what an expression means.

use std::collections::HashMap;

use aws_sdk_dynamodb::types::{AttributeValue, ReturnValue};
use oncelink_core::holder::ClaimId;

/// The words of some expressions that stand for attributes and values.
///
/// DynamoDB refuses a name or a value that no expression uses, so only those that occur are kept.
#[derive(Clone, Debug, Default)]
pub(crate) struct Words {
    text: String,
    pub(crate) names: HashMap<String, String>,
    pub(crate) values: HashMap<String, AttributeValue>,
}

/// A conditional write.
#[derive(Clone, Debug)]
pub(crate) struct Change {
    pub(crate) update: String,
    pub(crate) condition: String,
    pub(crate) words: Words,
    pub(crate) returns: ReturnValue,
}

impl Words {
    /// The words of these expressions; `#name` stands for the attribute `name`.
    pub(crate) fn of(expressions: &[&str]) -> Self {
        let text = expressions.join(" ");
        let names = words(&text, '#').map(|word| (word.to_owned(), word[1..].to_owned())).collect();
        Self { text, names, values: HashMap::new() }
    }

    /// Lets `#claim` stand for this claim.
    pub(crate) fn claim(mut self, id: &ClaimId) -> Self {
        if let Some(name) = self.names.get_mut("#claim") {
            id.as_str().clone_into(name);
        }
        self
    }

    /// Lets `word` (with its colon) stand for `value`, where it occurs.
    pub(crate) fn value(mut self, word: &'static str, value: AttributeValue) -> Self {
        if words(&self.text, ':').any(|used| used == word) {
            self.values.insert(word.to_owned(), value);
        }
        self
    }
}

impl Change {
    /// A write of `update` if all of `conditions` hold.
    pub(crate) fn new(update: String, conditions: &[&str]) -> Self {
        let condition = conditions.join(" AND ");
        let words = Words::of(&[&update, &condition]);
        Self { update, condition, words, returns: ReturnValue::UpdatedNew }
    }

    /// The same, giving the whole item back.
    pub(crate) fn returning_all(mut self) -> Self {
        self.returns = ReturnValue::AllNew;
        self
    }

    /// See [`Words::claim`].
    pub(crate) fn claim(mut self, id: &ClaimId) -> Self {
        self.words = self.words.claim(id);
        self
    }

    /// See [`Words::value`].
    pub(crate) fn value(mut self, word: &'static str, value: AttributeValue) -> Self {
        self.words = self.words.value(word, value);
        self
    }
}

/// The words of `text` that begin with `mark`, mark included.
fn words(text: &str, mark: char) -> impl Iterator<Item = &str> {
    text.match_indices(mark).map(move |(start, _)| {
        let rest = &text[start + 1..];
        let length = rest.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(rest.len());
        &text[start..=start + length]
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use oncelink_testkit::fixtures::claim_id;

    #[test]
    fn names_and_values_are_those_that_occur() {
        let change = Change::new("SET #claims.#claim.#s = :state".to_owned(), &["#e > :now", "attribute_exists(#pk)"])
            .claim(&claim_id(7))
            .value(":now", AttributeValue::N("1".to_owned()))
            .value(":nowhere", AttributeValue::Null(true))
            .value(":state", AttributeValue::S("c".to_owned()));
        let mut names: Vec<(&str, &str)> = change.words.names.iter().map(|(word, name)| (word.as_str(), name.as_str())).collect();
        names.sort_unstable();
        let id = claim_id(7);
        assert_eq!(names, [("#claim", id.as_str()), ("#claims", "claims"), ("#e", "e"), ("#pk", "pk"), ("#s", "s")]);
        let mut values: Vec<&String> = change.words.values.keys().collect();
        values.sort_unstable();
        assert_eq!(values, [":now", ":state"]);
        assert_eq!(change.condition, "#e > :now AND attribute_exists(#pk)");
    }
}
