//! The command line as a person or a script uses it.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::process::Stdio;
use std::time::Duration;

use serde_json::{Value, json};

use crate::harness::cli::{collect, finish, run, run_for};
use crate::harness::server::bare_command;
use crate::harness::{Link, Req, Server, Setup, SharedStore, holder, pattern, until};

#[tokio::test]
async fn the_first_start_makes_an_api_key_that_only_its_owner_reads() {
    let mut server = Server::start().await;
    let path = server.data().join("api-key");
    let mode = fs::metadata(&path).expect("the key's file").permissions().mode() & 0o777;
    assert_eq!(mode, 0o600, "{mode:o}");
    assert!(!server.log().contains(&server.key), "the key isn't logged");
    server.kill();
    server.start_again().await;
    assert_eq!(fs::read_to_string(&path).expect("still there").trim(), server.key, "a second start makes no other");
    server.api("GET", "/v1/links", None).await.expect(200, "it still works");
}

#[tokio::test]
async fn a_first_start_that_was_broken_off_loses_no_key() {
    let mut server = Server::start().await;
    server.kill();
    // The store had it, the folder not yet.
    let (path, offer) = (server.data().join("api-key"), server.data().join("api-key.first"));
    fs::rename(&path, &offer).expect("ours");
    server.start_again().await;
    assert_eq!(fs::read_to_string(&path).expect("a key").trim(), server.key);
    server.api("GET", "/v1/links", None).await.expect(200, "it works");
    server.kill();
    // The folder had one, the store not.
    fs::write(&offer, server.key.replace(|letter: char| letter.is_ascii_digit(), "x")).expect("ours");
    server.start_again().await;
    assert_eq!(fs::read_to_string(&path).expect("a key").trim(), server.key);
    assert!(!offer.exists());
}

#[tokio::test]
async fn a_first_key_that_cannot_be_kept_is_not_made() {
    let mut server = Server::start().await;
    server.kill();
    fs::remove_dir_all(server.data()).expect("ours");
    let in_its_way = server.data().join("api-key.first.new/x");
    fs::create_dir_all(&in_its_way).expect("ours");
    let mut broken = server.command("127.0.0.1:0");
    let child = broken.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("startable");
    let ran = collect(child, Duration::from_secs(20)).await.exits(1, "a start that can't keep the key");
    assert!(ran.err.contains("api-key.first"), "{ran:?}");
    fs::remove_dir_all(server.data().join("api-key.first.new")).expect("ours");
    server.start_again().await;
    let key = fs::read_to_string(server.data().join("api-key")).expect("a key");
    server.send(Req::new("GET", "/v1/links").bearer(key.trim())).await.expect(200, "the key that is made then");
}

#[tokio::test]
async fn the_key_of_another_store_is_put_aside_and_not_replaced() {
    let mut server = Server::start().await;
    let path = server.data().join("api-key");
    server.kill();
    for entry in fs::read_dir(server.data()).expect("a folder") {
        let entry = entry.expect("readable").path();
        if entry != path {
            fs::remove_file(entry).expect("ours");
        }
    }
    let before = server.key.clone();
    server.start_again().await;
    assert_ne!(fs::read_to_string(&path).expect("a key").trim(), before, "a store without keys gets its own");
    let aside = server.data().join("api-key.old");
    assert_eq!(fs::read_to_string(&aside).expect("put aside").trim(), before);
    assert_eq!(fs::metadata(&aside).expect("put aside").permissions().mode() & 0o777, 0o600);
    let log = server.log();
    assert!(log.contains(&aside.display().to_string()) && !log.contains(&before), "{log}");
}

#[tokio::test]
async fn a_second_server_on_the_same_store_refuses_to_start() {
    let server = Server::start().await;
    server.put("a.bin", b"content");
    let mut second = server.command("127.0.0.1:0");
    let child = second.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("startable");
    let ran = collect(child, Duration::from_secs(20)).await.exits(1, "a second server");
    assert!(ran.err.to_lowercase().contains("data") || ran.err.contains("oncelink"), "it says what is taken: {ran:?}");
    assert!(!ran.err.contains("panicked") && !ran.err.contains("listening on"), "{ran:?}");
    server.link_to("a.bin").await;
}

