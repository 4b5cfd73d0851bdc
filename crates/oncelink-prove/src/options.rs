//! The command line of `oncelink-prove`.

use std::path::PathBuf;
use std::time::Duration;

use crate::engines::Kind;

/// What `--help` prints, and a wrong use too.
pub const USAGE: &str = "\
usage: oncelink-prove [--quick | --full | --tokens N] [--store sqlite|postgres|dynamodb]... [OPTION]...

  --quick           10,500 links over the stores (the default)
  --full            1,000,000 links on each store (DynamoDB: in rounds of 100,000, each on an
                    empty table and with the next seed, for its emulator slows down as a
                    table grows)
  --tokens N        N links on each store
  --store NAME      only this store; may be repeated
  --seed N          the seed of all chance; without it one is drawn and printed
  --only N          only the tale of link N, in calm weather; its history is printed
  --servers N       how many servers share a store (SQLite: one)
  --lease S         the servers' lease in seconds (10)
  --side-by-side N  how many tales run at once (64; for 100,000 links and more 1,000)
  --binary PATH     the program (the `oncelink` beside this one)
  --scripts DIR     the engines' scripts (scripts/engines)
";

/// What was asked for.
#[derive(Clone, Debug)]
pub struct Options {
    /// The stores.
    pub kinds: Vec<Kind>,
    /// How many links.
    pub size: Size,
    /// All chance.
    pub seed: u64,
    /// Only this tale.
    pub only: Option<u64>,
    /// How many servers; nothing: as many as the store is usually tried with.
    pub servers: Option<usize>,
    /// The lease.
    pub lease: Duration,
    /// How many tales at once, where it was said.
    pub side_by_side: Option<u64>,
    /// The program.
    pub binary: Option<PathBuf>,
    /// The engines' scripts.
    pub scripts: PathBuf,
}

/// How many links.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Size {
    /// Some two minutes on two cores.
    Quick,
    /// So many on each store.
    Each(u64),
}

impl Size {
    /// How many links on one store.
    pub fn on(self, kind: Kind) -> u64 {
        match (self, kind) {
            (Self::Each(count), _) => count,
            (Self::Quick, Kind::Sqlite) => 5_000,
            (Self::Quick, Kind::Postgres) => 3_500,
            (Self::Quick, Kind::DynamoDb) => 2_000,
        }
    }

    /// The same, round by round.
    pub fn rounds(self, kind: Kind) -> Vec<u64> {
        let (all, most) = (self.on(kind), kind.round());
        let whole = usize::try_from(all / most).unwrap_or(usize::MAX);
        let rest = Some(all % most).filter(|rest| *rest > 0 || all == 0);
        std::iter::repeat_n(most, whole).chain(rest).collect()
    }

    /// How many tales run at once, unless it is said: in a long run many wait for a lease to end.
    pub fn side_by_side(self) -> u64 {
        match self {
            Self::Each(100_000..) => 1_000,
            Self::Each(_) | Self::Quick => 64,
        }
    }
}

impl Options {
    /// Reads the words after the program's name. `drawn` is the seed when none is given.
    ///
    /// # Errors
    /// What is wrong with them.
    pub fn parse(words: impl Iterator<Item = String>, drawn: u64) -> Result<Self, String> {
        let mut options = Self {
            kinds: Vec::new(),
            size: Size::Quick,
            seed: drawn,
            only: None,
            servers: None,
            lease: Duration::from_secs(10),
            side_by_side: None,
            binary: None,
            scripts: PathBuf::from("scripts/engines"),
        };
        let mut words = words;
        while let Some(word) = words.next() {
            let mut value = || words.next().ok_or_else(|| format!("{word} takes a value"));
            match word.as_str() {
                "--quick" => options.size = Size::Quick,
                "--full" => options.size = Size::Each(1_000_000),
                "--tokens" => options.size = Size::Each(number(&word, &value()?)?),
                "--store" => options.kinds.push(kind(&value()?)?),
                "--seed" => options.seed = number(&word, &value()?)?,
                "--only" => options.only = Some(number(&word, &value()?)?),
                "--servers" => options.servers = Some(usize::try_from(number(&word, &value()?)?.max(1)).unwrap_or(1)),
                "--lease" => options.lease = Duration::from_secs(number(&word, &value()?)?.max(1)),
                "--side-by-side" => options.side_by_side = Some(number(&word, &value()?)?.max(1)),
                "--binary" => options.binary = Some(value()?.into()),
                "--scripts" => options.scripts = value()?.into(),
                _ => return Err(format!("{word} is no option")),
            }
        }
        if options.kinds.is_empty() {
            options.kinds = Kind::ALL.to_vec();
        }
        Ok(options)
    }
}

fn number(option: &str, text: &str) -> Result<u64, String> {
    text.replace('_', "").parse().map_err(|_| format!("{option} takes a number, not '{text}'"))
}

fn kind(text: &str) -> Result<Kind, String> {
    let found = Kind::ALL.into_iter().find(|kind| kind.name() == text);
    found.ok_or_else(|| format!("'{text}' is no store; there are sqlite, postgres and dynamodb"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(line: &str) -> Result<Options, String> {
        Options::parse(line.split_whitespace().map(str::to_owned), 7)
    }

    #[test]
    fn the_quick_run_has_ten_thousand_links() {
        let options = parse("").expect("all is optional");
        assert!(options.kinds.iter().map(|kind| options.size.on(*kind)).sum::<u64>() >= 10_000);
        assert_eq!(options.seed, 7);
    }

    #[test]
    fn rounds_make_the_whole() {
        let rounds = |links, kind| Size::Each(links).rounds(kind);
        assert_eq!(rounds(1_000_000, Kind::DynamoDb), [100_000; 10]);
        assert_eq!(rounds(250_000, Kind::DynamoDb), [100_000, 100_000, 50_000]);
        assert_eq!(rounds(1_000_000, Kind::Postgres), [1_000_000]);
        assert_eq!(rounds(7, Kind::DynamoDb), [7]);
    }

    #[test]
    fn a_long_run_is_a_wide_one() {
        let width = |line: &str| parse(line).expect("right").size.side_by_side();
        assert!(width("--full") > width("--tokens 99_999") && width("--tokens 99_999") == width("--quick"));
    }

    #[test]
    fn what_is_no_option_is_named() {
        assert_eq!(parse("--stor sqlite").expect_err("wrong"), "--stor is no option");
        assert!(parse("--store mysql").expect_err("wrong").contains("mysql"));
        assert!(parse("--tokens many").expect_err("wrong").contains("many"));
    }
}
