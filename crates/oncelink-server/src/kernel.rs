//! What only the kernel knows of a TCP socket: how much the peer hasn't acknowledged, and whether the connection is over.
//!
//! The project's only `unsafe`: four system calls that no safe crate offers. Each gets a descriptor that its owner
//! keeps open, and the address and size of one local variable. Linux; elsewhere they are unsupported.

use std::io;
use std::os::fd::BorrowedFd;

#[cfg(target_os = "linux")]
pub(crate) use linux::{is_over, limit_unsent, unacknowledged, unsent};

#[cfg(not(target_os = "linux"))]
pub(crate) use elsewhere::{is_over, limit_unsent, unacknowledged, unsent};

#[cfg(target_os = "linux")]
#[expect(unsafe_code, reason = "system calls that no safe crate offers: SIOCOUTQ, SIOCOUTQNSD, TCP_INFO, TCP_NOTSENT_LOWAT")]
mod linux {
    use std::os::fd::AsRawFd;

    use super::{BorrowedFd, io};

    /// `TCP_CLOSE` of the kernel's `tcp_states.h`: reset, timed out, or closed by both sides.
    const CLOSE: u8 = 7;

    /// Bytes that were written and that the peer's TCP has not acknowledged; a closing FIN counts as one.
    ///
    /// tcp(7), `SIOCOUTQ`. Also true after a reset: what had been acknowledged until then stays so.
    pub(crate) fn unacknowledged(socket: BorrowedFd<'_>) -> io::Result<u64> {
        let mut count: libc::c_int = 0;
        // SAFETY: the descriptor is open as long as it is borrowed; SIOCOUTQ (the number is TIOCOUTQ's) writes one int to the
        // address that it is given, which is that of a live int.
        let answer = unsafe { libc::ioctl(socket.as_raw_fd(), libc::TIOCOUTQ, &raw mut count) };
        if answer < 0 { Err(io::Error::last_os_error()) } else { Ok(u64::try_from(count).unwrap_or(0)) }
    }

    /// Bytes that were written and that the kernel has not sent yet, not even once: the client can't have them.
    ///
    /// `SIOCOUTQNSD` of the kernel's `sockios.h`.
    pub(crate) fn unsent(socket: BorrowedFd<'_>) -> io::Result<u64> {
        /// The same number on every architecture.
        const SIOCOUTQNSD: libc::c_ulong = 0x894b;
        let mut count: libc::c_int = 0;
        // SAFETY: the descriptor is open as long as it is borrowed; SIOCOUTQNSD writes one int to the address that it is given,
        // which is that of a live int.
        let answer = unsafe { libc::ioctl(socket.as_raw_fd(), SIOCOUTQNSD as _, &raw mut count) };
        if answer < 0 { Err(io::Error::last_os_error()) } else { Ok(u64::try_from(count).unwrap_or(0)) }
    }

    /// Whether the connection has ended, so that nothing more can be acknowledged. Leaves `SO_ERROR` to whoever reads or
    /// writes next.
    pub(crate) fn is_over(socket: BorrowedFd<'_>) -> io::Result<bool> {
        // The state is the first byte of `struct tcp_info`, and the kernel writes no more than it is asked for.
        let mut state: u8 = 0;
        let mut length: libc::socklen_t = 1;
        // SAFETY: the descriptor is open as long as it is borrowed; the kernel writes at most `length` bytes, one, to the address
        // of a live byte, and the length it wrote to the address of a live socklen_t.
        let answer =
            unsafe { libc::getsockopt(socket.as_raw_fd(), libc::IPPROTO_TCP, libc::TCP_INFO, (&raw mut state).cast(), &raw mut length) };
        if answer < 0 { Err(io::Error::last_os_error()) } else { Ok(state == CLOSE) }
    }

    /// Lets at most about `bytes` wait unsent; the socket counts as writable when half of that is free. tcp(7),
    /// `TCP_NOTSENT_LOWAT`.
    pub(crate) fn limit_unsent(socket: BorrowedFd<'_>, bytes: u32) -> io::Result<()> {
        let length = size_of_val(&bytes) as libc::socklen_t;
        // SAFETY: the descriptor is open as long as it is borrowed; the kernel reads `length` bytes, four, from the address of a
        // live u32.
        let answer =
            unsafe { libc::setsockopt(socket.as_raw_fd(), libc::IPPROTO_TCP, libc::TCP_NOTSENT_LOWAT, (&raw const bytes).cast(), length) };
        if answer < 0 { Err(io::Error::last_os_error()) } else { Ok(()) }
    }
}

#[cfg(not(target_os = "linux"))]
mod elsewhere {
    use super::{BorrowedFd, io};

    /// Unsupported: what was written then counts as acknowledged.
    pub(crate) fn unacknowledged(_: BorrowedFd<'_>) -> io::Result<u64> {
        Err(io::ErrorKind::Unsupported.into())
    }

    /// Unsupported: what was written then counts as sent.
    pub(crate) fn unsent(_: BorrowedFd<'_>) -> io::Result<u64> {
        Err(io::ErrorKind::Unsupported.into())
    }

    /// Unsupported.
    pub(crate) fn is_over(_: BorrowedFd<'_>) -> io::Result<bool> {
        Err(io::ErrorKind::Unsupported.into())
    }

    /// Unsupported.
    pub(crate) fn limit_unsent(_: BorrowedFd<'_>, _: u32) -> io::Result<()> {
        Err(io::ErrorKind::Unsupported.into())
    }
}
