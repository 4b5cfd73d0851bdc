//! scratch
use super::*;
use axum::response::IntoResponse;
use oncelink_core::link::PassphraseHash;
use oncelink_testkit::fixtures;
async fn put(name: &str, r: Response) {
    let (p, b) = r.into_parts();
    let bytes = axum::body::to_bytes(b, 1 << 20).await.unwrap();
    std::fs::write(format!("/tmp/work/shots/html/{name}.html"), &bytes).unwrap();
    std::fs::write(format!("/tmp/work/shots/html/{name}.csp"), p.headers["content-security-policy"].to_str().unwrap()).unwrap();
}
#[tokio::test]
async fn dump() {
    std::fs::create_dir_all("/tmp/work/shots/html").unwrap();
    let logo = std::fs::read("/tmp/work/shots/logo.svg").unwrap();
    let acme = Brand::default().with_name("Nordlicht Architekten").unwrap().with_logo(&logo).unwrap().with_colour("#0b7a5b").unwrap().with_imprint("https://example.org/impressum").unwrap();
    let yellow = Brand::default().with_name("Sonne & Co").unwrap().with_colour("#ffe14d").unwrap();
    let none = Brand::default();
    let mut open = fixtures::a_link().size(48_312_000).uses(3).build();
    open.terms.filename = "Quarterly report 2026.pdf".into();
    let mut long = open.clone();
    long.terms.filename = format!("{}-final-FINAL-v12 (copy).tar.gz", "a_very_long_name_without_any_space_".repeat(6));
    let mut heb = open.clone();
    heb.terms.filename = "חשבונית 2026 (סופי).pdf".into();
    let mut lock = open.clone();
    lock.passphrase = Some(PassphraseHash("x".into()));
    let claim = || Offer::Claim { action: "/d/ol_x", holder: "0123456789abcdefghijklmnopqrstuvwxyzABCDEFG" };
    let v = |link| LinkView { link, offer: claim(), lease: Duration::from_secs(900), redirect_ttl: None };
    for l in Lang::ALL {
        let t = l.tag();
        put(&format!("link-{t}"), super::link(&v(&open), l, &none)).await;
        put(&format!("lock-{t}"), link_with_problem(&v(&lock), Refusal::PassphraseWrong.into(), l, &acme)).await;
        let p: Problem = Refusal::Expired { at: open.terms.expires_at }.into();
        put(&format!("expired-{t}"), super::problem(p.clone(), p.into_response(), l, &acme)).await;
        put(&format!("exchange-{t}"), super::link(&LinkView { redirect_ttl: Some(Duration::from_secs(10)), ..v(&open) }, l, &none)).await;
        put(&format!("resume-{t}"), super::link(&LinkView { offer: Offer::Resume { address: "/c/oc_x", until: Some(open.terms.expires_at) }, ..v(&open) }, l, &none)).await;
        put(&format!("home-{t}"), super::home(l, &none)).await;
    }
    let e = Lang::English;
    put("acme-en", super::link(&v(&open), e, &acme)).await;
    put("yellow-en", super::link(&v(&lock), e, &yellow)).await;
    put("long-en", super::link(&v(&long), e, &none)).await;
    put("hebrew-en", super::link(&v(&heb), e, &none)).await;
    put("latin-ar-acme", super::link(&v(&lock), Lang::Arabic, &acme)).await;
    let now = fixtures::after(0);
    put("shut-en", link_with_problem(&v(&lock), Problem::of(Refusal::Locked { until: now.plus(Duration::from_secs(2000)) }, now), e, &none)).await;
    for p in [Problem::unauthorized(), Problem::internal(), Problem::too_many_requests(8), Problem::method_not_allowed(), Problem::from(Refusal::Spent), Problem::from(Refusal::Unknown), Problem::from(Refusal::ObjectChanged),Problem::from(Refusal::AddressNotAllowed), Problem::from(Refusal::NotYet{until: now})] {
        put(&format!("p-{}-en", p.kind), super::problem(p.clone(), p.into_response(), e, &none)).await;
    }
}
