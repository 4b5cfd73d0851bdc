//! The conformance suite and presigned URLs over a real S3 engine.
//!
//! They run when `ONCELINK_TEST_S3_ENDPOINT` names an engine (see `scripts/engines/garage.sh`), and are skipped otherwise,
//! unless `ONCELINK_TEST_REQUIRE_ENGINES=1` makes its absence a failure.

mod engine;
mod presigned;

use async_trait::async_trait;
use bytes::Bytes;
use oncelink_core::object::{ObjectError, ObjectKey};
use oncelink_core::ports::ObjectSource;
use oncelink_objects_s3::S3Source;
use oncelink_testkit::object_suite::ObjectBench;

use crate::engine::{Engine, Meter};

oncelink_testkit::object_suite!(bench);

/// A folder of the engine's bucket that is this test's own, as a source.
struct Folder {
    engine: Engine,
    meter: Meter,
    source: S3Source,
    root: String,
}

#[async_trait]
impl ObjectBench for Folder {
    fn source(&self) -> &dyn ObjectSource {
        &self.source
    }

    fn root(&self) -> String {
        self.root.clone()
    }

    async fn put(&self, key: &str, bytes: Bytes) {
        self.engine.put(key, bytes).await;
    }

    async fn delete(&self, key: &str) {
        self.engine.delete(key).await;
    }

    fn bytes_read(&self) -> Option<u64> {
        Some(self.meter.bytes())
    }
}

async fn bench() -> Option<Folder> {
    let engine = Engine::from_env()?;
    let meter = Meter::before(&engine).await;
    let root = engine::fresh_folder();
    let source = engine.source(&root, meter.addr).await;
    Some(Folder { engine, meter, source, root })
}

fn key(text: &str) -> ObjectKey {
    ObjectKey::parse(text).expect("a key")
}

#[tokio::test]
async fn a_key_outside_the_prefix_is_unfit_although_it_is_there() {
    let Some(folder) = bench().await else { return };
    let outside = format!("outside-{}", folder.root.trim_end_matches('/').replace('/', "-"));
    folder.engine.put(&outside, Bytes::from_static(b"secret")).await;
    folder.engine.put(&format!("{}inside", folder.root), Bytes::from_static(b"public")).await;
    let info = folder.source.head(&key(&format!("{}inside", folder.root))).await.expect("an object inside");
    assert!(matches!(folder.source.head(&key(&outside)).await, Err(ObjectError::Unfit(_))));
    assert!(matches!(folder.source.open(&key(&outside), &info.version, 6, 0..1).await, Err(ObjectError::Unfit(_))));
    assert!(matches!(folder.source.list(&outside, None, 10).await, Err(ObjectError::Unfit(_))));
    folder.engine.delete(&outside).await;
}

#[tokio::test]
async fn a_bucket_that_is_not_there_is_named() {
    let Some(engine) = Engine::from_env() else { return };
    let source = engine.source_of("no-such-bucket-here", "", engine.addr()).await;
    let error = source.head(&key("a")).await.expect_err("there is no bucket");
    assert!(matches!(&error, ObjectError::Fault(fault) if fault.message.contains("no-such-bucket-here")), "{error}");
    let fault = source.ping().await.expect_err("there is no bucket");
    assert!(fault.message.contains("no-such-bucket-here"), "{fault}");
}
