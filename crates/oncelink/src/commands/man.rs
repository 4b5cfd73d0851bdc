//! `oncelink man`: the manual, made from the command line itself.

use std::fs;
use std::io;
use std::path::Path;

use clap::{Command, CommandFactory};
use clap_mangen::Man;
use clap_mangen::roff::{Roff, bold, roman};

use crate::cli::Cli;
use crate::cli::shell::ManArgs;
use crate::exit::Failure;
use crate::output;

/// What every page says of the exit code.
const CODES: [(&str, &str); 4] =
    [("0", "Done."), ("1", "Failed."), ("2", "Wrong usage."), ("3", "Refused: the link is spent, expired, revoked, ...")];
/// Variables that are no flag's.
const VARIABLES: [(&str, &str); 4] = [
    ("ONCELINK_...", "Every setting of 'serve' and of the commands that talk to a server: the flag in capitals, with _ between words."),
    ("ONCELINK_PASSPHRASE", "The passphrase of a link, kept out of the list of processes."),
    ("ONCELINK_LOG", "What is logged, such as 'debug' or 'oncelink_http=trace'."),
    ("HTTPS_PROXY, HTTP_PROXY, ALL_PROXY, NO_PROXY", "The proxy that 'get' and the commands that talk to a server go through."),
];
/// Files that are read or made.
const FILES: [(&str, &str); 3] = [
    ("oncelink.toml", "Settings, when it lies in the current folder or is named by --config."),
    ("oncelink-data/", "The data folder: the SQLite file, and api-key, the key made at first start."),
    ("ID.oncelink, ID.oncelink-part", "What 'get' needs to go on with an unfinished download. They go when it is done."),
];

/// Prints a page, or writes all of them.
pub(crate) fn run(args: &ManArgs) -> Result<(), Failure> {
    // Built, so that every command knows its own name and inherited flags.
    let mut whole = Cli::command();
    whole.build();
    match &args.dir {
        Some(dir) => write_all(&whole, dir),
        None => output::bytes(&page(find(&whole, &args.command)?)?),
    }
}

/// The command of these words.
fn find<'a>(whole: &'a Command, words: &[String]) -> Result<&'a Command, Failure> {
    words.iter().try_fold(whole, |command, word| {
        command
            .find_subcommand(word)
            .ok_or_else(|| Failure::usage(format!("there is no command {:?}; 'oncelink --help' shows them", words.join(" "))))
    })
}

fn write_all(command: &Command, dir: &Path) -> Result<(), Failure> {
    let failed = |error: io::Error| Failure::failed(format!("{} can't be written: {error}", dir.display()));
    fs::create_dir_all(dir).map_err(failed)?;
    let name = command.get_display_name().unwrap_or("oncelink");
    fs::write(dir.join(format!("{name}.1")), page(command)?).map_err(failed)?;
    command.get_subcommands().filter(|inner| inner.get_name() != "help").try_for_each(|inner| write_all(inner, dir))
}

fn page(command: &Command) -> Result<Vec<u8>, Failure> {
    let mut page = Vec::new();
    render(command, &mut page).map_err(|error| Failure::failed(format!("the manual can't be made: {error}")))?;
    Ok(page)
}

fn render(command: &Command, page: &mut Vec<u8>) -> io::Result<()> {
    let man = Man::new(command.clone());
    man.render_title(page)?;
    man.render_name_section(page)?;
    man.render_synopsis_section(page)?;
    man.render_description_section(page)?;
    if command.get_arguments().next().is_some() {
        man.render_options_section(page)?;
    }
    if command.has_subcommands() {
        man.render_subcommands_section(page)?;
    }
    for (title, rows) in [("EXIT STATUS", &CODES[..]), ("ENVIRONMENT", &VARIABLES), ("FILES", &FILES)] {
        section(title, rows).to_writer(page)?;
    }
    man.render_version_section(page)
}

fn section(title: &str, rows: &[(&str, &str)]) -> Roff {
    let mut roff = Roff::new();
    roff.control("SH", [title]);
    for (term, meaning) in rows {
        roff.control("TP", []);
        roff.text([bold(*term)]);
        roff.text([roman(*meaning)]);
    }
    roff
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_command_has_a_page_that_names_its_flags_and_the_exit_codes() {
        let folder = tempfile::tempdir().expect("a folder");
        run(&ManArgs { command: Vec::new(), dir: Some(folder.path().to_owned()) }).expect("writable");
        let read = |name: &str| fs::read_to_string(folder.path().join(name)).unwrap_or_else(|error| panic!("{name}: {error}"));
        assert!(read("oncelink.1").contains("EXIT STATUS") && read("oncelink.1").contains("oncelink\\-link"));
        assert!(read("oncelink-link-create.1").contains("\\-\\-uses"));
        assert!(read("oncelink-serve.1").contains("\\-\\-public\\-url"));
        assert!(fs::read_dir(folder.path()).expect("a folder").count() > 15);
    }

    #[test]
    fn a_command_that_there_isnt_is_wrong_usage() {
        let mut whole = Cli::command();
        whole.build();
        let find = |words: &[&str]| {
            find(&whole, &words.iter().map(|&word| word.to_owned()).collect::<Vec<_>>()).map(|found| found.get_name().to_owned())
        };
        assert_eq!(find(&["link", "create"]), Ok("create".to_owned()));
        assert_eq!(find(&["link", "fly"]).map_err(|failure| failure.code()), Err(2));
    }
}
