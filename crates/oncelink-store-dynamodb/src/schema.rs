//! The table itself: how it is made, and what is checked before it is used.
//!
//! Must not read or write links.

use std::time::Duration;

use aws_sdk_dynamodb::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_dynamodb::types::{
    AttributeDefinition, BillingMode, GlobalSecondaryIndex, KeySchemaElement, KeyType, MultiRegionConsistency, Projection, ProjectionType,
    ScalarAttributeType, TableDescription, TableStatus, TimeToLiveSpecification,
};
use oncelink_core::Fault;

use crate::engine::Engine;
use crate::failure::{fault, is_missing};
use crate::items::{Builder, Item, Record, number, text};
use crate::layout::{self, BY_CREATION, BY_END, Key};
use crate::open_error::OpenError;
use crate::table::{Table, Written};

/// Each index with its two keys.
const INDEXES: [(&str, &str, &str); 2] = [(BY_CREATION, "list", "list_at"), (BY_END, "ends", "ends_at")];
/// How often a new table is looked at, and how many times.
const LOOK_EVERY: Duration = Duration::from_millis(500);
const LOOKS: u32 = 240;

/// Makes the table unless there is one, and checks it. Safe when many replicas start at once.
pub(crate) async fn init(engine: &Engine) -> Result<(), OpenError> {
    if describe(&engine.table).await?.is_none() {
        create(&engine.table).await?;
        expire(&engine.table, active(&engine.table).await?).await?;
    }
    check(engine).await
}

/// Checks the table, and writes the layout's version into a new one.
pub(crate) async fn check(engine: &Engine) -> Result<(), OpenError> {
    match inspect(engine).await? {
        Some(_) => Ok(()),
        None => mark(engine).await,
    }
}

/// Checks the table without changing anything; the version of its layout, unless no server has used it yet.
pub(crate) async fn inspect(engine: &Engine) -> Result<Option<u32>, OpenError> {
    let table = &engine.table;
    let Some(description) = describe(table).await? else { return Err(OpenError::Missing { table: table.name().to_owned() }) };
    let description = match description.table_status() {
        Some(TableStatus::Creating) => active(table).await?,
        _ => description,
    };
    fits(table.name(), &description)?;
    let marked = table.get(&Key::schema(), None).await?;
    marked.map(|item| known_version(table, &item)).transpose()
}

async fn describe(table: &Table) -> Result<Option<TableDescription>, Fault> {
    match Box::pin(table.client().describe_table().table_name(table.name()).send()).await {
        Ok(answer) => Ok(answer.table),
        Err(error) if is_missing(&error) => Ok(None),
        Err(error) => Err(fault(table.name(), "DescribeTable", &error)),
    }
}

/// Waits until the table can be used.
async fn active(table: &Table) -> Result<TableDescription, OpenError> {
    let mut status = "CREATING".to_owned();
    for _ in 0..LOOKS {
        if let Some(description) = describe(table).await? {
            match description.table_status() {
                Some(TableStatus::Active) => return Ok(description),
                other => status = other.map_or("unknown", TableStatus::as_str).to_owned(),
            }
        }
        tokio::time::sleep(LOOK_EVERY).await;
    }
    Err(OpenError::NotActive { table: table.name().to_owned(), status })
}

async fn create(table: &Table) -> Result<(), Fault> {
    let keys = ["pk", "sk"].into_iter().chain(INDEXES.iter().flat_map(|&(_, partition, sort)| [partition, sort]));
    let definitions = keys.map(|name| AttributeDefinition::builder().attribute_name(name).attribute_type(ScalarAttributeType::S).build());
    let odd = |error| Fault::internal("the request for a table could not be put together").because(error);
    let definitions: Vec<AttributeDefinition> = definitions.collect::<Result<_, _>>().map_err(odd)?;
    let indexes = INDEXES.iter().map(|&(index, partition, sort)| {
        let keys_only = Projection::builder().projection_type(ProjectionType::KeysOnly).build();
        let keys = key_schema(partition, sort)?;
        GlobalSecondaryIndex::builder().index_name(index).set_key_schema(Some(keys)).projection(keys_only).build()
    });
    let indexes: Vec<GlobalSecondaryIndex> = indexes.collect::<Result<_, _>>().map_err(odd)?;
    let call = table
        .client()
        .create_table()
        .table_name(table.name())
        .billing_mode(BillingMode::PayPerRequest)
        .set_attribute_definitions(Some(definitions))
        .set_key_schema(Some(key_schema("pk", "sk").map_err(odd)?))
        .set_global_secondary_indexes(Some(indexes));
    match Box::pin(call.send()).await {
        Ok(_) => Ok(()),
        // Another replica was faster.
        Err(error) if error.code() == Some("ResourceInUseException") => Ok(()),
        Err(error) => Err(fault(table.name(), "CreateTable", &error)),
    }
}

fn key_schema(partition: &str, sort: &str) -> Result<Vec<KeySchemaElement>, aws_sdk_dynamodb::error::BuildError> {
    let key = |name: &str, kind| KeySchemaElement::builder().attribute_name(name).key_type(kind).build();
    Ok(vec![key(partition, KeyType::Hash)?, key(sort, KeyType::Range)?])
}

/// Lets DynamoDB take away what ended long ago. Only a convenience: nothing waits for it, and not every table can.
async fn expire(table: &Table, description: TableDescription) -> Result<(), Fault> {
    if !description.replicas().is_empty() {
        return Ok(());
    }
    let when = TimeToLiveSpecification::builder().enabled(true).attribute_name(layout::TTL).build();
    let when = when.map_err(|error| Fault::internal("the request for a time to live could not be put together").because(error))?;
    let call = table.client().update_time_to_live().table_name(table.name()).time_to_live_specification(when);
    match Box::pin(call.send()).await {
        Ok(_) => Ok(()),
        // It is on already, or another replica is turning it on.
        Err(SdkError::ServiceError(service)) if service.err().code() == Some("ValidationException") => Ok(()),
        Err(error) => Err(fault(table.name(), "UpdateTimeToLive", &error)),
    }
}

