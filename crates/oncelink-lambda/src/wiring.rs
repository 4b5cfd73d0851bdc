//! Putting the function together: DynamoDB, S3, and the use cases over them. With `buckets`, the only file that names
//! drivers.

use std::sync::Arc;

use lambda_runtime::Error;
use oncelink_config::{BrandSpec, SourceKind, SourceSpec, StoreSpec};
use oncelink_core::object::SourceName;
use oncelink_core::ports::ObjectSource;
use oncelink_core::service::Parts;
use oncelink_core::{Fault, Links};
use oncelink_http::{Brand, Transport};
use oncelink_objects_s3::Place;
use oncelink_store_dynamodb::{DynamoStore, OpenError, connect};
use oncelink_system::{Argon2Hasher, OsEntropy, SystemClock};

use crate::buckets::Bucket;
use crate::keys::ConfiguredKeys;
use crate::settings::Settings;

/// Refuses a store or a source that a function can't have.
///
/// # Errors
/// Which, and what it could have.
pub(crate) fn check(settings: &Settings) -> Result<(), Error> {
    if !matches!(settings.common.store, StoreSpec::DynamoDb { .. }) {
        return Err("ONCELINK_STORE must be dynamodb://TABLE: a function keeps no files".into());
    }
    match settings.common.sources.iter().find(|spec| place(&spec.kind).is_none()) {
        Some(spec) => Err(format!("the source '{}' is a folder; a function reads buckets only (s3://BUCKET/PREFIX)", spec.name).into()),
        None => Ok(()),
    }
}

/// The use cases. The table is looked at, but never made: the template does that, and the function has no right to.
///
/// # Errors
/// A table that can't be used or reached.
pub(crate) async fn links(settings: &Settings) -> Result<Arc<Links>, OpenError> {
    let StoreSpec::DynamoDb { table, region, endpoint } = &settings.common.store else {
        return Err(Fault::internal("the store is no DynamoDB table").into());
    };
    let store = DynamoStore::with_client(Box::pin(connect(table, region.as_deref(), endpoint.as_deref())).await?, table);
    let store = Arc::new(store.with_retention(settings.common.retention));
    Box::pin(store.check()).await?;
    Ok(Arc::new(Links::new(Parts {
        keys: Arc::new(ConfiguredKeys::new(store.clone(), settings.key_hashes.clone(), settings.key_source.clone())),
        store,
        sources: sources(&settings.common.sources),
        clock: Arc::new(SystemClock),
        entropy: Arc::new(OsEntropy),
        hasher: Arc::new(Argon2Hasher::new()),
        policy: settings.common.policy.clone(),
    })))
}

/// What the router is told, for a door whose links begin with `public_url`.
pub(crate) fn http_settings(settings: &Settings, brand: &Brand, public_url: String, transport: Transport) -> oncelink_http::Settings {
    let common = &settings.common;
    oncelink_http::Settings {
        public_url,
        trusted_proxies: common.trusted_proxies.clone(),
        rate_limit: common.rate_limit,
        brand: brand.clone(),
        transport: Some(transport),
    }
}

/// What pages say of who sends. The logo's file lies in the function's package.
///
/// # Errors
/// What of it can't be shown.
pub(crate) fn brand(spec: &BrandSpec) -> Result<Brand, Error> {
    let mut brand = Brand::default();
    if let Some(name) = &spec.name {
        brand = brand.with_name(name)?;
    }
    if let Some(path) = &spec.logo {
        let file = std::fs::read(path)
            .map_err(|error| format!("can't read the logo {}: {error}; put the file into the function's package", path.display()))?;
        brand = brand.with_logo(&file)?;
    }
    if let Some(colour) = &spec.colour {
        let [red, green, blue] = colour.0;
        brand = brand.with_colour(&format!("#{red:02x}{green:02x}{blue:02x}"))?;
    }
    if let Some(imprint) = &spec.imprint {
        brand = brand.with_imprint(imprint)?;
    }
    Ok(brand)
}

fn sources(specs: &[SourceSpec]) -> Vec<(SourceName, Arc<dyn ObjectSource>)> {
    let buckets = specs.iter().filter_map(|spec| Some((spec.name.clone(), Bucket::new(place(&spec.kind)?))));
    buckets.map(|(name, bucket)| (name, Arc::new(bucket) as Arc<dyn ObjectSource>)).collect()
}

fn place(kind: &SourceKind) -> Option<Place> {
    match kind.clone() {
        SourceKind::S3 { bucket, prefix, endpoint, region, path_style } => Some(Place { bucket, prefix, endpoint, region, path_style }),
        SourceKind::Local { .. } => None,
    }
}
