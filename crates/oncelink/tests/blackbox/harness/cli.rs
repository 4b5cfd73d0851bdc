//! The command line: runs `oncelink` to its end, with a deadline.

use std::io::Read;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use serde_json::Value;

use super::server::{Server, bare_command, exit_of};

/// What a command left behind.
#[derive(Debug)]
pub(crate) struct Ran {
    pub(crate) code: Option<i32>,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl Ran {
    /// Asserts the exit code.
    #[track_caller]
    pub(crate) fn exits(self, code: i32, what: &str) -> Self {
        assert_eq!(self.code, Some(code), "{what}: {self:?}");
        self
    }

    /// Standard output as JSON.
    pub(crate) fn json(&self) -> Value {
        match serde_json::from_str(self.out.trim()) {
            Ok(value) => value,
            Err(error) => panic!("no JSON ({error}): {self:?}"),
        }
    }
}

/// Runs `oncelink ARGS` in `folder`, with nothing configured.
pub(crate) async fn run(folder: &Path, args: &[&str]) -> Ran {
    let mut command = bare_command(folder);
    command.args(args);
    finish(command).await
}

/// Runs `oncelink ARGS` against `server`, told by the environment.
pub(crate) async fn run_for(server: &Server, args: &[&str]) -> Ran {
    let mut command = bare_command(server.scratch());
    command.args(args).env("ONCELINK_SERVER", server.url()).env("ONCELINK_KEY", &server.key);
    finish(command).await
}

/// Runs a command to its end.
pub(crate) async fn finish(mut command: Command) -> Ran {
    let child = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn();
    collect(child.expect("the binary can be started"), Duration::from_secs(60)).await
}

/// Waits for a child with piped output and collects it.
pub(crate) async fn collect(mut child: Child, limit: Duration) -> Ran {
    let mut out = child.stdout.take().expect("piped");
    let mut err = child.stderr.take().expect("piped");
    let out = tokio::task::spawn_blocking(move || text_of(&mut out));
    let err = tokio::task::spawn_blocking(move || text_of(&mut err));
    let status = exit_of(&mut child, limit).await;
    Ran { code: status.code(), out: out.await.expect("readable"), err: err.await.expect("readable") }
}

fn text_of(pipe: &mut impl Read) -> String {
    let mut bytes = Vec::new();
    pipe.read_to_end(&mut bytes).expect("a pipe can be read");
    String::from_utf8_lossy(&bytes).into_owned()
}
