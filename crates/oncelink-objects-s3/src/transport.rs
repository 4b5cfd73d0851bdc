//! The HTTP client beneath the SDK: connections, TLS, time-outs, and what an error of theirs means to the SDK's retries.
//!
//! The SDK's own client can't be told how much of an answer to read at once, nor who drives a connection (ADR 15). Must not
//! bound how long a body takes.

use std::error::Error;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use aws_sdk_s3::config::SharedHttpClient;
use aws_sdk_s3::config::http::{HttpRequest, HttpResponse};
use aws_sdk_s3::error::{BoxError, ConnectorError};
use aws_sdk_s3::primitives::SdkBody;
use aws_smithy_runtime_api::client::connection::{CaptureSmithyConnection, ConnectionMetadata};
use aws_smithy_runtime_api::client::http::{HttpConnector, HttpConnectorFuture, SharedHttpConnector, http_client_fn};
use aws_smithy_types::retry::ErrorKind;
use hyper::body::Incoming;
use hyper::http::header::{HOST, HeaderValue};
use hyper::http::uri::{PathAndQuery, Scheme};
use hyper::http::{Request, Response, Uri};
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder, MaybeHttpsStream};
use hyper_util::client::legacy::connect::HttpConnector as Tcp;
use hyper_util::rt::TokioIo;
use rustls::{ClientConfig, RootCertStore};
use tokio::time::timeout;
use tower::{Service, ServiceExt};

use crate::answer::{Answer, Home};
use crate::client::Patience;
use crate::line::{Line, Poison};
use crate::paced::Paced;
use crate::pool::{Origin, Pool};

/// A client that waits for the bucket as `patience` says. The SDK also asks by it for region and credentials, and says how long
/// it waits for those.
pub(crate) fn client(patience: Patience) -> SharedHttpClient {
    let transport = Transport::new(patience, native_roots());
    http_client_fn(move |settings, _| SharedHttpConnector::new(transport.waiting(settings.read_timeout())))
}

/// Whom this machine trusts. Nobody, where it says nothing: a plain endpoint still works then, and TLS says that the issuer
/// isn't known.
fn native_roots() -> RootCertStore {
    let found = rustls_native_certs::load_native_certs();
    for error in &found.errors {
        tracing::warn!(%error, "certificates that this machine trusts can't be read");
    }
    let mut roots = RootCertStore::empty();
    roots.add_parsable_certificates(found.certs);
    if roots.is_empty() {
        tracing::warn!("this machine trusts no certificate, so https fails; install ca-certificates, or set SSL_CERT_FILE");
    }
    roots
}

/// Plain and TLS connections.
fn https(roots: RootCertStore) -> HttpsConnector<Tcp> {
    let versions =
        ClientConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider())).with_safe_default_protocol_versions();
    let versions = versions.unwrap_or_else(|_| unreachable!("ring knows what rustls needs by default"));
    let mut tcp = Tcp::new();
    tcp.set_nodelay(true);
    tcp.enforce_http(false);
    let tls = versions.with_root_certificates(roots).with_no_client_auth();
    HttpsConnectorBuilder::new().with_tls_config(tls).https_or_http().enable_http1().wrap_connector(tcp)
}

/// Opens connections, TLS included, within a time.
#[derive(Clone, Debug)]
struct Dial {
    https: HttpsConnector<Tcp>,
    patience: Duration,
}

impl Dial {
    async fn line(mut self, address: Uri) -> Result<Line, ConnectorError> {
        let dialled = async { self.https.ready().await?.call(address).await };
        let stream = timeout(self.patience, dialled).await.map_err(|_| broken(late("no connection", self.patience).into()))?;
        let stream = stream.map_err(broken)?;
        let tls = matches!(stream, MaybeHttpsStream::Https(_));
        Line::over(TokioIo::new(Paced::new(TokioIo::new(stream), tls))).await.map_err(failed)
    }
}

fn late(what: &str, patience: Duration) -> io::Error {
    io::Error::new(io::ErrorKind::TimedOut, format!("{what} within {} ms", patience.as_millis()))
}

