//! The table: the few calls that are made, each bounded in time, all together bounded in number.
//!
//! Must not know what is stored. Whatever fails comes out as a [`Fault`] that names the table and the remedy.

use std::collections::HashMap;
use std::time::Duration;

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::operation::delete_item::DeleteItemError;
use aws_sdk_dynamodb::operation::put_item::PutItemError;
use aws_sdk_dynamodb::operation::update_item::UpdateItemError;
use aws_sdk_dynamodb::types::{
    AttributeValue, DeleteRequest, KeysAndAttributes, PutRequest, ReturnValuesOnConditionCheckFailure as OnFailure, WriteRequest,
};
use oncelink_core::Fault;
use tokio::sync::{Semaphore, SemaphorePermit};

use crate::change::{Change, Words};
use crate::failure::{fault, is_too_large};
use crate::items::{Item, Record};
use crate::layout::Key;

/// How many requests are under way at a time: each has a connection of its own.
const AT_ONCE: usize = 128;
/// How long a request waits for its turn.
const PATIENCE: Duration = Duration::from_secs(10);
/// How often the rest of a batch that was only partly done is sent again.
const BATCH_ROUNDS: u32 = 8;
/// What DynamoDB writes in one batch.
const WRITE_BATCH: usize = 25;
/// What DynamoDB reads in one batch.
pub(crate) const READ_BATCH: usize = 100;

/// One table.
pub(crate) struct Table {
    client: Client,
    name: String,
    turns: Semaphore,
}

/// What became of a conditional write.
#[derive(Debug)]
pub(crate) enum Written {
    /// It was done; the attributes that were asked for.
    Done(Item),
    /// The condition did not hold; the item as it is, when there is one.
    Refused(Option<Item>),
}

/// Why an update gave no result.
#[derive(Debug)]
pub(crate) enum NotUpdated {
    /// The item would have become larger than DynamoDB keeps.
    TooLarge(Fault),
    /// Anything else.
    Failed(Fault),
}

impl From<NotUpdated> for Fault {
    fn from(why: NotUpdated) -> Self {
        match why {
            NotUpdated::TooLarge(fault) | NotUpdated::Failed(fault) => fault,
        }
    }
}

/// A page of a query.
pub(crate) struct Query {
    /// The index; absent for the table itself, which is read consistently.
    pub(crate) index: Option<&'static str>,
    /// Which keys.
    pub(crate) condition: &'static str,
    /// The words of `condition` and `projection`.
    pub(crate) words: Words,
    /// Which attributes; absent for all.
    pub(crate) projection: Option<&'static str>,
    /// In the order of the sort key, or against it.
    pub(crate) forward: bool,
    /// How many at the most.
    pub(crate) limit: usize,
    /// Where to go on.
    pub(crate) from: Option<Item>,
}

/// What a query found.
pub(crate) struct Page {
    pub(crate) items: Vec<Item>,
    pub(crate) next: Option<Item>,
}

impl Table {
    pub(crate) fn new(client: Client, name: &str) -> Self {
        Self { client, name: name.to_owned(), turns: Semaphore::new(AT_ONCE) }
    }

    pub(crate) fn client(&self) -> &Client {
        &self.client
    }

    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    /// An item as it is now; all of it, or what `projection` with its `words` names.
    pub(crate) async fn get(&self, key: &Key, projection: Option<(&str, Words)>) -> Result<Option<Item>, Fault> {
        let _turn = self.turn().await?;
        let mut call = self.client.get_item().table_name(&self.name).set_key(Some(attributes(key))).consistent_read(true);
        if let Some((projection, words)) = projection {
            call = call.projection_expression(projection).set_expression_attribute_names(Some(words.names));
        }
        let answer = Box::pin(call.send()).await.map_err(|error| fault(&self.name, "GetItem", &error))?;
        Ok(answer.item)
    }

    /// Stores an item unless there is one of its key.
    pub(crate) async fn put_new(&self, item: Item) -> Result<Written, Fault> {
        let _turn = self.turn().await?;
        let call = self
            .client
            .put_item()
            .table_name(&self.name)
            .set_item(Some(item))
            .condition_expression("attribute_not_exists(pk)")
            .return_values_on_condition_check_failure(OnFailure::AllOld);
        match Box::pin(call.send()).await {
            Ok(_) => Ok(Written::Done(Item::new())),
            Err(error) => match error.as_service_error() {
                Some(PutItemError::ConditionalCheckFailedException(refused)) => Ok(Written::Refused(refused.item.clone())),
                _ => Err(fault(&self.name, "PutItem", &error)),
            },
        }
    }

