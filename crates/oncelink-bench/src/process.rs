//! What the kernel says of processes: CPU time and memory, read from `/proc`.

use std::fs;
use std::io;
use std::time::Duration;

/// The kernel's clock tick, in which it tells CPU times (`USER_HZ`, the same on every Linux that matters).
const TICK: Duration = Duration::from_millis(10);

/// The CPU time of this process so far.
///
/// # Errors
/// Where there is no `/proc`.
pub fn own_cpu() -> io::Result<Duration> {
    Ok(parse(&fs::read_to_string("/proc/self/stat")?).map(|stat| stat.cpu).unwrap_or_default())
}

/// The CPU time so far of a process and of all that descend from it.
///
/// # Errors
/// Where there is no `/proc`.
pub fn cpu(root: u32) -> io::Result<Duration> {
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
    Ok(all.iter().filter(|stat| family.contains(&stat.pid)).map(|stat| stat.cpu).sum())
}

/// The resident memory of a process, in bytes, without pages of files that it shares with the page cache.
///
/// # Errors
/// When the process is gone.
pub fn resident(pid: u32) -> io::Result<u64> {
    let status = fs::read_to_string(format!("/proc/{pid}/status"))?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let kib = line.and_then(|line| line.trim().strip_suffix(" kB")?.trim().parse::<u64>().ok());
    Ok(kib.unwrap_or_default() * 1024)
}

struct Stat {
    pid: u32,
    parent: u32,
    cpu: Duration,
}

/// Reads `/proc/PID/stat` (proc(5)): the program's name may have spaces and parentheses of its own.
fn parse(text: &str) -> Option<Stat> {
    let (pid, rest) = text.split_once(" (")?;
    let fields: Vec<&str> = rest.rsplit_once(") ")?.1.split(' ').collect();
    let ticks: u32 = fields.get(11..13)?.iter().filter_map(|field| field.parse::<u32>().ok()).sum();
    Some(Stat { pid: pid.parse().ok()?, parent: fields.get(1)?.parse().ok()?, cpu: TICK * ticks })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_with_parentheses_is_no_trouble() {
        let stat = parse("12 (a) b (c) S 7 12 12 0 -1 0 0 0 0 0 25 50 3 4 20 0 1 0 1 2 3").expect("it is well formed");
        assert_eq!((stat.pid, stat.parent, stat.cpu), (12, 7, Duration::from_millis(750)));
    }
}
