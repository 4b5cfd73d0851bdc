//! The look at a link before its claim, where the link names the file.

use super::*;

fn into_folder(place: &Place, server: &Scripted) -> Order {
    order(&format!("http://{}/d/ol_x", server.addr), Target::Folder(place.folder.path().to_owned()))
}

#[tokio::test]
async fn a_suggested_name_that_is_taken_is_found_before_anything_is_claimed() {
    let place = Place::new();
    std::fs::write(place.path("a.bin"), b"mine").expect("writable");
    let server = Scripted::start(vec![looked("a.bin")]).await;
    let failure = run(into_folder(&place, &server)).await.expect_err("it exists");
    assert!(failure.code() == 1 && failure.to_string().contains("-o") && failure.to_string().contains("Nothing was claimed"), "{failure}");
    assert_eq!(
        (place.content("a.bin"), place.names(), server.lines()),
        (b"mine".to_vec(), vec!["a.bin".to_owned()], vec!["GET /d/ol_x".to_owned()])
    );
}

#[tokio::test]
async fn the_look_says_that_it_spends_nothing_and_tells_no_holder() {
    let place = Place::new();
    let server = Scripted::start(vec![looked("a.bin"), claimed("a.bin"), whole()]).await;
    assert_eq!(run(into_folder(&place, &server)).await, Ok(()));
    assert_eq!(server.lines(), ["GET /d/ol_x", "POST /d/ol_x", "GET /c/oc_secret"]);
    let look = &server.asked()[0];
    assert_eq!((look.header("sec-purpose"), look.header("accept")), (Some("prefetch"), Some("application/json")));
    assert!(look.header("idempotency-key").is_none() && look.body.is_empty());
    assert!(server.asked()[1..].iter().all(|asked| asked.header("sec-purpose").is_none()));
}

#[tokio::test]
async fn a_refusal_that_the_look_meets_ends_it() {
    for (status, kind) in
        [("410 Gone", "spent"), ("404 Not Found", "not-found"), ("403 Forbidden", "not-yet"), ("409 Conflict", "object-changed")]
    {
        let place = Place::new();
        let server = Scripted::start(vec![problem(status, kind)]).await;
        assert_eq!(run(into_folder(&place, &server)).await, Err(Failure::refused(format!("It is {kind}."))));
        assert_eq!((place.names(), server.lines().len()), (Vec::new(), 1), "{kind}");
    }
}

#[tokio::test]
async fn a_look_that_tells_nothing_is_no_reason_not_to_claim() {
    let endless = vec![b'x'; 100_000];
    let looks: [Answer; 7] = [
        Box::new(|_| Vec::new()),
        problem("503 Service Unavailable", "store-unavailable"),
        problem("429 Too Many Requests", "too-many-requests"),
        always("404 Not Found", &[("Content-Type", "text/html")], b"<html>not here</html>"),
        always("302 Found", &[("Location", "/elsewhere")], b""),
        always("200 OK", &[("Content-Type", "application/json")], b"{\"size\": 1}"),
        always("200 OK", &[], &endless),
    ];
    for look in looks {
        let place = Place::new();
        let server = Scripted::start(vec![look, claimed("a.bin"), whole()]).await;
        assert_eq!(run(into_folder(&place, &server)).await, Ok(()), "{:?}", server.lines());
        assert_eq!(place.content("a.bin"), CONTENT);
    }
}

#[tokio::test]
async fn a_download_that_was_begun_isnt_looked_at_again() {
    let place = Place::new();
    let first = Scripted::start(vec![looked("a.bin"), claimed("a.bin"), cut_after(7)]).await;
    let mut impatient = into_folder(&place, &first);
    impatient.pace.patience = Duration::ZERO;
    run(impatient).await.expect_err("it broke");
    // To whoever looks, the link is spent now: by this very download.
    let second = Scripted::start(vec![claimed("a.bin"), ranged(20)]).await;
    assert_eq!(run(into_folder(&place, &second)).await, Ok(()));
    assert_eq!(second.lines(), ["POST /d/ol_x", "GET /c/oc_secret bytes=7-"]);
}