    /// Stores an item in the place of whatever is there.
    pub(crate) async fn put(&self, item: Item) -> Result<(), Fault> {
        let _turn = self.turn().await?;
        let call = self.client.put_item().table_name(&self.name).set_item(Some(item));
        Box::pin(call.send()).await.map_err(|error| fault(&self.name, "PutItem", &error))?;
        Ok(())
    }

    /// The write that decides.
    pub(crate) async fn update(&self, key: &Key, change: Change) -> Result<Written, NotUpdated> {
        let _turn = self.turn().await.map_err(NotUpdated::Failed)?;
        let call = self
            .client
            .update_item()
            .table_name(&self.name)
            .set_key(Some(attributes(key)))
            .update_expression(change.update)
            .set_condition_expression(Some(change.condition).filter(|condition| !condition.is_empty()))
            .set_expression_attribute_names(Some(change.words.names))
            .set_expression_attribute_values(Some(change.words.values).filter(|values| !values.is_empty()))
            .return_values(change.returns)
            .return_values_on_condition_check_failure(OnFailure::AllOld);
        match Box::pin(call.send()).await {
            Ok(done) => Ok(Written::Done(done.attributes.unwrap_or_default())),
            Err(error) => match error.as_service_error() {
                Some(UpdateItemError::ConditionalCheckFailedException(refused)) => Ok(Written::Refused(refused.item.clone())),
                _ if is_too_large(&error) => Err(NotUpdated::TooLarge(fault(&self.name, "UpdateItem", &error))),
                _ => Err(NotUpdated::Failed(fault(&self.name, "UpdateItem", &error))),
            },
        }
    }

    /// Deletes an item if `condition` holds; whether it did.
    pub(crate) async fn delete(&self, key: &Key, condition: &str, words: Words) -> Result<bool, Fault> {
        let _turn = self.turn().await?;
        let call = self
            .client
            .delete_item()
            .table_name(&self.name)
            .set_key(Some(attributes(key)))
            .condition_expression(condition)
            .set_expression_attribute_names(Some(words.names))
            .set_expression_attribute_values(Some(words.values));
        match Box::pin(call.send()).await {
            Ok(_) => Ok(true),
            Err(error) => match error.as_service_error() {
                Some(DeleteItemError::ConditionalCheckFailedException(_)) => Ok(false),
                _ => Err(fault(&self.name, "DeleteItem", &error)),
            },
        }
    }

    /// A page of what lies under one partition key.
    pub(crate) async fn query(&self, query: Query) -> Result<Page, Fault> {
        let _turn = self.turn().await?;
        let call = self
            .client
            .query()
            .table_name(&self.name)
            .set_index_name(query.index.map(str::to_owned))
            // An index can't be read consistently; whoever asks one reads the items themselves afterwards.
            .consistent_read(query.index.is_none())
            .key_condition_expression(query.condition)
            .set_projection_expression(query.projection.map(str::to_owned))
            .set_expression_attribute_names(Some(query.words.names))
            .set_expression_attribute_values(Some(query.words.values))
            .scan_index_forward(query.forward)
            .limit(i32::try_from(query.limit).unwrap_or(i32::MAX))
            .set_exclusive_start_key(query.from);
        let answer = Box::pin(call.send()).await.map_err(|error| fault(&self.name, "Query", &error))?;
        Ok(Page { items: answer.items.unwrap_or_default(), next: answer.last_evaluated_key })
    }

    /// Items as they are now, in no order; those that don't exist are left out.
    pub(crate) async fn get_all(&self, keys: &[Key], projection: &str) -> Result<Vec<Item>, Fault> {
        let mut found = Vec::new();
        for some in keys.chunks(READ_BATCH) {
            let wanted = KeysAndAttributes::builder()
                .set_keys(Some(some.iter().map(attributes).collect()))
                .consistent_read(true)
                .projection_expression(projection)
                .set_expression_attribute_names(Some(Words::of(&[projection]).names))
                .build()
                .map_err(|error| Fault::internal("a batch of reads could not be put together").because(error))?;
            let mut rest = HashMap::from([(self.name.clone(), wanted)]);
            for round in 0.. {
                let answer = self.get_batch(rest).await?;
                found.extend(answer.0);
                rest = answer.1;
                if rest.is_empty() {
                    break;
                }
                self.breathe(round, "BatchGetItem").await?;
            }
        }
        Ok(found)
    }

