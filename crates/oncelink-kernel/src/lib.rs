//! What only the kernel knows of a TCP socket (how much the peer hasn't acknowledged, whether the connection is over) and
//! what only it can be told (when to wake who waits).
//!
//! The project's only `unsafe`: five system calls that no safe crate offers. Each gets a descriptor that its owner
//! keeps open, and the address and size of one local variable. Linux; elsewhere they are unsupported.
#![deny(unsafe_code)]

use std::io;
use std::os::fd::BorrowedFd;

#[cfg(target_os = "linux")]
pub use linux::{is_over, limit_unsent, unacknowledged, unsent, wake_from};

#[cfg(not(target_os = "linux"))]
pub use elsewhere::{is_over, limit_unsent, unacknowledged, unsent, wake_from};

#[cfg(target_os = "linux")]
#[expect(unsafe_code, reason = "calls that no safe crate offers: SIOCOUTQ, SIOCOUTQNSD, TCP_INFO, TCP_NOTSENT_LOWAT, SO_RCVLOWAT")]
mod linux {
    use std::os::fd::AsRawFd;

    use libc::{c_int, socklen_t};

    use super::{BorrowedFd, io};

    /// `SIOCOUTQNSD` of the kernel's `sockios.h`, the same number on every architecture.
    const SIOCOUTQNSD: libc::Ioctl = 0x894b;
    /// `TCP_CLOSE` of the kernel's `tcp_states.h`: reset, timed out, or closed by both sides.
    const CLOSE: u8 = 7;

    /// Bytes that were written and that the peer's TCP has not acknowledged; a closing FIN counts as one.
    ///
    /// tcp(7), `SIOCOUTQ`. Also true after a reset: what had been acknowledged until then stays so.
    ///
    /// # Errors
    /// What the kernel says.
    pub fn unacknowledged(socket: BorrowedFd<'_>) -> io::Result<u64> {
        count(socket, Queue::Unacknowledged)
    }

    /// Bytes that were written and that the kernel has not sent yet, not even once: the client can't have them.
    ///
    /// `SIOCOUTQNSD` of the kernel's `sockios.h`.
    ///
    /// # Errors
    /// What the kernel says.
    pub fn unsent(socket: BorrowedFd<'_>) -> io::Result<u64> {
        count(socket, Queue::Unsent)
    }

    /// Whether the connection has ended, so that nothing more can be acknowledged. Leaves `SO_ERROR` to whoever reads or
    /// writes next.
    ///
    /// # Errors
    /// What the kernel says.
    pub fn is_over(socket: BorrowedFd<'_>) -> io::Result<bool> {
        // The state is the first byte of `struct tcp_info`, and the kernel writes no more than it is asked for.
        let mut state: u8 = 0;
        let mut length: socklen_t = 1;
        // SAFETY: the descriptor is open as long as it is borrowed; the kernel writes at most `length` bytes, one, to the address
        // of a live byte, and the length it wrote to the address of a live socklen_t.
        let answer =
            unsafe { libc::getsockopt(socket.as_raw_fd(), libc::IPPROTO_TCP, libc::TCP_INFO, (&raw mut state).cast(), &raw mut length) };
        done(answer).map(|()| state == CLOSE)
    }

    /// Lets at most about `bytes` wait unsent; the socket counts as writable when half of that is free. tcp(7),
    /// `TCP_NOTSENT_LOWAT`.
    ///
    /// # Errors
    /// What the kernel says.
    pub fn limit_unsent(socket: BorrowedFd<'_>, bytes: u32) -> io::Result<()> {
        set(socket, libc::IPPROTO_TCP, libc::TCP_NOTSENT_LOWAT, bytes)
    }

    /// From how many waiting bytes on the socket counts as readable, so that who waits for it is woken. Its end and its errors
    /// count always, and a read gets what is there all the same. socket(7), `SO_RCVLOWAT`.
    ///
    /// Lowered, it wakes at once where enough is there already (Linux 4.18 and later).
    ///
    /// # Errors
    /// What the kernel says.
    pub fn wake_from(socket: BorrowedFd<'_>, bytes: u32) -> io::Result<()> {
        set(socket, libc::SOL_SOCKET, libc::SO_RCVLOWAT, bytes)
    }

    enum Queue {
        Unacknowledged,
        Unsent,
    }

    /// How many bytes are in a queue.
    fn count(socket: BorrowedFd<'_>, queue: Queue) -> io::Result<u64> {
        // SIOCOUTQ has the number of TIOCOUTQ.
        let call = match queue {
            Queue::Unacknowledged => libc::TIOCOUTQ,
            Queue::Unsent => SIOCOUTQNSD,
        };
        let mut count: c_int = 0;
        // SAFETY: the descriptor is open as long as it is borrowed; both calls write one int to the address that they are given,
        // which is that of a live int.
        let answer = unsafe { libc::ioctl(socket.as_raw_fd(), call, &raw mut count) };
        done(answer).map(|()| u64::try_from(count).unwrap_or(0))
    }

    fn set(socket: BorrowedFd<'_>, level: c_int, option: c_int, value: u32) -> io::Result<()> {
        let value = c_int::try_from(value).unwrap_or(c_int::MAX);
        let length = size_of_val(&value) as socklen_t;
        // SAFETY: the descriptor is open as long as it is borrowed; the kernel reads `length` bytes, an int, from the address of a
        // live int.
        let answer = unsafe { libc::setsockopt(socket.as_raw_fd(), level, option, (&raw const value).cast(), length) };
        done(answer)
    }

    fn done(answer: c_int) -> io::Result<()> {
        if answer < 0 { Err(io::Error::last_os_error()) } else { Ok(()) }
    }
}

#[cfg(not(target_os = "linux"))]
mod elsewhere {
    use super::{BorrowedFd, io};

    /// Unsupported: what was written then counts as acknowledged.
    ///
    /// # Errors
    /// Always.
    pub fn unacknowledged(_: BorrowedFd<'_>) -> io::Result<u64> {
        Err(io::ErrorKind::Unsupported.into())
    }

    /// Unsupported: what was written then counts as sent.
    ///
    /// # Errors
    /// Always.
    pub fn unsent(_: BorrowedFd<'_>) -> io::Result<u64> {
        Err(io::ErrorKind::Unsupported.into())
    }

    /// Unsupported.
    ///
    /// # Errors
    /// Always.
    pub fn is_over(_: BorrowedFd<'_>) -> io::Result<bool> {
        Err(io::ErrorKind::Unsupported.into())
    }

    /// Unsupported.
    ///
    /// # Errors
    /// Always.
    pub fn limit_unsent(_: BorrowedFd<'_>, _: u32) -> io::Result<()> {
        Err(io::ErrorKind::Unsupported.into())
    }

    /// Unsupported: who waits is woken by every byte.
    ///
    /// # Errors
    /// Always.
    pub fn wake_from(_: BorrowedFd<'_>, _: u32) -> io::Result<()> {
        Err(io::ErrorKind::Unsupported.into())
    }
}
