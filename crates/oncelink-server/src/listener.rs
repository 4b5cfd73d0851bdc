//! The listening socket: bound first, so that its address can stand in links, then served.

use std::io;
use std::net::SocketAddr;

use tokio::net::{TcpListener, TcpSocket};

/// How many connections the kernel may hold for us until they are accepted: a crowd that clicks at once has to fit.
const BACKLOG: u32 = 4096;

/// A bound socket on which nobody is answered yet.
#[derive(Debug)]
pub struct Listener(pub(crate) TcpListener);

impl Listener {
    /// Binds `addr`; port 0 picks a free one. Must be called within a runtime.
    ///
    /// # Errors
    /// When the address is in use, isn't this machine's, or isn't allowed.
    pub fn bind(addr: SocketAddr) -> io::Result<Self> {
        let socket = if addr.is_ipv4() { TcpSocket::new_v4() } else { TcpSocket::new_v6() }?;
        // A restart must not wait until the connections of the process before are forgotten. (Elsewhere than on Unix the
        // option would let two processes share the port.)
        #[cfg(unix)]
        socket.set_reuseaddr(true)?;
        socket.bind(addr)?;
        socket.listen(BACKLOG).map(Self)
    }

    /// The address, with the port that was picked.
    ///
    /// # Errors
    /// When the system can't say.
    pub fn local_addr(&self) -> io::Result<SocketAddr> {
        self.0.local_addr()
    }
}
