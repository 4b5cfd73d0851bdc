//! What the kernel says of processes: CPU time and memory, read from `/proc`.

use std::collections::HashMap;
use std::fs;
use std::io;
use std::time::{Duration, Instant};

/// The kernel's clock tick, in which it tells CPU times (`USER_HZ`, the same on every Linux that matters).
const TICK: Duration = Duration::from_millis(10);

/// The CPU time so far of a process and of all that descend from it.
#[derive(Debug, Default)]
pub struct Cpu {
    /// In ticks: of all threads, those that have ended included.
    ticks: Duration,
    /// To the nanosecond: of each thread that lives.
    threads: HashMap<u32, Duration>,
    processes: u32,
}

impl Cpu {
    /// What was spent since `before`: to the nanosecond, or in ticks where a thread may have taken its part with it.
    pub fn since(&self, before: &Self) -> Duration {
        let spent = |(thread, now): (&u32, &Duration)| now.saturating_sub(before.threads.get(thread).copied().unwrap_or_default());
        let exact: Duration = self.threads.iter().map(spent).sum();
        let ticks = self.ticks.saturating_sub(before.ticks);
        // Time in the program and time in the kernel are each cut to whole ticks: so far apart they may be without a reason.
        let slack = TICK * 2 * self.processes;
        let is_lost = before.threads.keys().any(|thread| !self.threads.contains_key(thread)) || ticks > exact + slack;
        if is_lost || self.threads.is_empty() { exact.max(ticks) } else { exact }
    }
}

/// The CPU time so far of a process and of all that descend from it.
///
/// # Errors
/// Where there is no `/proc`.
pub fn cpu(root: u32) -> io::Result<Cpu> {
    let all: Vec<Stat> = fs::read_dir("/proc")?
        .filter_map(|entry| entry.ok()?.file_name().to_str()?.parse::<u32>().ok())
        .filter_map(|pid| parse(&fs::read_to_string(format!("/proc/{pid}/stat")).ok()?))
        .collect();
    let mut family = vec![root];
    let mut at = 0;
    while let Some(&parent) = family.get(at) {
        family.extend(all.iter().filter(|stat| stat.parent == parent).map(|stat| stat.pid));
        at += 1;
    }
    let mut sum = Cpu::default();
    for stat in all.iter().filter(|stat| family.contains(&stat.pid)) {
        sum.ticks += stat.cpu;
        sum.threads.extend(threads(stat.pid));
        sum.processes += 1;
    }
    Ok(sum)
}

/// The resident memory of a process, in bytes (`VmRSS`): the pages of files that it has mapped, its own program's for one, are
/// counted too.
///
/// # Errors
/// When the process is gone.
pub fn resident(pid: u32) -> io::Result<u64> {
    let status = fs::read_to_string(format!("/proc/{pid}/status"))?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let kib = line.and_then(|line| line.trim().strip_suffix(" kB")?.trim().parse::<u64>().ok());
    Ok(kib.unwrap_or_default() * 1024)
}

/// What this thread, which is a load client's, spends from now on. Must be asked by the thread that began it.
pub struct Own {
    begin: Instant,
    cpu: Duration,
}

impl Own {
    /// From now on.
    ///
    /// # Errors
    /// Where there is no `/proc`.
    pub fn start() -> io::Result<Self> {
        Ok(Self { cpu: thread_cpu()?, begin: Instant::now() })
    }

    /// The time that has passed.
    pub fn elapsed(&self) -> Duration {
        self.begin.elapsed()
    }

    /// The thread's CPU time meanwhile.
    ///
    /// # Errors
    /// Where there is no `/proc`.
    pub fn cpu(&self) -> io::Result<Duration> {
        Ok(thread_cpu()?.saturating_sub(self.cpu))
    }

    /// The share of one core that the thread used meanwhile.
    ///
    /// # Errors
    /// Where there is no `/proc`.
    pub fn share(&self) -> io::Result<f64> {
        Ok(self.cpu()?.as_secs_f64() / self.elapsed().as_secs_f64())
    }
}

/// The CPU time of all children that this process has waited for, in ticks.
///
/// # Errors
/// Where there is no `/proc`.
pub fn children_cpu() -> io::Result<Duration> {
    Ok(parse(&fs::read_to_string("/proc/self/stat")?).map(|stat| stat.children).unwrap_or_default())
}