/// Whether a table is one of ours and keeps what is promised.
fn fits(name: &str, description: &TableDescription) -> Result<(), OpenError> {
    let table = || name.to_owned();
    let usable = [TableStatus::Active, TableStatus::Updating];
    match description.table_status() {
        Some(status) if usable.contains(status) => {}
        other => return Err(OpenError::NotActive { table: table(), status: other.map_or("unknown", TableStatus::as_str).to_owned() }),
    }
    let strong = description.multi_region_consistency() == Some(&MultiRegionConsistency::Strong);
    if !description.replicas().is_empty() && !strong {
        let regions: Vec<&str> = description.replicas().iter().filter_map(|replica| replica.region_name()).collect();
        return Err(OpenError::EventuallyConsistent { table: table(), regions: regions.join(", ") });
    }
    if !has_keys(description, description.key_schema(), "pk", "sk") {
        return Err(OpenError::Foreign { table: table(), detail: "its keys are not the strings pk and sk".to_owned() });
    }
    for (index, partition, sort) in INDEXES {
        let found = description.global_secondary_indexes().iter().find(|found| found.index_name() == Some(index));
        if !found.is_some_and(|found| has_keys(description, found.key_schema(), partition, sort)) {
            return Err(OpenError::NoIndex { table: table(), index, partition, sort });
        }
    }
    Ok(())
}

fn has_keys(description: &TableDescription, schema: &[KeySchemaElement], partition: &str, sort: &str) -> bool {
    let is_text = |name: &str| {
        let definitions = description.attribute_definitions();
        definitions.iter().any(|found| found.attribute_name() == name && *found.attribute_type() == ScalarAttributeType::S)
    };
    let has = |name: &str, kind| schema.iter().any(|key| key.attribute_name() == name && *key.key_type() == kind);
    schema.len() == 2 && has(partition, KeyType::Hash) && has(sort, KeyType::Range) && is_text(partition) && is_text(sort)
}

/// Writes the layout's version into a new table.
async fn mark(engine: &Engine) -> Result<(), OpenError> {
    let place = Key::schema();
    let item = Builder::default().with("pk", text(place.pk)).with("sk", text(place.sk)).with("version", number(layout::VERSION));
    match engine.table.put_new(item.build()).await? {
        Written::Done(_) => Ok(()),
        // Another replica was faster, and may be of another version.
        Written::Refused(_) => inspect(engine).await.map(|_| ()),
    }
}

/// The version that a table is marked with, which this program must know.
fn known_version(table: &Table, mark: &Item) -> Result<u32, OpenError> {
    let found = Record::unnamed(mark).number("version")?;
    if found > layout::VERSION {
        return Err(OpenError::NewerLayout { table: table.name().to_owned(), found, known: layout::VERSION });
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;
    use aws_sdk_dynamodb::types::{GlobalSecondaryIndexDescription, ReplicaDescription};

    fn a_table() -> aws_sdk_dynamodb::types::builders::TableDescriptionBuilder {
        let names = ["pk", "sk", "list", "list_at", "ends", "ends_at"];
        let definition = |name: &str| AttributeDefinition::builder().attribute_name(name).attribute_type(ScalarAttributeType::S).build();
        let index = |&(index, partition, sort): &(&str, &str, &str)| {
            GlobalSecondaryIndexDescription::builder().index_name(index).set_key_schema(Some(key_schema(partition, sort).unwrap())).build()
        };
        TableDescription::builder()
            .table_status(TableStatus::Active)
            .set_attribute_definitions(Some(names.iter().map(|name| definition(name).unwrap()).collect()))
            .set_key_schema(Some(key_schema("pk", "sk").unwrap()))
            .set_global_secondary_indexes(Some(INDEXES.iter().map(index).collect()))
    }

    fn replica(region: &str) -> ReplicaDescription {
        ReplicaDescription::builder().region_name(region).build()
    }

    #[test]
    fn a_table_in_one_region_fits() {
        fits("links", &a_table().build()).unwrap();
        fits("links", &a_table().table_status(TableStatus::Updating).build()).unwrap();
    }

    #[test]
    fn a_global_table_fits_with_strong_consistency_only() {
        let global = || a_table().replicas(replica("us-east-1")).replicas(replica("eu-west-1"));
        fits("links", &global().multi_region_consistency(MultiRegionConsistency::Strong).build()).unwrap();
        for eventual in [global().build(), global().multi_region_consistency(MultiRegionConsistency::Eventual).build()] {
            let error = fits("links", &eventual).unwrap_err().to_string();
            assert!(error.contains("once per Region") && error.contains("us-east-1, eu-west-1"), "{error}");
        }
    }

    #[test]
    fn a_table_of_another_shape_is_refused_and_named() {
        let refused = |table: TableDescription| fits("links", &table).unwrap_err().to_string();
        let keys = a_table().set_key_schema(Some(key_schema("id", "sk").unwrap())).build();
        assert!(refused(keys).contains("not one of oncelink's"));
        let index = a_table().set_global_secondary_indexes(None).build();
        assert!(refused(index).contains("by-creation"));
        let deleting = a_table().table_status(TableStatus::Deleting).build();
        assert!(refused(deleting).contains("DELETING"));
    }
}