/// Sends requests and waits for the heads of their answers.
#[derive(Clone, Debug)]
struct Transport {
    dial: Dial,
    pool: Arc<Pool>,
    patience: Duration,
}

impl Transport {
    fn new(patience: Patience, roots: RootCertStore) -> Self {
        let dial = Dial { https: https(roots), patience: patience.connect };
        Self { dial, pool: Arc::default(), patience: patience.answer }
    }

    /// The same, and its connections, with another patience for answers.
    fn waiting(&self, answer: Option<Duration>) -> Self {
        Self { patience: answer.unwrap_or(self.patience), ..self.clone() }
    }

    /// The answer's head, by a connection that was idle or a new one.
    async fn exchange(self, mut request: Request<SdkBody>, poison: Poison) -> Result<Response<Answer>, ConnectorError> {
        let address = request.uri().clone();
        let origin = Origin::of(&address).ok_or_else(|| ConnectorError::user(format!("{address} names no host").into()))?;
        direct(&mut request).map_err(ConnectorError::user)?;
        let home = Home { pool: self.pool.clone(), origin };
        while let Some(mut line) = self.pool.take(&home.origin) {
            match line.ask(request, &poison).await {
                Ok(answer) => return Ok(home.own(answer, line)),
                // It was closed under the request; where nothing was sent, nobody can have acted on it.
                Err(mut lost) => match lost.take_message() {
                    Some(unsent) => request = unsent,
                    None => return Err(failed(lost.into_error())),
                },
            }
        }
        let mut line = self.dial.line(address).await?;
        let answer = line.ask(request, &poison).await.map_err(|lost| failed(lost.into_error()))?;
        Ok(home.own(answer, line))
    }
}

impl Home {
    fn own(self, answer: Response<Incoming>, line: Line) -> Response<Answer> {
        answer.map(|body| Answer::new(body, line, self))
    }
}

/// What is said to a server itself: the path in the request line, the host in a header (RFC 9112 3.2).
fn direct(request: &mut Request<SdkBody>) -> Result<(), BoxError> {
    let address = std::mem::take(request.uri_mut());
    let host = address.host().unwrap_or_default();
    let usual = if address.scheme() == Some(&Scheme::HTTPS) { 443 } else { 80 };
    let host = match address.port_u16() {
        Some(port) if port != usual => HeaderValue::try_from(format!("{host}:{port}"))?,
        _ => HeaderValue::from_str(host)?,
    };
    request.headers_mut().entry(HOST).or_insert(host);
    *request.uri_mut() = address.path_and_query().cloned().unwrap_or_else(|| PathAndQuery::from_static("/")).into();
    Ok(())
}

impl HttpConnector for Transport {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let request = match request.try_into_http1x() {
            Ok(request) => request,
            Err(error) => return HttpConnectorFuture::ready(Err(ConnectorError::user(error.into()))),
        };
        let poison = Poison::default();
        if let Some(asked) = request.extensions().get::<CaptureSmithyConnection>() {
            let poison = poison.clone();
            asked.set_connection_retriever(move || Some(metadata(poison.clone())));
        }
        let (answer, patience) = (self.clone().exchange(request, poison), self.patience);
        HttpConnectorFuture::new(async move {
            let answer = timeout(patience, answer).await.map_err(|_| ConnectorError::timeout(late("no answer", patience).into()))??;
            HttpResponse::try_from(answer.map(SdkBody::from_body_1_x)).map_err(|error| ConnectorError::other(error.into(), None))
        })
    }
}

/// By which the SDK gives up the connection that a request went by after a failure.
fn metadata(poison: Poison) -> ConnectionMetadata {
    ConnectionMetadata::builder().proxied(false).poison_fn(move || poison.give()).build()
}

/// No connection came about.
fn broken(error: BoxError) -> ConnectorError {
    let late = causes(&*error).filter_map(|cause| cause.downcast_ref::<io::Error>()).any(|error| error.kind() == io::ErrorKind::TimedOut);
    if late { ConnectorError::timeout(error) } else { ConnectorError::io(error) }
}

