//! Tests of the merge and of every value's bounds. Must not touch a file of this machine.

use std::path::Path;

use clap::{Args, Command, FromArgMatches};

use super::*;
use crate::brand::Colour;
use crate::error::Origin;
use crate::file::ConfigFile;

fn flags(args: &[&str]) -> ServeOptions {
    let command = ServeOptions::augment_args(Command::new("serve").no_binary_name(true));
    let matches = command.try_get_matches_from(args).expect("valid usage");
    ServeOptions::from_arg_matches(&matches).expect("valid usage")
}

/// The layers as they would be with this file, without one on disk.
fn layers(args: &[&str], environment: &Environment, file: &str) -> Layers {
    let path = Path::new("oncelink.toml");
    let file = ConfigFile::parse(path, file).expect("a valid file");
    let environment = environment.serve_options().expect("valid variables");
    Layers::stacked(vec![(Origin::Flag, flags(args)), (Origin::Environment, environment), (Origin::File(path.into()), file.serve)])
}

fn load(args: &[&str], environment: Environment, file: &str) -> Result<Config, String> {
    Config::from_layers(&layers(args, &environment, file)).map_err(|error| error.to_string())
}

fn flag_only(args: &[&str]) -> Result<Config, String> {
    load(args, Environment::default(), "")
}

#[test]
fn with_nothing_given_the_manuals_defaults_hold() {
    let config = flag_only(&[]).expect("the defaults are valid");
    assert_eq!(config.listen.to_string(), "127.0.0.1:8080");
    assert_eq!(config.data, Path::new("./oncelink-data"));
    assert_eq!(config.store, StoreSpec::Sqlite { path: "./oncelink-data/oncelink.db".into() });
    assert_eq!(config.policy, Policy::default());
    assert_eq!((config.public_url, config.sources.len(), config.trusted_proxies.len()), (None, 0, 0));
    assert_eq!((config.rate_limit, config.max_connections, config.drain), (0, 4_096, Duration::from_secs(30)));
    assert_eq!((config.allow_redirect, config.log_format), (false, LogFormat::Text));
    assert_eq!((config.retention, config.brand), (Some(DAY * 30), BrandSpec::default()));
}

#[test]
fn flags_beat_the_environment_which_beats_the_file() {
    let environment = || Environment::from([("ONCELINK_LEASE", "2m"), ("ONCELINK_GATE", "direct"), ("ONCELINK_TTL", "")]);
    let file = "lease = \"3m\"\ngate = \"page\"\nttl = \"3d\"\nrate_limit = 7";
    let config = load(&["--lease", "1m"], environment(), file).expect("valid");
    assert_eq!(config.policy.lease, Duration::from_secs(60), "the flag");
    assert_eq!(config.policy.gate, Gate::Direct, "the environment");
    assert_eq!(config.policy.ttl, DAY * 3, "the file: an empty variable is none");
    assert_eq!(config.rate_limit, 7, "the file");
    let config = load(&[], environment(), file).expect("valid");
    assert_eq!(config.policy.lease, Duration::from_secs(120));
    // A bad value that is beaten does no harm.
    assert!(load(&["--lease", "1m"], Environment::from([("ONCELINK_LEASE", "soon")]), "lease = \"never\"").is_ok());
}

#[test]
fn sources_come_whole_from_one_place() {
    let names = |config: Config| config.sources.iter().map(|source| source.name.as_str().to_owned()).collect::<Vec<_>>();
    let environment = || Environment::from([("ONCELINK_SOURCE", "c=/c, d=s3://bucket/d,")]);
    let file = "source = [\"e=/e,1\", \"f=/f\"]";
    assert_eq!(names(load(&["a=/a", "--source", "b=/b"], environment(), file).expect("valid")), ["a", "b"]);
    assert_eq!(names(load(&[], environment(), file).expect("valid")), ["c", "d"]);
    assert_eq!(names(load(&[], Environment::default(), file).expect("valid")), ["e", "f"]);
}

#[test]
fn two_sources_of_one_name_are_refused() {
    for args in [&["/x/files", "/y/files"][..], &["a=/x", "--source", "a=s3://bucket"], &["bucket=/x", "s3://bucket/y"]] {
        let problem = flag_only(args).expect_err("the same name twice");
        assert!(problem.contains("give it a name of its own"), "{problem}");
    }
    assert!(flag_only(&["/x/files", "more=/y/files"]).is_ok());
}

