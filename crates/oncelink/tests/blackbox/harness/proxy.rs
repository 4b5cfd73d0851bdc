//! TCP proxies that break connections on purpose: one passes only the first bytes of what the server answers, the other
//! can be switched off and on again like a cable.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::io::{AsyncReadExt, AsyncWriteExt, copy, copy_bidirectional};
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinHandle;

/// A running proxy; it ends when dropped.
pub(crate) struct Proxy {
    /// Where it listens.
    pub(crate) addr: SocketAddr,
    task: JoinHandle<()>,
}

impl Proxy {
    /// Passes `pass` bytes of each connection's answers and cuts it when one more arrives. With 0 the whole answer is
    /// swallowed, and the client sees the cut only after the server has begun to answer.
    pub(crate) async fn cutting_after(target: SocketAddr, pass: u64) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let addr = listener.local_addr().expect("a bound listener has an address");
        let task = tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                tokio::spawn(carry(client, target, pass));
            }
        });
        Self { addr, task }
    }

    /// Cuts one connection after another, each when so many bytes of its answers have passed; later ones are whole.
    pub(crate) async fn cutting_one_by_one(target: SocketAddr, passes: Vec<u64>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let addr = listener.local_addr().expect("a bound listener has an address");
        let task = tokio::spawn(async move {
            let mut passes = passes.into_iter();
            while let Ok((client, _)) = listener.accept().await {
                tokio::spawn(carry(client, target, passes.next().unwrap_or(u64::MAX)));
            }
        });
        Self { addr, task }
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// A load balancer: each new connection goes to the next server; one that doesn't answer is passed over.
pub(crate) struct RoundRobin {
    /// Where it listens.
    pub(crate) addr: SocketAddr,
    served: Arc<Mutex<Vec<SocketAddr>>>,
    task: JoinHandle<()>,
}

impl RoundRobin {
    /// In front of these servers.
    pub(crate) async fn over(targets: Vec<SocketAddr>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let addr = listener.local_addr().expect("a bound listener has an address");
        let served = Arc::new(Mutex::new(Vec::new()));
        let noted = served.clone();
        let task = tokio::spawn(async move {
            let mut turn = 0;
            while let Ok((client, _)) = listener.accept().await {
                let order: Vec<SocketAddr> = targets.iter().cycle().skip(turn % targets.len()).take(targets.len()).copied().collect();
                turn += 1;
                tokio::spawn(carry_to_first(client, order, noted.clone()));
            }
        });
        Self { addr, served, task }
    }

    /// Which servers took the connections since this was asked last, in the order of taking.
    pub(crate) fn served(&self) -> Vec<SocketAddr> {
        std::mem::take(&mut *self.served.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Drop for RoundRobin {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn carry_to_first(mut client: TcpStream, targets: Vec<SocketAddr>, served: Arc<Mutex<Vec<SocketAddr>>>) {
    for target in targets {
        if let Ok(mut server) = narrow_connection(target).await {
            served.lock().unwrap_or_else(PoisonError::into_inner).push(target);
            // An end with an error is a cut, and the client must see one.
            if copy_bidirectional(&mut client, &mut server).await.is_err() {
                let _ = client.set_zero_linger();
            }
            return;
        }
    }
}

/// A cable to a server: whole, or cut.
pub(crate) struct Cable {
    /// Where it listens.
    pub(crate) addr: SocketAddr,
    plugged: watch::Sender<bool>,
    task: JoinHandle<()>,
}

impl Cable {
    /// A cable that carries everything until it is cut.
    pub(crate) async fn to(target: SocketAddr) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let addr = listener.local_addr().expect("a bound listener has an address");
        let (plugged, state) = watch::channel(true);
        let task = tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                tokio::spawn(carry_while_plugged(client, target, state.clone()));
            }
        });
        Self { addr, plugged, task }
    }

    /// Cuts what runs, and every later connection at once.
    pub(crate) fn cut(&self) {
        self.plugged.send_replace(false);
    }

    /// Carries new connections again.
    pub(crate) fn mend(&self) {
        self.plugged.send_replace(true);
    }
}

impl Drop for Cable {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn carry_while_plugged(mut client: TcpStream, target: SocketAddr, mut plugged: watch::Receiver<bool>) {
    if !*plugged.borrow_and_update() {
        return;
    }
    let Ok(mut server) = narrow_connection(target).await else { return };
    tokio::select! {
        _ = copy_bidirectional(&mut client, &mut server) => {}
        _ = plugged.changed() => {}
    }
}

async fn carry(client: TcpStream, target: SocketAddr, pass: u64) {
    let Ok(server) = narrow_connection(target).await else { return };
    let (mut from_client, mut to_client) = client.into_split();
    let (mut from_server, mut to_server) = server.into_split();
    let up = tokio::spawn(async move { copy(&mut from_client, &mut to_server).await });
    let mut left = pass;
    let mut buffer = vec![0_u8; 16 * 1024];
    while let Ok(count) = from_server.read(&mut buffer).await {
        let allowed = usize::try_from(left).unwrap_or(usize::MAX).min(count);
        if count == 0 || to_client.write_all(&buffer[..allowed]).await.is_err() || allowed < count {
            break;
        }
        left -= allowed as u64;
    }
    up.abort();
}

/// A connection whose receive buffer is small: what this proxy's own TCP acknowledges counts as delivered for the server,
/// so it must not run far ahead of what is passed on.
async fn narrow_connection(target: SocketAddr) -> std::io::Result<TcpStream> {
    let socket = TcpSocket::new_v4()?;
    socket.set_recv_buffer_size(64 * 1024)?;
    socket.connect(target).await
}