/// The CPU time of this thread so far.
fn thread_cpu() -> io::Result<Duration> {
    // Looking at the process has the kernel add up what the running thread has spent since its last tick.
    fs::read_to_string("/proc/self/stat")?;
    match fs::read_to_string("/proc/thread-self/schedstat") {
        Ok(text) => Ok(nanoseconds(&text).unwrap_or_default()),
        Err(_) => Ok(parse(&fs::read_to_string("/proc/thread-self/stat")?).map(|stat| stat.cpu).unwrap_or_default()),
    }
}

/// The CPU time of each living thread of a process; of none where the kernel doesn't tell.
fn threads(pid: u32) -> Vec<(u32, Duration)> {
    let tasks = fs::read_dir(format!("/proc/{pid}/task")).into_iter().flatten();
    let one = |entry: fs::DirEntry| {
        let spent = nanoseconds(&fs::read_to_string(entry.path().join("schedstat")).ok()?)?;
        Some((entry.file_name().to_str()?.parse().ok()?, spent))
    };
    tasks.filter_map(|entry| one(entry.ok()?)).collect()
}

/// The first number of a `schedstat`: nanoseconds on a processor.
fn nanoseconds(text: &str) -> Option<Duration> {
    text.split_whitespace().next()?.parse().ok().map(Duration::from_nanos)
}

struct Stat {
    pid: u32,
    parent: u32,
    cpu: Duration,
    children: Duration,
}

/// Reads `/proc/PID/stat` (proc(5)): the program's name may have spaces and parentheses of its own.
fn parse(text: &str) -> Option<Stat> {
    let (pid, rest) = text.split_once(" (")?;
    let fields: Vec<&str> = rest.rsplit_once(") ")?.1.split(' ').collect();
    let ticks = |from: usize| -> Option<Duration> {
        Some(TICK * fields.get(from..from + 2)?.iter().filter_map(|field| field.parse::<u32>().ok()).sum::<u32>())
    };
    Some(Stat { pid: pid.parse().ok()?, parent: fields.get(1)?.parse().ok()?, cpu: ticks(11)?, children: ticks(13)? })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Has the calling thread spend some CPU time.
    fn burn(span: Duration) {
        let own = Own::start().expect("there is /proc");
        while own.cpu().expect("there is /proc") < span {}
    }

    fn of(threads: &[(u32, u64)], ticks: u32) -> Cpu {
        let threads = threads.iter().map(|(id, millis)| (*id, Duration::from_millis(*millis))).collect();
        Cpu { ticks: TICK * ticks, threads, processes: 1 }
    }

    #[test]
    fn a_name_with_parentheses_is_no_trouble() {
        let stat = parse("12 (a) b (c) S 7 12 12 0 -1 0 0 0 0 0 25 50 3 4 20 0 1 0 1 2 3").expect("it is well formed");
        assert_eq!((stat.pid, stat.parent, stat.cpu, stat.children), (12, 7, Duration::from_millis(750), Duration::from_millis(70)));
    }

    #[test]
    fn nanoseconds_count_unless_a_thread_has_ended() {
        let before = of(&[(1, 100), (2, 40)], 14);
        let spent = |now: Cpu| now.since(&before).as_millis();
        assert_eq!(spent(of(&[(1, 107), (2, 43), (3, 5)], 16)), 15);
        assert_eq!(spent(of(&[(1, 107)], 16)), 20, "the second one's part is in the ticks only");
        assert_eq!(spent(of(&[(1, 107), (2, 40)], 24)), 100, "one came and went");
        assert_eq!(of(&[], 16).since(&of(&[], 14)).as_millis(), 20, "a kernel that doesn't tell");
    }

    #[test]
    fn what_an_ended_thread_spent_is_not_lost() {
        let before = cpu(std::process::id()).expect("there is /proc");
        std::thread::spawn(|| burn(Duration::from_millis(100))).join().expect("it ends");
        let spent = cpu(std::process::id()).expect("there is /proc").since(&before);
        assert!(spent >= Duration::from_millis(80), "{spent:?}");
    }
}
