//! `oncelink get`: from flags to a download.

use oncelink_config::parse_duration;

use crate::cli::get::GetArgs;
use crate::exit::Failure;
use crate::get::{self, Order, Pace, Target, address::LinkAddress};
use crate::passphrase;

/// Downloads a link's file.
pub(crate) async fn run(args: GetArgs) -> Result<(), Failure> {
    let patience = parse_duration(&args.patience).map_err(|problem| Failure::usage(format!("--patience {}: {problem}", args.patience)))?;
    let order = Order {
        link: LinkAddress::parse(&args.url).map_err(Failure::usage)?,
        target: Target::parse(args.output.as_deref())?,
        passphrase: passphrase::given(args.passphrase.as_deref())?,
        pace: Pace::of_people(patience),
        json: args.json,
    };
    get::run(order).await
}