#[tokio::test]
async fn links_are_managed_from_the_command_line() {
    let server = Server::start().await;
    server.put("a.bin", b"content");
    server.put("b.bin", b"content");
    let made = run_for(&server, &["link", "create", "a.bin", "b.bin", "--json"]).await.exits(0, "create");
    assert_eq!(made.out.matches("/d/ol_").count(), 2, "{made:?}");
    let plain = run_for(&server, &["link", "create", "a.bin"]).await.exits(0, "create, for a person");
    let url = plain.out.split_whitespace().find(|word| word.contains("/d/ol_")).expect("the URL is printed").to_owned();
    let link = Link::from_url(&url, "");
    assert_eq!(link.claim(server.addr).await.get().send(server.addr).await.expect(200, "the bytes").body, b"content");
    let list = server.api("GET", "/v1/links", None).await.json();
    let id = list["links"][0]["id"].as_str().expect("an id").to_owned();
    let listed = run_for(&server, &["link", "list", "--json"]).await.exits(0, "list");
    assert!(listed.out.contains(&id) && !listed.out.contains("ol_"), "{listed:?}");
    let shown = run_for(&server, &["link", "show", &id, "--json"]).await.exits(0, "show").json();
    assert_eq!(shown["id"], json!(id));
    let fresh = run_for(&server, &["link", "reissue", &id, "--json"]).await.exits(0, "reissue");
    assert!(fresh.out.contains("/d/ol_"), "{fresh:?}");
    let other = list["links"][1]["id"].as_str().expect("an id").to_owned();
    run_for(&server, &["link", "revoke", &other]).await.exits(0, "revoke");
    for id in [&id, &other] {
        assert_eq!(server.api("GET", &format!("/v1/links/{id}"), None).await.json()["state"], "revoked");
    }
    let events = run_for(&server, &["link", "events", &other, "--json"]).await.exits(0, "events");
    assert!(events.out.contains("created") && events.out.contains("revoked"), "{events:?}");
}

#[tokio::test]
async fn the_command_line_fails_with_a_reason_and_the_right_code() {
    let server = Server::start().await;
    server.put("a.bin", b"content");
    let unknown = "0123456789abcdefghjkmnpqrs";
    let mut refused = vec![vec!["link", "create", "missing.bin"], vec!["key", "revoke", unknown]];
    refused.extend(["show", "revoke", "reissue", "events"].map(|what| vec!["link", what, unknown]));
    for args in refused {
        let ran = run_for(&server, &args).await.exits(3, &format!("{args:?}"));
        assert!(!ran.err.is_empty() && ran.out.is_empty(), "{args:?}: {ran:?}");
    }
    for args in [["link", "show", "nonsense"], ["link", "revoke", "nonsense"]] {
        let ran = run_for(&server, &args).await.exits(1, &format!("{args:?}"));
        assert!(!ran.err.is_empty(), "{args:?}: {ran:?}");
    }
    for args in [
        &["fly"][..],
        &["link"],
        &["link", "create"],
        &["get"],
        &["serve", "--colour", "red"],
        &["link", "create", "a.bin", "--uses", "many"],
    ] {
        let ran = run_for(&server, args).await.exits(2, &format!("{args:?}"));
        assert!(!ran.err.is_empty() && ran.out.is_empty(), "{ran:?}");
    }
    let wrong_key = run(server.scratch(), &["link", "list", "--server", &server.url(), "--key", "nonsense"]).await;
    assert!(wrong_key.code == Some(1) && !wrong_key.err.contains("panicked"), "{wrong_key:?}");
    let nobody = run(server.scratch(), &["link", "list", "--server", "http://127.0.0.1:9", "--key", "x"]).await.exits(1, "nobody listens");
    assert!(nobody.err.contains("127.0.0.1:9"), "{nobody:?}");
    for args in [&["--help"][..], &["--version"], &["serve", "--help"], &["completions", "bash"], &["man"]] {
        let ran = run(server.scratch(), args).await.exits(0, &format!("{args:?}"));
        assert!(ran.out.contains("oncelink"), "{args:?}: {ran:?}");
    }
}