#[test]
fn every_setting_is_understood() {
    let args = [
        "--listen=[::1]:0",
        "--public-url=https://example.org/files/",
        "--data=/var/lib/oncelink",
        "--store=sqlite:/var/lib/x.db",
        "--lease=PT30M",
        "--gate=direct",
        "--delivery=stream",
        "--allow-redirect",
        "--redirect-ttl=30",
        "--ttl=1d",
        "--max-ttl=30d",
        "--trusted-proxies=10.0.0.0/8, 192.0.2.7,::1",
        "--rate-limit=60",
        "--max-connections=50",
        "--drain=1m",
        "--retention=90d",
        "--brand-name=\u{dc}bung & Co.",
        "--brand-logo=logo.svg",
        "--brand-colour=#1a5fb4",
        "--brand-imprint=https://example.org/imprint?lang=de",
        "--log-format=json",
    ];
    let config = flag_only(&args).expect("valid");
    assert_eq!(config.public_url.as_deref(), Some("https://example.org/files"));
    assert_eq!((config.listen.port(), config.data), (0, PathBuf::from("/var/lib/oncelink")));
    assert_eq!(config.store, StoreSpec::Sqlite { path: "/var/lib/x.db".into() });
    assert_eq!(config.policy.lease, Duration::from_secs(1_800));
    assert_eq!((config.policy.gate, config.policy.delivery), (Gate::Direct, Delivery::Stream));
    assert_eq!((config.policy.redirect_ttl, config.policy.ttl, config.policy.max_ttl), (SECOND * 30, DAY, DAY * 30));
    assert!(config.allow_redirect);
    let networks: Vec<String> = config.trusted_proxies.iter().map(ToString::to_string).collect();
    assert_eq!(networks, ["10.0.0.0/8", "192.0.2.7/32", "::1/128"]);
    assert_eq!((config.rate_limit, config.max_connections, config.drain), (60, 50, SECOND * 60));
    assert_eq!(config.log_format, LogFormat::Json);
    let brand = BrandSpec {
        name: Some("\u{dc}bung & Co.".to_owned()),
        logo: Some("logo.svg".into()),
        colour: Some(Colour([0x1a, 0x5f, 0xb4])),
        imprint: Some("https://example.org/imprint?lang=de".to_owned()),
    };
    assert_eq!((config.retention, config.brand), (Some(DAY * 90), brand));
}

#[test]
fn links_may_be_kept_for_ever() {
    for text in ["0", "off", " off "] {
        assert_eq!(flag_only(&["--retention", text]).expect("valid").retention, None);
    }
}

#[test]
fn a_bad_value_is_named_with_its_place_and_the_remedy() {
    let cases = [
        ("listen", "8080", "127.0.0.1:8080"),
        ("public-url", "example.org", "https://"),
        ("data", "", "folder"),
        ("store", "mysql://x", "sqlite:PATH"),
        ("store", "dynamodb://ab", "TABLE"),
        ("lease", "soon", "15m"),
        ("lease", "-5m", "zero"),
        ("lease", "1ms", "between"),
        ("lease", "400d", "between"),
        ("gate", "door", "page or direct"),
        ("gate", "PAGE", "page or direct"),
        ("delivery", "pigeon", "redirect"),
        ("allow-redirect", "perhaps", "true or false"),
        ("redirect-ttl", "2h", "between"),
        ("ttl", "91d", "max-ttl"),
        ("max-ttl", "1000y", "no months or years"),
        ("trusted-proxies", "10.0.0.0/8,nonsense", "nonsense"),
        ("trusted-proxies", "10.0.0.0/33", "10.0.0.0/33"),
        ("rate-limit", "-1", "whole number"),
        ("rate-limit", "+1", "whole number"),
        ("rate-limit", "99999999999999", "whole number"),
        ("max-connections", "0", "whole number"),
        ("drain", "0", "zero"),
        ("retention", "soon", "for ever"),
        ("retention", "-1d", "for ever"),
        ("retention", "15m", "longer than lease"),
        ("brand-name", "a\tb", "printable"),
        ("brand-logo", "", "file"),
        ("brand-colour", "blue", "#rrggbb"),
        ("brand-imprint", "example.org", "https://"),
        ("log-format", "xml", "text or json"),
        ("source", "s3://x", "bucket"),
    ];
    for (key, value, remedy) in cases {
        let flag = flag_only(&[&format!("--{key}={value}")]).expect_err(value);
        let place = if key == "source" { "source ".to_owned() } else { format!("--{key} ") };
        assert!(flag.starts_with(&place) && flag.contains(remedy), "{flag}");
        let name = format!("ONCELINK_{}", key.replace('-', "_").to_uppercase());
        if !value.is_empty() {
            let variable = load(&[], Environment::from([(name.as_str(), value)]), "").expect_err(value);
            assert!(variable.starts_with(&format!("{name}=")) && variable.contains(remedy), "{variable}");
        }
        let file = load(&[], Environment::default(), &format!("{key} = {value:?}")).expect_err(value);
        assert!(file.starts_with(&format!("oncelink.toml: {} = ", key.replace('-', "_"))) && file.contains(remedy), "{file}");
    }
}

#[test]
fn a_lower_maximum_lowers_the_default_life_but_contradicts_a_longer_one() {
    assert_eq!(flag_only(&["--max-ttl", "1d"]).expect("valid").policy.ttl, DAY);
    assert!(flag_only(&["--max-ttl", "1d", "--ttl", "2d"]).is_err());
    let mixed = load(&["--max-ttl", "1d"], Environment::default(), "ttl = \"2d\"").expect_err("a contradiction");
    assert!(mixed.starts_with("oncelink.toml: ttl"), "{mixed}");
}

#[test]
fn a_password_in_the_store_is_never_shown() {
    for place in [
        flag_only(&["--store", "postgre://me:hunter2@db/x"]),
        load(&[], Environment::from([("ONCELINK_STORE", "postgres://me:hunter2@d b/x")]), ""),
        load(&[], Environment::default(), "store = \"postgre://db/x?password=hunter2\""),
    ] {
        let problem = place.expect_err("no store");
        assert!(problem.contains("postgres://") && !problem.contains("hunter2"), "{problem}");
    }
    let config = flag_only(&["--store", "postgres://me:hunter2@db/x"]).expect("valid");
    assert!(!format!("{config:?}").contains("hunter2"));
}

#[test]
fn variables_that_are_no_settings_are_left_alone() {
    let environment =
        Environment::from([("ONCELINK_PORT", "tcp://10.0.0.1:80"), ("ONCELINK_SERVICE_HOST", "10.0.0.1"), ("ONCELINK_LOG", "debug")]);
    assert!(load(&[], environment, "").is_ok());
}
