//! The settings as they are given, each as text: the same struct for flags, environment and file.
//!
//! Must not check values: [`crate::Config`] and [`crate::ClientConfig`] do, when it is clear which place wins.

use clap::Args;
use serde::Deserialize;

/// The settings of `oncelink serve`.
#[derive(Args, Clone, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ServeOptions {
    /// Where links may point; the first is the default.
    #[arg(
        value_name = "SOURCE",
        help = "Where links may point: [name=]DIR or [name=]s3://BUCKET[/PREFIX][?endpoint=URL&region=R&path_style=true]; the first is the default"
    )]
    #[serde(skip)]
    pub sources: Vec<String>,
    /// One more source; may be repeated
    #[arg(long, value_name = "SOURCE")]
    pub source: Vec<String>,
    /// Address and port to listen on; port 0 picks a free one [default: 127.0.0.1:8080]
    #[arg(long, value_name = "ADDR")]
    pub listen: Option<String>,
    /// What links begin with.
    #[arg(long, value_name = "URL", help = "What links begin with, such as https://files.example.org [default: the listening address]")]
    pub public_url: Option<String>,
    /// Folder of the SQLite file and of api-key, the key made at first start [default: ./oncelink-data]
    #[arg(long, value_name = "DIR")]
    pub data: Option<String>,
    /// Where links are kept.
    #[arg(
        long,
        value_name = "STORE",
        help = "Where links are kept: sqlite:PATH, postgres://USER:PASSWORD@HOST/DATABASE or dynamodb://TABLE[?region=R&endpoint=URL] [default: a file in --data]"
    )]
    pub store: Option<String>,
    /// How long links are kept after their end; 0 or off: for ever [default: 30d]
    #[arg(long, value_name = "DURATION")]
    pub retention: Option<String>,
    /// How long after its last activity a claim may be resumed [default: 15m]
    #[arg(long, value_name = "DURATION")]
    pub lease: Option<String>,
    /// How new links are opened: page (a button) or direct (a GET downloads at once) [default: page]
    #[arg(long, value_name = "GATE")]
    pub gate: Option<String>,
    /// How the bytes of new links travel: auto, stream or redirect [default: auto]
    #[arg(long, value_name = "DELIVERY")]
    pub delivery: Option<String>,
    /// Whether auto may redirect to a presigned URL, which can be reused until it expires [default: false]
    #[arg(long, value_name = "BOOL", num_args = 0..=1, require_equals = true, default_missing_value = "true")]
    pub allow_redirect: Option<String>,
    /// How long a presigned URL lives [default: 10s]
    #[arg(long, value_name = "DURATION")]
    pub redirect_ttl: Option<String>,
    /// How long new links live [default: 7d, or --max-ttl when that is shorter]
    #[arg(long, value_name = "DURATION")]
    pub ttl: Option<String>,
    /// How long any link may live [default: 90d]
    #[arg(long, value_name = "DURATION")]
    pub max_ttl: Option<String>,
    /// Networks whose forwarding headers count, with commas between [default: none]
    #[arg(long, value_name = "CIDR,...")]
    pub trusted_proxies: Option<String>,
    /// Requests that one address may make per minute; 0 for any number [default: 0]
    #[arg(long, value_name = "N")]
    pub rate_limit: Option<String>,
    /// Connections in total [default: 4096]
    #[arg(long, value_name = "N")]
    pub max_connections: Option<String>,
    /// How long a shutdown waits for running downloads [default: 30s]
    #[arg(long, value_name = "DURATION")]
    pub drain: Option<String>,
    /// What console sessions are signed with, the same at every replica: 32 characters or more; better as ONCELINK_CONSOLE_SECRET [default: made at each start]
    #[arg(long, value_name = "SECRET")]
    pub console_secret: Option<String>,
    /// Who sends, as pages say it [default: nobody in particular]
    #[arg(long, value_name = "NAME")]
    pub brand_name: Option<String>,
    /// A small image that pages show: SVG or PNG, up to 6 KiB
    #[arg(long, value_name = "FILE")]
    pub brand_logo: Option<String>,
    /// The colour of buttons and links, such as #1a5fb4
    #[arg(long, value_name = "#RRGGBB")]
    pub brand_colour: Option<String>,
    /// Where pages link to for the imprint
    #[arg(long, value_name = "URL")]
    pub brand_imprint: Option<String>,
    /// How logs are written to standard error: text or json [default: text]
    #[arg(long, value_name = "FORMAT")]
    pub log_format: Option<String>,
    /// Configuration file [default: oncelink.toml, if there is one]
    #[arg(long, value_name = "FILE")]
    #[serde(skip)]
    pub config: Option<String>,
}

/// The settings of the commands that talk to a server.
#[derive(Args, Clone, Default)]
pub struct ClientOptions {
    /// The server's address.
    #[arg(long, value_name = "URL", help = "The server's address, such as https://files.example.org [default: the server of --data]")]
    pub server: Option<String>,
    /// The API key; better in ONCELINK_KEY, where other users of the machine don't see it [default: api-key in --data]
    #[arg(long, value_name = "KEY")]
    pub key: Option<String>,
    /// The data folder of a server on this machine [default: ./oncelink-data]
    #[arg(long, value_name = "DIR")]
    pub data: Option<String>,
    /// Configuration file [default: oncelink.toml, if there is one]
    #[arg(long, value_name = "FILE")]
    pub config: Option<String>,
}