/// What the SDK's retries go by: what may have been the network's fault is tried again.
fn failed(error: hyper::Error) -> ConnectorError {
    let network = causes(&error).any(<dyn Error>::is::<io::Error>);
    if network || error.is_closed() || error.is_canceled() {
        return broken(error.into());
    }
    let cut = error.is_incomplete_message();
    ConnectorError::other(error.into(), cut.then_some(ErrorKind::TransientError))
}

/// An error and what is behind it.
fn causes<'e>(error: &'e (dyn Error + 'static)) -> impl Iterator<Item = &'e (dyn Error + 'static)> {
    std::iter::successors(Some(error), |&error| error.source())
}

#[cfg(test)]
mod tests {
    use std::path::Path;
    use std::process::Command;
    use std::sync::atomic::{AtomicUsize, Ordering};

    use aws_sdk_s3::primitives::ByteStream;
    use rustls::ServerConfig;
    use rustls::pki_types::pem::PemObject;
    use rustls::pki_types::{CertificateDer, PrivateKeyDer};
    use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
    use tokio::net::TcpListener;
    use tokio_rustls::TlsAcceptor;

    use super::*;

    /// A certificate for `localhost` that nobody vouches for, and a server that shows it.
    fn acceptor(place: &Path) -> (CertificateDer<'static>, TlsAcceptor) {
        let (key, certificate) = (place.join("key.pem"), place.join("certificate.pem"));
        let mut openssl = Command::new("openssl");
        openssl.args(["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2"]);
        openssl.args(["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost", "-addext", "basicConstraints=CA:FALSE"]);
        let made = openssl.arg("-keyout").arg(&key).arg("-out").arg(&certificate).output().expect("openssl is installed");
        assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
        let shown = CertificateDer::from_pem_file(&certificate).expect("a certificate");
        let config = ServerConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
            .with_safe_default_protocol_versions()
            .expect("ring knows them")
            .with_no_client_auth()
            .with_single_cert(vec![shown.clone()], PrivateKeyDer::from_pem_file(&key).expect("a key"))
            .expect("they fit");
        (shown, TlsAcceptor::from(Arc::new(config)))
    }

    const OK: &str = "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok";

    /// Answers every request on a connection with `answer`.
    async fn converse(mut stream: impl AsyncRead + AsyncWrite + Unpin, answer: &str) {
        let mut request = [0; 4096];
        while stream.read(&mut request).await.is_ok_and(|count| count > 0) {
            if stream.write_all(answer.as_bytes()).await.is_err() {
                return;
            }
        }
    }

    async fn get(url: &str, roots: RootCertStore) -> Result<Vec<u8>, ConnectorError> {
        get_by(&Transport::new(Patience::default(), roots), url).await
    }

    async fn get_by(transport: &Transport, url: &str) -> Result<Vec<u8>, ConnectorError> {
        let answer = transport.call(HttpRequest::get(url).expect("a request")).await?;
        Ok(ByteStream::new(answer.into_body()).collect().await.expect("a body").to_vec())
    }

    #[tokio::test]
    async fn a_connection_is_used_again_after_an_answer_that_leaves_it_clean() {
        let plain = "content-length: 2\r\n\r\nok";
        for (rest, body, connections) in [
            (plain, "ok", 1),
            ("transfer-encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n", "ok", 1),
            ("content-length: 0\r\n\r\n", "", 1),
            ("connection: close\r\ncontent-length: 2\r\n\r\nok", "ok", 3),
            // What comes beyond an answer is no part of the next one.
            ("content-length: 2\r\n\r\nokHTTP/1.1 200 OK\r\ncontent-length: 7\r\n\r\nforeign", "ok", 3),
        ] {
            let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
            let url = format!("http://{}/", listener.local_addr().expect("an address"));
            let (answer, accepted) = (format!("HTTP/1.1 200 OK\r\n{rest}"), Arc::new(AtomicUsize::new(0)));
            let count = Arc::clone(&accepted);
            let serving = tokio::spawn(async move {
                while let Ok((stream, _)) = listener.accept().await {
                    count.fetch_add(1, Ordering::Relaxed);
                    let answer = answer.clone();
                    tokio::spawn(async move { converse(stream, &answer).await });
                }
            });
            let transport = Transport::new(Patience::default(), RootCertStore::empty());
            for _ in 0..3 {
                assert_eq!(get_by(&transport, &url).await.expect("an answer"), body.as_bytes(), "{rest}");
            }
            assert_eq!(accepted.load(Ordering::Relaxed), connections, "{rest}");
            serving.abort();
        }
    }

    #[tokio::test]
    async fn an_answer_may_be_read_by_another_task_than_asked_for_it() {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let url = format!("http://{}/", listener.local_addr().expect("an address"));
        let begun = "HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\n01234";
        let transport = Transport::new(Patience::default(), RootCertStore::empty());
        let asking = tokio::spawn(async move { transport.call(HttpRequest::get(url).expect("a request")).await });
        let mut stream = listener.accept().await.expect("a connection").0;
        let _ = stream.read(&mut [0; 4096]).await.expect("a request");
        stream.write_all(begun.as_bytes()).await.expect("half an answer");
        let answer = asking.await.expect("no panic").expect("a head");
        let reading = tokio::spawn(ByteStream::new(answer.into_body()).collect());
        tokio::task::yield_now().await;
        stream.write_all(b"56789").await.expect("the other half");
        assert_eq!(reading.await.expect("no panic").expect("a body").to_vec(), b"0123456789");
    }

    #[tokio::test]
    async fn whoever_asks_says_how_long_an_answer_is_waited_for() {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let url = format!("http://{}/", listener.local_addr().expect("an address"));
        let transport = Transport::new(Patience { answer: Duration::from_secs(3_600), ..Patience::default() }, RootCertStore::empty());
        let transport = transport.waiting(Some(Duration::from_millis(20)));
        // The kernel takes the connection; nobody answers.
        let error = transport.call(HttpRequest::get(url).expect("a request")).await.expect_err("silence");
        assert!(error.is_timeout(), "{error:?}");
        assert!(causes(&error).any(|cause| cause.to_string().contains("no answer within 20 ms")), "{error:?}");
    }

    #[tokio::test]
    async fn a_connection_that_is_closed_under_a_request_may_be_tried_again() {
        // As a balancer does whose patience is over, before it has read anything.
        const UNASKED: &[u8] = b"HTTP/1.1 408 Request Timeout\r\nconnection: close\r\ncontent-length: 0\r\n\r\n";
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let url = format!("http://{}/", listener.local_addr().expect("an address"));
        let closing = tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                let _ = stream.write_all(UNASKED).await;
            }
        });
        for _ in 0..50 {
            // An answer that crossed the request is none of ours to judge.
            let Err(error) = get(&url, RootCertStore::empty()).await else { continue };
            assert!(error.is_io() || error.as_other() == Some(ErrorKind::TransientError), "{error:?}");
        }
        closing.abort();
    }

    #[tokio::test]
    async fn tls_is_spoken_with_those_who_are_trusted_and_with_nobody_else() {
        let place = tempfile::tempdir().expect("a temporary directory");
        let (certificate, tls) = acceptor(place.path());
        let listener = TcpListener::bind("localhost:0").await.expect("a port");
        let url = format!("https://localhost:{}/", listener.local_addr().expect("an address").port());
        let serving = tokio::spawn(async move {
            let mut connections = 0;
            while connections < 2 {
                let stream = listener.accept().await.expect("a connection").0;
                let Ok(stream) = tls.accept(stream).await else { continue };
                connections += 1;
                tokio::spawn(converse(stream, OK));
            }
        });
        let mut roots = RootCertStore::empty();
        let nobody = get(&url, roots.clone()).await.expect_err("an issuer that nobody vouches for");
        assert!(nobody.is_io(), "{nobody:?}");
        roots.add(certificate).expect("a root");
        let transport = Transport::new(Patience::default(), roots);
        for _ in 0..3 {
            assert_eq!(get_by(&transport, &url).await.expect("an answer"), b"ok");
        }
        assert!(!serving.is_finished(), "one connection was enough");
        serving.abort();
    }
}
