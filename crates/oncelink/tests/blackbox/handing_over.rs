//! Handing files over from the command line to the command line: across cuts, as folders, by the hundred.

use std::fs;
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use serde_json::{Value, json};

use crate::harness::cli::{collect, run, run_for};
use crate::harness::s3::Bucket;
use crate::harness::server::{bare_command, exit_of};
use crate::harness::{Dice, Link, Proxy, Server, holder, pattern, until};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn get_survives_ten_cuts_at_random_places_with_one_use() {
    let server = Server::start().await;
    let content = pattern(8 << 20, 31);
    server.put("a.bin", &content);
    let link = server.link_to("a.bin").await;
    let mut dice = Dice::new(7);
    // The first answers are those to the claim: its loss is one of the cuts.
    let cuts = [0, 40].into_iter().chain((0..8).map(|_| 300 + dice.below(900_000))).collect();
    let proxy = Proxy::cutting_one_by_one(server.addr, cuts).await;
    let folder = tempfile::tempdir().expect("a folder");
    let url = link.url.replace(&server.addr.to_string(), &proxy.addr.to_string());
    run(folder.path(), &["get", &url, "-o", "a.bin"]).await.exits(0, "get across ten cuts");
    assert!(fs::read(folder.path().join("a.bin")).expect("the file") == content);
    let record = server.show(&link).await;
    assert_eq!((&record["claimed"], record["claims"].as_array().map(Vec::len)), (&json!(1), Some(1)), "{record}");
    link.try_claim(server.addr, &holder()).await.refused(410, "spent", "afterwards");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_shared_folder_arrives_whole_across_cuts_and_can_be_unpacked() {
    let folder = tempfile::tempdir().expect("a folder");
    let gift = folder.path().join("gift");
    fs::create_dir_all(gift.join("sub")).expect("writable");
    for (name, size) in [("a.bin", 3_000_000), ("sub/b.bin", 2_000_000), ("sub/c.txt", 10)] {
        fs::write(gift.join(name), pattern(size, 5)).expect("writable");
    }
    let mut share = bare_command(folder.path());
    share
        .args(["share", "gift", "--json"])
        .stdin(Stdio::null())
        .stdout(Stdio::from(fs::File::create(folder.path().join("out")).expect("writable")));
    let mut share = share.stderr(Stdio::null()).spawn().expect("startable");
    let told = until("share prints its link", Duration::from_secs(20), async || {
        fs::read_to_string(folder.path().join("out")).ok().and_then(|text| serde_json::from_str::<Value>(&text).ok())
    })
    .await;
    let url = told["url"].as_str().expect("a link");
    assert_eq!(told["filename"], "gift.zip");
    let address = url.trim_start_matches("http://").split('/').next().and_then(|text| text.parse().ok()).expect("an address");
    let proxy = Proxy::cutting_one_by_one(address, vec![u64::MAX, 700_000, 1_234_567, 999]).await;
    run(folder.path(), &["get", &url.replace(&address.to_string(), &proxy.addr.to_string())]).await.exits(0, "get");
    let status = exit_of(&mut share, Duration::from_secs(20)).await;
    assert_eq!(status.code(), Some(0), "it was taken");
    let size = fs::metadata(folder.path().join("gift.zip")).expect("the archive").len();
    assert_eq!(told["size"], size);
    assert_unpacks(folder.path(), &gift).await;
}

/// Unpacks `gift.zip` in a folder of its own, where the machine has `unzip`, and compares.
async fn assert_unpacks(folder: &Path, gift: &Path) {
    let place = folder.join("unpacked");
    fs::create_dir(&place).expect("writable");
    let mut unzip = std::process::Command::new("unzip");
    unzip.arg("-q").arg(folder.join("gift.zip")).current_dir(&place).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let Ok(child) = unzip.spawn() else { return };
    collect(child, Duration::from_secs(30)).await.exits(0, "unzip");
    for name in ["a.bin", "sub/b.bin", "sub/c.txt"] {
        assert!(fs::read(place.join("gift").join(name)).expect(name) == fs::read(gift.join(name)).expect(name), "{name}");
    }
}

#[tokio::test]
async fn a_prefix_and_a_table_make_links_that_work() {
    let server = Server::start().await;
    for key in ["out/a.bin", "out/in/b.bin", "out/in/deep/c.bin", "else.bin"] {
        server.put(key, key.as_bytes());
    }
    let made = run_for(&server, &["link", "create", "--prefix", "out/", "--uses", "2"]).await.exits(0, "by prefix");
    let rows: Vec<(&str, &str)> = made.out.lines().map(|line| line.split_once('\t').expect("URL and key")).collect();
    assert_eq!(rows.iter().map(|(_, key)| *key).collect::<Vec<_>>(), ["out/a.bin", "out/in/b.bin", "out/in/deep/c.bin"]);
    let link = Link::from_url(rows[1].0, "");
    assert_eq!(link.claim(server.addr).await.get().send(server.addr).await.expect(200, "the bytes").body, b"out/in/b.bin");
    fs::write(server.scratch().join("in.csv"), "key;uses;note\nelse.bin;3;for Ada\nmissing.bin;1;\n").expect("writable");
    let ran = run_for(&server, &["link", "create", "--csv", "in.csv", "--out", "out.csv"]).await.exits(1, "one row fails");
    assert!(ran.err.contains("1 of 2") && ran.out.is_empty(), "{ran:?}");
    let results = fs::read_to_string(server.scratch().join("out.csv")).expect("the results");
    let lines: Vec<&str> = results.lines().collect();
    assert!(
        lines.len() == 3 && lines[1].starts_with("else.bin,") && lines[1].contains("/d/ol_") && lines[2].starts_with("missing.bin,,,"),
        "{results}"
    );
    let noted = server.api("GET", "/v1/links?note=Ada", None).await.json();
    assert_eq!(noted["links"][0]["uses"], 3, "{noted}");
    let all = run_for(&server, &["link", "list", "--all", "--limit", "1", "--json"]).await.exits(0, "all pages").json();
    assert_eq!(all["links"].as_array().map(Vec::len), Some(4));
    let id = noted["links"][0]["id"].as_str().expect("an id");
    let life = run_for(&server, &["link", "show", id]).await.exits(0, "show");
    assert!(life.out.contains("note: for Ada") && life.out.contains("created"), "{life:?}");
}

#[tokio::test]
async fn doctor_approves_a_bucket_and_names_one_that_isnt_there() {
    let Some(bucket) = Bucket::from_env() else { return };
    let prefix = format!("blackbox/{}", holder());
    bucket.put(&format!("{prefix}/a.bin"), b"content").await;
    let folder = tempfile::tempdir().expect("a folder");
    let examine = async |name: &str| {
        let source = format!("b=s3://{name}/{prefix}/?endpoint={}&region={}&path_style=true", bucket.endpoint, bucket.region);
        let mut command = bare_command(folder.path());
        command.args(["doctor", &source, "--json"]).env("AWS_ACCESS_KEY_ID", &bucket.access_key);
        command.env("AWS_SECRET_ACCESS_KEY", &bucket.secret_key).env("AWS_EC2_METADATA_DISABLED", "true");
        crate::harness::cli::finish(command).await
    };
    let status = |told: &Value, check: &str| {
        let found = told["findings"].as_array().expect("findings").iter().find(|finding| finding["check"] == check);
        found.unwrap_or_else(|| panic!("nothing of {check}: {told}"))["status"].clone()
    };
    let sound = examine(&bucket.name).await.exits(0, "a sound bucket");
    let told = sound.json();
    assert_eq!((status(&told, "source 'b'"), status(&told, "clock")), (json!("ok"), json!("ok")), "{told}");
    assert!(!sound.out.contains(&bucket.secret_key));
    let missing = examine("no-such-bucket-of-ours").await.exits(1, "no such bucket");
    assert_eq!(status(&missing.json(), "source 'b'"), "fail", "{missing:?}");
    assert!(missing.out.contains("no-such-bucket-of-ours"), "{missing:?}");
}