#[tokio::test]
async fn keys_are_managed_from_the_command_line() {
    let server = Server::start().await;
    server.put("a.bin", b"content");
    let made = run_for(&server, &["key", "create", "reader", "--scope", "links:read", "--json"]).await.exits(0, "create a key").json();
    let key = made["key"].as_str().expect("the key").to_owned();
    Req::get("/v1/links").bearer(&key).send(server.addr).await.expect(200, "reading");
    let create = Req::post("/v1/links").bearer(&key).json(&json!({"source": "files", "key": "a.bin"}));
    create.send(server.addr).await.refused(403, "forbidden", "creating");
    let listed = run_for(&server, &["key", "list", "--json"]).await.exits(0, "list keys");
    assert!(listed.out.contains("reader") && !listed.out.contains(&key), "{listed:?}");
    run_for(&server, &["key", "revoke", made["id"].as_str().expect("an id")]).await.exits(0, "revoke the key");
    Req::get("/v1/links").bearer(&key).send(server.addr).await.refused(401, "unauthorized", "afterwards");
}

#[tokio::test]
async fn get_downloads_verifies_and_says_when_it_is_refused() {
    let server = Server::start().await;
    let content = pattern(3_000_000, 6);
    server.put("a.bin", &content);
    let folder = tempfile::tempdir().expect("a folder");
    let link = server.link_to("a.bin").await;
    run(folder.path(), &["get", &link.url]).await.exits(0, "get");
    assert!(fs::read(folder.path().join("a.bin")).expect("under its own name") == content);
    let again = run(folder.path(), &["get", &link.url, "-o", "again.bin"]).await.exits(3, "a spent link");
    assert!(!again.err.is_empty() && !folder.path().join("again.bin").exists(), "{again:?}");
    let direct = server.link(json!({"source": "files", "key": "a.bin", "gate": "direct"})).await;
    run(folder.path(), &["get", &direct.url, "-o", "direct.bin"]).await.exits(0, "get of a direct link");
    assert!(fs::read(folder.path().join("direct.bin")).expect("the file") == content);
    let revoked = server.link_to("a.bin").await;
    server.api("DELETE", &format!("/v1/links/{}", revoked.id), None).await.expect(200, "revoke");
    run(folder.path(), &["get", &revoked.url]).await.exits(3, "a revoked link");
    run(folder.path(), &["get", &format!("{}/d/nonsense", server.url())]).await.exits(3, "an unknown link");
    run(folder.path(), &["get", "http://127.0.0.1:9/d/x"]).await.exits(1, "nobody listens");
    run(folder.path(), &["get", "no-url"]).await.exits(2, "no URL");
    let left: Vec<_> = fs::read_dir(folder.path()).expect("a folder").filter_map(Result::ok).map(|entry| entry.file_name()).collect();
    assert_eq!(left.len(), 2, "no half file stays behind: {left:?}");
}