    /// Stores these items in the place of whatever is there.
    pub(crate) async fn put_all(&self, items: Vec<Item>) -> Result<(), Fault> {
        let requests = items.into_iter().map(|item| PutRequest::builder().set_item(Some(item)).build());
        let requests: Result<Vec<WriteRequest>, _> =
            requests.map(|put| put.map(|put| WriteRequest::builder().put_request(put).build())).collect();
        self.write_all(requests.map_err(|error| Fault::internal("a batch of writes could not be put together").because(error))?).await
    }

    /// Deletes the items of these keys.
    pub(crate) async fn delete_all(&self, keys: Vec<Key>) -> Result<(), Fault> {
        let requests = keys.iter().map(|key| DeleteRequest::builder().set_key(Some(attributes(key))).build());
        let requests: Result<Vec<WriteRequest>, _> =
            requests.map(|delete| delete.map(|delete| WriteRequest::builder().delete_request(delete).build())).collect();
        self.write_all(requests.map_err(|error| Fault::internal("a batch of deletes could not be put together").because(error))?).await
    }

    async fn get_batch(
        &self,
        wanted: HashMap<String, KeysAndAttributes>,
    ) -> Result<(Vec<Item>, HashMap<String, KeysAndAttributes>), Fault> {
        let _turn = self.turn().await?;
        let call = self.client.batch_get_item().set_request_items(Some(wanted));
        let answer = Box::pin(call.send()).await.map_err(|error| fault(&self.name, "BatchGetItem", &error))?;
        let items = answer.responses.unwrap_or_default().into_values().flatten().collect();
        Ok((items, answer.unprocessed_keys.unwrap_or_default()))
    }

    async fn write_all(&self, requests: Vec<WriteRequest>) -> Result<(), Fault> {
        for some in requests.chunks(WRITE_BATCH) {
            let mut rest = some.to_vec();
            for round in 0.. {
                rest = self.write_batch(rest).await?;
                if rest.is_empty() {
                    break;
                }
                self.breathe(round, "BatchWriteItem").await?;
            }
        }
        Ok(())
    }

    async fn write_batch(&self, requests: Vec<WriteRequest>) -> Result<Vec<WriteRequest>, Fault> {
        let _turn = self.turn().await?;
        let call = self.client.batch_write_item().request_items(&self.name, requests);
        let answer = Box::pin(call.send()).await.map_err(|error| fault(&self.name, "BatchWriteItem", &error))?;
        Ok(answer.unprocessed_items.unwrap_or_default().into_values().flatten().collect())
    }

    /// Waits longer from round to round, as DynamoDB asks for when it did a part of a batch only.
    async fn breathe(&self, round: u32, action: &str) -> Result<(), Fault> {
        if round >= BATCH_ROUNDS {
            return Err(Fault::unavailable(format!(
                "the DynamoDB table {} is throttled ({action}); raise its capacity if this lasts",
                self.name
            )));
        }
        tokio::time::sleep(Duration::from_millis(20 << round)).await;
        Ok(())
    }

    async fn turn(&self) -> Result<SemaphorePermit<'_>, Fault> {
        match tokio::time::timeout(PATIENCE, self.turns.acquire()).await {
            Ok(Ok(turn)) => Ok(turn),
            Ok(Err(_)) | Err(_) => {
                let name = &self.name;
                Err(Fault::unavailable(format!(
                    "too many requests wait for the DynamoDB table {name}; it is slow, or more servers are needed"
                )))
            }
        }
    }
}

impl Key {
    /// The key of an item that was read.
    pub(crate) fn of(item: &Item) -> Result<Self, Fault> {
        let record = Record::unnamed(item);
        Ok(Self { pk: record.text("pk")?.to_owned(), sk: record.text("sk")?.to_owned() })
    }
}

/// A key as attributes.
pub(crate) fn attributes(key: &Key) -> Item {
    let text = |text: &str| AttributeValue::S(text.to_owned());
    HashMap::from([("pk".to_owned(), text(&key.pk)), ("sk".to_owned(), text(&key.sk))])
}
