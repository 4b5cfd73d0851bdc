//! A pseudo-terminal: what a person would see.

use std::fs::File;
use std::io::{Read, Write};
use std::process::{Child, Command, ExitStatus};
use std::sync::{Arc, Condvar, Mutex};
use std::thread;
use std::time::Duration;

use rustix::fs::{Mode, OFlags, open};
use rustix::process::{Pid, Signal, kill_process};
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use rustix::termios::{Winsize, tcsetwinsize};

/// How long a test waits for something to appear.
const PATIENCE: Duration = Duration::from_secs(60);

/// A program in a terminal of 100 columns.
pub(crate) struct Pty {
    child: Child,
    keyboard: File,
    screen: Arc<(Mutex<Screen>, Condvar)>,
}

#[derive(Default)]
struct Screen {
    /// All that came, for a character may come in two pieces.
    bytes: Vec<u8>,
    text: String,
    is_over: bool,
}

impl Pty {
    /// Starts a command with all three streams in a terminal.
    pub(crate) fn start(command: &mut Command) -> Self {
        let master = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).expect("a pseudo-terminal");
        grantpt(&master).and_then(|()| unlockpt(&master)).expect("it is ours");
        let name = ptsname(&master, Vec::new()).expect("it has a name");
        let slave = open(&name, OFlags::RDWR | OFlags::NOCTTY, Mode::empty()).expect("the other end");
        tcsetwinsize(&slave, Winsize { ws_row: 40, ws_col: 100, ws_xpixel: 0, ws_ypixel: 0 }).expect("a size");
        let slave = File::from(slave);
        let end = || slave.try_clone().expect("shareable");
        let child = command.env("TERM", "xterm-256color").stdin(end()).stdout(end()).stderr(end()).spawn().expect("startable");
        // Without our own end of it, the terminal is over when the program is.
        drop(slave);
        command.stdin(std::process::Stdio::null()).stdout(std::process::Stdio::null()).stderr(std::process::Stdio::null());
        let keyboard = File::from(master);
        let screen: Arc<(Mutex<Screen>, Condvar)> = Arc::default();
        watch(keyboard.try_clone().expect("shareable"), Arc::clone(&screen));
        Self { child, keyboard, screen }
    }

    /// Types a text.
    pub(crate) fn types(&mut self, text: &str) {
        self.keyboard.write_all(text.as_bytes()).expect("it listens");
    }

    /// Sends what Ctrl-C sends to the program in the foreground.
    pub(crate) fn interrupt(&self) {
        kill_process(Pid::from_child(&self.child), Signal::INT).expect("it runs");
    }

    /// Waits until the screen has shown something that `wanted` finds.
    #[track_caller]
    pub(crate) fn shows<T>(&self, what: &str, wanted: impl Fn(&str) -> Option<T>) -> T {
        let (screen, changed) = &*self.screen;
        let mut now = screen.lock().expect("no panic holds it");
        loop {
            if let Some(found) = wanted(&now.text) {
                return found;
            }
            assert!(!now.is_over, "it ended without showing {what}: {}", now.text);
            let (next, waited) = changed.wait_timeout(now, PATIENCE).expect("no panic holds it");
            now = next;
            assert!(!waited.timed_out(), "it doesn't show {what}: {}", now.text);
        }
    }

    /// Waits for the program's end; the status and all that was shown.
    pub(crate) fn ends(mut self) -> (ExitStatus, String) {
        let (screen, changed) = &*self.screen;
        let now = screen.lock().expect("no panic holds it");
        let (now, waited) = changed.wait_timeout_while(now, PATIENCE, |now| !now.is_over).expect("no panic holds it");
        assert!(!waited.timed_out(), "it doesn't end: {}", now.text);
        let text = now.text.clone();
        drop(now);
        (self.child.wait().expect("it has ended"), text)
    }
}

impl Drop for Pty {
    fn drop(&mut self) {
        // A test that failed mustn't leave it behind.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn watch(mut terminal: File, screen: Arc<(Mutex<Screen>, Condvar)>) {
    thread::spawn(move || {
        let mut piece = [0; 4096];
        loop {
            // The end is an error on Linux: nobody has the other end open any more.
            let count = terminal.read(&mut piece).unwrap_or(0);
            let mut now = screen.0.lock().expect("no panic holds it");
            now.bytes.extend_from_slice(&piece[..count]);
            now.text = String::from_utf8_lossy(&now.bytes).into_owned();
            now.is_over = count == 0;
            screen.1.notify_all();
            if count == 0 {
                return;
            }
        }
    });
}