#[tokio::test]
async fn get_claims_nothing_when_the_links_own_name_is_taken() {
    let server = Server::start().await;
    server.put("a.bin", b"content");
    let folder = tempfile::tempdir().expect("a folder");
    fs::write(folder.path().join("a.bin"), b"mine").expect("writable");
    for gate in ["page", "direct"] {
        let link = server.link(json!({"source": "files", "key": "a.bin", "gate": gate})).await;
        let ran = run(folder.path(), &["get", &link.url]).await.exits(1, "the name is taken");
        assert!(ran.err.contains("a.bin exists already") && ran.err.contains("-o"), "{ran:?}");
        assert_eq!(server.show(&link).await["claimed"], 0, "{gate}");
        assert_eq!(fs::read_dir(folder.path()).expect("a folder").count(), 1, "nothing is left behind");
        run(folder.path(), &["get", &link.url, "-o", &format!("{gate}.bin")]).await.exits(0, "under another name");
        fs::remove_file(folder.path().join(format!("{gate}.bin"))).expect("the file");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sem_3_get_keeps_its_claim_until_a_missing_object_is_back() {
    let server = Server::start().await;
    let size: u64 = 400 << 20;
    server.put_sparse("a.bin", size);
    let link = server.link_to("a.bin").await;
    let folder = tempfile::tempdir().expect("a folder");
    let mut command = bare_command(folder.path());
    command.args(["get", &link.url]).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    let mut child = command.spawn().expect("startable");
    until("the download moves", Duration::from_secs(30), async || (folder_size(folder.path()) > 1 << 20).then_some(())).await;
    child.kill().expect("ours");
    child.wait().expect("ours");
    let (here, away) = (server.files().join("a.bin"), server.scratch().join("away.bin"));
    fs::rename(&here, &away).expect("movable");
    let ran = run(folder.path(), &["get", &link.url]).await.exits(3, "the object is away");
    assert!(ran.err.contains("run the same line again to go on"), "{ran:?}");
    fs::rename(&away, &here).expect("movable");
    run(folder.path(), &["get", &link.url]).await.exits(0, "it is back");
    assert_eq!(fs::metadata(folder.path().join("a.bin")).expect("the file").len(), size);
    assert_eq!(server.show(&link).await["claimed"], 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sem_4_get_resumes_after_the_server_was_killed() {
    let mut server = Server::start().await;
    let size: u64 = 400 << 20;
    server.put_sparse("a.bin", size);
    let link = server.link_to("a.bin").await;
    let folder = tempfile::tempdir().expect("a folder");
    let mut command = bare_command(folder.path());
    command.args(["get", &link.url, "-o", "a.bin"]).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let child = command.spawn().expect("startable");
    until("the download moves", Duration::from_secs(30), async || (folder_size(folder.path()) > 1 << 20).then_some(())).await;
    server.kill();
    server.start_again().await;
    collect(child, Duration::from_secs(90)).await.exits(0, "get across a kill");
    assert_eq!(fs::metadata(folder.path().join("a.bin")).expect("the file").len(), size);
    assert_eq!(server.show(&link).await["claimed"], 1);
    link.try_claim(server.addr, &holder()).await.refused(410, "spent", "afterwards");
}

#[tokio::test]
async fn share_serves_one_file_and_ends_when_it_has_been_taken() {
    let folder = tempfile::tempdir().expect("a folder");
    fs::write(folder.path().join("gift.bin"), b"a gift").expect("writable");
    let log = folder.path().join("share.log");
    let file = fs::File::create(&log).expect("writable");
    let mut command = bare_command(folder.path());
    command.args(["share", "gift.bin", "--listen", "127.0.0.1:0"]).stdin(Stdio::null());
    let mut child = command.stdout(file.try_clone().expect("shareable")).stderr(file).spawn().expect("startable");
    let text = || fs::read_to_string(&log).unwrap_or_default();
    let url = until("share prints a URL", Duration::from_secs(20), async || {
        text().split_whitespace().find(|word| word.starts_with("http") && word.contains("/d/ol_")).map(str::to_owned)
    })
    .await;
    let taken = run(folder.path(), &["get", &url, "-o", "taken.bin"]).await;
    taken.exits(0, "get what is shared");
    assert_eq!(fs::read(folder.path().join("taken.bin")).expect("the file"), b"a gift");
    let status = crate::harness::server::exit_of(&mut child, Duration::from_secs(20)).await;
    assert_eq!(status.code(), Some(0), "{}", text());
}

#[tokio::test]
async fn an_unknown_configuration_key_is_refused_with_the_nearest_name() {
    let folder = tempfile::tempdir().expect("a folder");
    fs::create_dir(folder.path().join("files")).expect("a folder");
    fs::write(folder.path().join("oncelink.toml"), "lisen = \"127.0.0.1:0\"\n").expect("writable");
    let ran = run(folder.path(), &["serve", "files"]).await.exits(1, "a misspelt key");
    assert!(ran.err.contains("lisen") && ran.err.contains("listen"), "{ran:?}");
    fs::write(folder.path().join("other.toml"), "lease = \"soon\"\n").expect("writable");
    fs::remove_file(folder.path().join("oncelink.toml")).expect("there");
    let ran = run(folder.path(), &["serve", "--config", "other.toml", "files"]).await.exits(1, "a value that is none");
    assert!(ran.err.contains("lease"), "{ran:?}");
    let missing = run(folder.path(), &["serve", "--config", "missing.toml", "files"]).await.exits(1, "a missing file");
    assert!(missing.err.contains("missing.toml"), "{missing:?}");
}

#[tokio::test]
async fn flags_beat_the_environment_which_beats_the_file() {
    let server = Setup::new().env("ONCELINK_GATE", "direct").env("ONCELINK_TTL", "1d").flag("ttl", "2d").start().await;
    server.put("a.bin", b"content");
    let made = server.api("POST", "/v1/links", Some(&json!({"source": "files", "key": "a.bin"}))).await.expect(201, "create").json();
    assert_eq!(made["gate"], "direct", "the environment");
    let expires: jiff::Timestamp = made["expires_at"].as_str().and_then(|date| date.parse().ok()).expect("a date");
    let hours = expires.duration_since(jiff::Timestamp::now()).as_hours();
    assert!((47..=48).contains(&hours), "the flag: {hours} h");
}

#[tokio::test]
async fn the_command_line_finds_the_key_in_the_data_folder() {
    let server = Server::start().await;
    server.put("a.bin", b"content");
    let mut command = bare_command(server.scratch());
    command.args(["link", "create", "a.bin", "--server", &server.url(), "--data"]).arg(server.data());
    let made = finish(command).await.exits(0, "with the key of the data folder");
    assert!(made.out.contains("/d/ol_"), "{made:?}");
}

#[tokio::test]
async fn a_graceful_stop_lets_a_running_download_end() {
    let mut server = Server::start().await;
    let content = pattern(16 << 20, 5);
    server.put("a.bin", &content);
    let link = server.link_to("a.bin").await;
    let mut open = link.claim(server.addr).await.get().receive_buffer(64 * 1024).open(server.addr).await;
    let mut got = open.read(100_000).await;
    server.terminate();
    until("nobody new is accepted", Duration::from_secs(10), async || {
        let answer = Req::get("/healthz").try_send(server.addr).await;
        answer.map_or(true, |answer| answer.status == 503).then_some(())
    })
    .await;
    assert!(server.is_alive(), "it waits for the running download");
    got.extend(open.read(content.len()).await);
    assert!(got == content, "{} of {} bytes", got.len(), content.len());
    drop(open);
    let status = server.exited(Duration::from_secs(20)).await;
    assert_eq!(status.code(), Some(0));
    server.start_again().await;
    let record: Value = server.show(&link).await;
    assert_eq!(record["claims"][0]["state"], "completed", "{record}");
}

#[tokio::test]
async fn doctor_approves_a_sound_configuration_and_names_an_unsound_one() {
    let folder = tempfile::tempdir().expect("a folder");
    fs::create_dir(folder.path().join("files")).expect("a folder");
    run(folder.path(), &["doctor", "--data", "data", "files"]).await.exits(0, "a sound configuration");
    let ran = run(folder.path(), &["doctor", "--data", "data", "not-there"]).await.exits(1, "a source that isn't there");
    assert!(format!("{}{}", ran.out, ran.err).contains("not-there"), "{ran:?}");
}

#[tokio::test]
async fn doctor_compares_the_clock_with_that_of_a_shared_store() {
    let folder = tempfile::tempdir().expect("a folder");
    fs::create_dir(folder.path().join("files")).expect("a folder");
    for store in SharedStore::of_every_kind() {
        run(folder.path(), &["store", "init", "--store", &store.url]).await.exits(0, store.engine);
        let ran = run(folder.path(), &["doctor", "--data", "data", "--store", &store.url, "files"]).await.exits(0, store.engine);
        assert!(ran.out.contains("ok    clock: agrees with that of "), "{}: {ran:?}", store.engine);
    }
}

#[tokio::test]
async fn stock_curl_and_wget_download_a_link() {
    let server = Server::start().await;
    let content = pattern(300_000, 6);
    server.put("a file.bin", &content);
    let clients: [(&str, &[&str]); 4] = [
        ("curl", &["-sSf", "-OJL", "-d", ""]),
        ("curl", &["-sSf", "-OJL", "-X", "POST"]),
        ("wget", &["-q", "--post-data=", "--content-disposition"]),
        ("wget", &["-q", "--post-data=", "-O", "a file.bin"]),
    ];
    for (program, args) in clients {
        let folder = tempfile::tempdir().expect("a folder");
        let link = server.link_to("a file.bin").await;
        let mut command = std::process::Command::new(program);
        command.args(args).arg(&link.url).current_dir(folder.path()).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        // A machine without the program has nothing to test it with.
        let Ok(child) = command.spawn() else { continue };
        collect(child, Duration::from_secs(30)).await.exits(0, &format!("{program} {args:?}"));
        let file = fs::read_dir(folder.path()).expect("a folder").next().expect("one file").expect("readable");
        assert!(fs::read(file.path()).expect("the file") == content, "{program} {args:?}");
        assert_eq!(file.file_name(), "a file.bin", "{program} {args:?}");
        link.try_claim(server.addr, &holder()).await.refused(410, "spent", "afterwards");
    }
}

#[tokio::test]
async fn logs_are_json_when_asked() {
    let server = Setup::new().flag("log-format", "json").start().await;
    server.put("a.bin", b"content");
    server.link_to("a.bin").await.claim(server.addr).await.get().send(server.addr).await.expect(200, "something to log");
    let log = server.log();
    let lines: Vec<&str> = log.lines().filter(|line| !line.is_empty() && !line.contains("listening on http://")).collect();
    for line in &lines {
        assert!(serde_json::from_str::<Value>(line).is_ok(), "{line}");
    }
}

#[tokio::test]
async fn a_corrupted_store_is_named_and_nothing_is_overwritten() {
    let mut server = Server::start().await;
    server.kill();
    let mut harmed = Vec::new();
    for entry in fs::read_dir(server.data()).expect("a folder") {
        let path = entry.expect("readable").path();
        if path.is_file() && path.file_name().is_some_and(|name| name != "api-key") {
            fs::write(&path, vec![b'#'; 20_000]).expect("writable");
            harmed.push(path);
        }
    }
    let child = server.command("127.0.0.1:0").stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("startable");
    let ran = collect(child, Duration::from_secs(20)).await.exits(1, "a corrupted store");
    let named = harmed.iter().any(|path| ran.err.contains(&path.display().to_string()));
    assert!(named && !ran.err.contains("panicked"), "the file is named: {ran:?}");
    assert!(server.data().join("api-key").exists());
}

#[tokio::test]
async fn sem_11_a_full_disk_is_503_and_costs_no_use() {
    let server = Setup::new().bears_size_limit().start().await;
    server.put("a.bin", b"content");
    let link = server.link_to("a.bin").await;
    let sizes = fs::read_dir(server.data()).expect("a folder").filter_map(|entry| entry.ok()?.metadata().ok());
    let largest = sizes.map(|data| data.len()).max().expect("a store");
    // Enough room for the log of this test, and none for the store to grow much.
    server.limit_file_size(Some(largest.max(64 * 1024)));
    let full = until("the store is full", Duration::from_secs(30), async || {
        let answer = server.api("POST", "/v1/links", Some(&json!({"source": "files", "key": "a.bin", "note": "x".repeat(2_000)}))).await;
        (answer.status != 201).then_some(answer)
    })
    .await;
    full.refused(503, "store-unavailable", "creation on a full disk");
    assert!(full.header("retry-after").is_some(), "{full}");
    let holder = holder();
    for _ in 0..3 {
        let answer = link.try_claim(server.addr, &holder).await;
        assert!(matches!(answer.status, 503 | 201), "{answer}");
    }
    server.limit_file_size(None);
    let claim = until("the disk has room again", Duration::from_secs(30), async || {
        let answer = link.try_claim(server.addr, &holder).await;
        assert!(matches!(answer.status, 503 | 201), "{answer}");
        (answer.status == 201).then(|| crate::harness::Claim::from_json(&answer.json(), &holder))
    })
    .await;
    assert_eq!(server.show(&link).await["claimed"], 1);
    link.try_claim(server.addr, &crate::harness::holder()).await.refused(410, "spent", "another holder");
    assert_eq!(claim.get().send(server.addr).await.expect(200, "the bytes").body, b"content");
    assert!(!server.log().contains("panicked"));
}

fn folder_size(folder: &std::path::Path) -> u64 {
    let files = fs::read_dir(folder).expect("a folder").filter_map(Result::ok);
    files.filter_map(|entry| entry.metadata().ok()).map(|data| data.len()).sum()
}
