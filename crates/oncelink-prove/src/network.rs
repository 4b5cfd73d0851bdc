//! The way to the servers: straight, or through a TCP proxy that holds up, drops, cuts, doubles and swallows.
//!
//! A client says in a line of its own, before the request, what shall happen to it: so the same seed makes the same
//! mishaps. Buffers are small on purpose: what the proxy's TCP acknowledges counts as delivered for the server, so it must
//! not run far ahead of what the client gets ([`AHEAD`]).

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::task::JoinHandle;

use crate::fleet::Fleet;
use crate::history::Mishap;
use crate::message::Stream;

/// At most so many bytes are acknowledged on a client's behalf that it never sees: four socket buffers and a chunk, rounded up.
pub const AHEAD: u64 = 1 << 20;
/// A socket buffer, of which the kernel makes twice as much.
const BUFFER: u32 = 64 * 1024;
/// How much of an answer is held up.
const CHUNK: usize = 1024;
/// How long the proxy waits for a server's answer before it gives up.
const PATIENCE: Duration = Duration::from_secs(120);

/// The servers, and the proxy before them.
pub struct Network {
    fleet: Arc<dyn Fleet>,
    proxy: SocketAddr,
    task: JoinHandle<()>,
}

impl Network {
    /// Opens the proxy.
    ///
    /// # Errors
    /// When no port is free.
    pub async fn open(fleet: Arc<dyn Fleet>) -> io::Result<Self> {
        let socket = TcpSocket::new_v4()?;
        socket.set_send_buffer_size(BUFFER)?;
        socket.bind(SocketAddr::from(([127, 0, 0, 1], 0)))?;
        let listener = socket.listen(1024)?;
        let proxy = listener.local_addr()?;
        let task = tokio::spawn(accept(listener, Arc::clone(&fleet)));
        Ok(Self { fleet, proxy, task })
    }

    /// The servers.
    pub fn fleet(&self) -> &dyn Fleet {
        self.fleet.as_ref()
    }

    /// Connects to a server, and sends a request that suffers `mishap`.
    ///
    /// # Errors
    /// When the server can't be reached.
    pub async fn send(&self, server: usize, mishap: Mishap, request: &[u8]) -> io::Result<Stream> {
        if mishap == Mishap::None {
            let mut stream = Stream::new(narrow(self.fleet.addresses()[server]).await?);
            stream.send(request).await?;
            return Ok(stream);
        }
        let mut stream = Stream::new(narrow(self.proxy).await?);
        let (name, number) = spell(mishap);
        let mut bytes = format!("{name} {number} {server} {}\n", request.len()).into_bytes();
        bytes.extend_from_slice(request);
        stream.send(&bytes).await?;
        Ok(stream)
    }
}

impl Drop for Network {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// A connection with a small receive buffer.
async fn narrow(to: SocketAddr) -> io::Result<TcpStream> {
    let socket = TcpSocket::new_v4()?;
    socket.set_recv_buffer_size(BUFFER)?;
    let stream = socket.connect(to).await?;
    stream.set_nodelay(true)?;
    Ok(stream)
}

async fn accept(listener: TcpListener, fleet: Arc<dyn Fleet>) {
    loop {
        // Out of descriptors for a moment: clients see a cut, as on any bad day.
        let Ok((client, _)) = listener.accept().await else { continue };
        let fleet = Arc::clone(&fleet);
        tokio::spawn(async move {
            let mut client = Stream::new(client);
            if tokio::time::timeout(PATIENCE, carry(&mut client, fleet.as_ref())).await.is_ok_and(|carried| carried.is_ok()) {
                return;
            }
            client.reset();
        });
    }
}

/// Carries one request; an error is a cut that the client sees.
async fn carry(client: &mut Stream, fleet: &dyn Fleet) -> io::Result<()> {
    let (mishap, server, length) = read_order(&client.line().await?).ok_or(io::ErrorKind::InvalidData)?;
    let mut request = Vec::new();
    client.take(length, &mut request).await;
    let cut = || Err(io::Error::from(io::ErrorKind::ConnectionReset));
    let address = *fleet.addresses().get(server).ok_or(io::ErrorKind::NotFound)?;
    if mishap == Mishap::Dropped {
        return cut();
    }
    if let Mishap::Late(millis) = mishap {
        tokio::time::sleep(Duration::from_millis(millis)).await;
    }
    let mut upstream = Stream::new(narrow(address).await?);
    upstream.send(&request).await?;
    match mishap {
        Mishap::Abandoned => {
            upstream.reset();
            cut()
        }
        Mishap::Swallowed => {
            let _ = upstream.some(1).await?;
            upstream.reset();
            cut()
        }
        Mishap::Doubled => {
            let twin = tokio::spawn(twin(address, request));
            let relayed = relay(upstream, client, u64::MAX).await;
            let _ = twin.await;
            relayed
        }
        Mishap::Held(millis) => {
            let begin = upstream.some(CHUNK).await?;
            tokio::time::sleep(Duration::from_millis(millis)).await;
            client.send(&begin).await?;
            relay(upstream, client, u64::MAX).await
        }
        Mishap::Cut(after) => {
            relay(upstream, client, after).await?;
            cut()
        }
        Mishap::None | Mishap::Late(_) | Mishap::Dropped => relay(upstream, client, u64::MAX).await,
    }
}

/// The same request once more; its answer is thrown away when it begins.
async fn twin(address: SocketAddr, request: Vec<u8>) -> io::Result<()> {
    let mut upstream = Stream::new(narrow(address).await?);
    upstream.send(&request).await?;
    let _ = upstream.some(1).await?;
    upstream.reset();
    Ok(())
}

/// Passes an answer on until it ends or `most` bytes have passed.
async fn relay(mut upstream: Stream, client: &mut Stream, most: u64) -> io::Result<()> {
    let mut left = most;
    while left > 0 {
        let some = upstream.some(usize::try_from(left).unwrap_or(usize::MAX)).await?;
        if some.is_empty() {
            return Ok(());
        }
        left -= some.len() as u64;
        if let Err(error) = client.send(&some).await {
            upstream.reset();
            return Err(error);
        }
    }
    upstream.reset();
    Ok(())
}

fn spell(mishap: Mishap) -> (&'static str, u64) {
    match mishap {
        Mishap::None => ("none", 0),
        Mishap::Late(millis) => ("late", millis),
        Mishap::Held(millis) => ("held", millis),
        Mishap::Dropped => ("dropped", 0),
        Mishap::Abandoned => ("abandoned", 0),
        Mishap::Swallowed => ("swallowed", 0),
        Mishap::Doubled => ("doubled", 0),
        Mishap::Cut(after) => ("cut", after),
    }
}

fn read_order(line: &str) -> Option<(Mishap, usize, u64)> {
    let mut words = line.split(' ');
    let name = words.next()?;
    let number: u64 = words.next()?.parse().ok()?;
    let mishap = match name {
        "late" => Mishap::Late(number),
        "held" => Mishap::Held(number),
        "dropped" => Mishap::Dropped,
        "abandoned" => Mishap::Abandoned,
        "swallowed" => Mishap::Swallowed,
        "doubled" => Mishap::Doubled,
        "cut" => Mishap::Cut(number),
        "none" => Mishap::None,
        _ => return None,
    };
    Some((mishap, words.next()?.parse().ok()?, words.next()?.parse().ok()?))
}
