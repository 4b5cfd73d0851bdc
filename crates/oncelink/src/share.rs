//! `oncelink share`: a server for one file, directory or object, until it has been taken.
//!
//! Its store is a temporary folder: when the program ends, the link is gone with it.

mod address;
mod live;
mod meter;
mod offer;
mod qr;
mod verdict;

use std::sync::Arc;
use std::time::Duration;

use oncelink_config::{LogFormat, parse_base_url, parse_duration, redact};
use oncelink_core::create::{CreateOutcome, Draft, LinkWish, Sender};
use oncelink_core::link::Gate;
use oncelink_core::policy::Policy;
use oncelink_core::token::LinkId;
use oncelink_core::{Actor, Links};
use oncelink_http::Brand;
use serde_json::json;

use crate::cli::share::ShareArgs;
use crate::exit::Failure;
use crate::interrupt::Interrupts;
use crate::listener::{Listener, Manners};
use crate::share::live::Live;
use crate::share::meter::{Meter, Metered};
use crate::share::offer::Offer;
use crate::share::verdict::Verdict;
use crate::{logging, output, passphrase, wiring};

/// How often the store is asked what has become of the link.
const LOOK: Duration = Duration::from_millis(200);
/// How long answers may go on once everything is decided.
const DRAIN: Duration = Duration::from_secs(5);

/// Shares what the arguments name and waits until it has been taken.
pub(crate) async fn run(args: ShareArgs) -> Result<(), Failure> {
    logging::start(LogFormat::Text, "warn");
    let public_url = args.public_url.as_deref().map(base_url).transpose()?;
    let wish = wish(&args)?;
    let mut interrupts = Interrupts::listen()?;
    let offer = Offer::find(&args.target).await?;
    let folder = tempfile::Builder::new().prefix("oncelink-share-").tempdir();
    let folder = folder.map_err(|error| Failure::failed(format!("can't make a temporary folder: {error}")))?;
    let store = wiring::open_sqlite(&folder.path().join("share.db"))?;
    let source = Metered::new(offer.source.clone());
    let meter = source.meter();
    let links = wiring::links(&store, vec![(offer.name.clone(), Arc::new(source))], policy(&args)?);
    let manners = Manners {
        trusted_proxies: Vec::new(),
        rate_limit: 0,
        max_connections: 200,
        drain: DRAIN,
        brand: Brand::default(),
        console_secret: None,
    };
    let listener = Listener::bind(args.listen)?;
    let draft = create(&links, LinkWish { key: offer.key.clone(), ..wish }).await?;
    let addr = listener.addr();
    let reach = address::of(addr, public_url.as_deref());
    show(&args, &draft, &reach, offer.remark.as_deref())?;
    let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    let serving = tokio::spawn(listener.run(links.clone(), reach.base.clone(), manners, async {
        // An error means that the sender is gone, which asks for the same.
        let _ = stopped.await;
    }));
    let verdict = tokio::select! {
        verdict = wait(&links, &draft.link.id, meter) => verdict,
        () = interrupts.next() => interrupted(&links, &draft.link.id).await,
    };
    interrupts.exit_at_the_next();
    let _ = stop.send(());
    serving.await.map_err(|error| Failure::failed(format!("the server broke off: {error}")))??;
    store.close().await;
    verdict
}

fn base_url(text: &str) -> Result<String, Failure> {
    parse_base_url(text).map_err(|problem| Failure::usage(format!("--public-url {:?} {problem}", redact(text))))
}

fn ttl(args: &ShareArgs) -> Result<Duration, Failure> {
    parse_duration(&args.ttl).map_err(|problem| Failure::usage(format!("--ttl {:?} {problem}", args.ttl)))
}

/// Whoever starts the program is the operator too: what they ask for is what is allowed.
fn policy(args: &ShareArgs) -> Result<Policy, Failure> {
    let ttl = ttl(args)?;
    Ok(Policy { ttl, max_ttl: ttl.max(Policy::default().max_ttl), ..Policy::default() })
}

fn wish(args: &ShareArgs) -> Result<LinkWish, Failure> {
    Ok(LinkWish {
        uses: Some(u64::from(args.uses)),
        gate: Gate::parse(&args.gate),
        passphrase: passphrase::given(args.passphrase.as_deref())?,
        ..LinkWish::default()
    })
}

/// Whoever starts the program may do everything with its one link.
fn sender() -> Sender {
    Sender { actor: Actor::default(), scope: oncelink_core::apikey::Scope::full() }
}

async fn create(links: &Links, wish: LinkWish) -> Result<Draft, Failure> {
    match links.create(wish, &sender(), None).await? {
        CreateOutcome::Created(draft) => Ok(draft),
        CreateOutcome::Repeated(_) => Err(Failure::failed("a fresh store has the link already")),
    }
}

fn show(args: &ShareArgs, draft: &Draft, reach: &address::Reach, lacks: Option<&str>) -> Result<(), Failure> {
    let url = format!("{}/d/{}", reach.base, draft.token.reveal());
    let link = &draft.link;
    if args.json {
        let seconds = link.terms.lifetime.as_secs();
        output::json(
            &json!({ "id": link.id.as_str(), "url": url, "uses": link.terms.uses, "filename": link.terms.filename, "size": link.object.size, "expires_in": seconds }),
        )?;
    } else {
        output::line(&url)?;
    }
    if output::is_watched() && !args.json {
        if let Some(code) = qr::drawn(&url) {
            output::hint(&code);
        }
        output::hint(&told(draft));
    }
    for remark in [lacks, reach.remark.as_deref()].into_iter().flatten() {
        output::hint(remark);
    }
    Ok(())
}

/// What a person should know of the link.
fn told(draft: &Draft) -> String {
    let link = &draft.link;
    let (name, size) = (output::tame(&link.terms.filename), output::size(link.object.size));
    let times = if link.terms.uses == 1 { "once".to_owned() } else { format!("{} times", link.terms.uses) };
    let until = output::moment(link.terms.expires_at);
    let passphrase = if link.passphrase.is_some() { " Tell the passphrase another way than the link." } else { "" };
    format!("{name} ({size}) can be taken {times} until {until}.{passphrase} Waiting; Ctrl-C takes it back.")
}

/// Looks again and again until it is decided.
async fn wait(links: &Arc<Links>, id: &LinkId, meter: Arc<Meter>) -> Result<(), Failure> {
    let mut live = Live::new(meter);
    loop {
        let detail = links.status(id).await?;
        live.show(links, &detail).await;
        match verdict::of(&detail, links.now()) {
            None => tokio::time::sleep(LOOK).await,
            Some(Verdict::Taken) => return Ok(()),
            Some(Verdict::NotTaken(why)) => {
                live.end();
                return Err(Failure::refused(why));
            }
        }
    }
}

async fn interrupted(links: &Links, id: &LinkId) -> Result<(), Failure> {
    links.revoke_surely(id, &Actor::default()).await?;
    Err(Failure::failed("interrupted: the link is revoked"))
}
