//! How a store is made: where the server is, what the keys begin with, how long a command may take.

use std::time::Duration;

use codegrant_web::StoreError;
use redis::io::tcp::{TcpSettings, socket2::TcpKeepalive};
use redis::{Client, IntoConnectionInfo};

use crate::connection::{Connection, failure};
use crate::keys::Keys;
use crate::store::RedisStore;

/// How long a command may take where nothing else is said.
pub(crate) const DEADLINE: Duration = Duration::from_secs(2);

/// How long a connection is silent before the network is asked whether it is there, and how often then.
const KEEPALIVE: Duration = Duration::from_secs(30);

/// Makes a [`RedisStore`] with other keys or another deadline.
///
/// ```no_run
/// # async fn start() -> Result<(), codegrant_web::StoreError> {
/// use std::time::Duration;
/// let store = codegrant_redis::RedisStore::builder("redis://127.0.0.1")
///     .prefix("shop:")
///     .deadline(Duration::from_millis(500))
///     .connect()
///     .await?;
/// # Ok(()) }
/// ```
#[must_use = "nothing is connected before `connect`"]
#[derive(Clone)]
pub struct RedisStoreBuilder {
    urls: Vec<String>,
    is_cluster: bool,
    prefix: String,
    deadline: Duration,
    #[cfg(feature = "tls")]
    root_certificate: Option<Vec<u8>>,
}

impl RedisStoreBuilder {
    pub(crate) fn new(urls: Vec<String>, is_cluster: bool) -> Self {
        Self {
            urls,
            is_cluster,
            prefix: Keys::PREFIX.to_owned(),
            deadline: DEADLINE,
            #[cfg(feature = "tls")]
            root_certificate: None,
        }
    }

    /// Sets what every key begins with, `codegrant:` by default, so that two apps can share a server.
    ///
    /// Letters, digits and `:_.-/`, at most 64 bytes.
    pub fn prefix(mut self, prefix: impl Into<String>) -> Self {
        self.prefix = prefix.into();
        self
    }

    /// Sets how long a command may take, with a new connection where the old one broke: 2 seconds by default.
    ///
    /// A page that needs the session waits for no longer than this, and says 503 then.
    pub fn deadline(mut self, deadline: Duration) -> Self {
        self.deadline = deadline;
        self
    }

    /// Trusts the servers that this certificate vouches for, in PEM, and none of the system's.
    #[cfg(feature = "tls")]
    pub fn root_certificate(mut self, pem: impl Into<Vec<u8>>) -> Self {
        self.root_certificate = Some(pem.into());
        self
    }

    /// Connects, and makes sure that the server answers.
    ///
    /// Over `rediss://` it sets aws-lc-rs as what rustls works with in this process, unless the app has set
    /// something.
    ///
    /// # Errors
    ///
    /// When the URL or the prefix is none, the server does not answer in time, or it wants another password.
    /// The text holds no password.
    pub async fn connect(self) -> Result<RedisStore, StoreError> {
        let keys = Keys::new(&self.prefix)?;
        #[cfg(feature = "tls")]
        if self.urls.iter().any(|url| url.starts_with("rediss:")) {
            install_crypto();
        }
        let connection = if self.is_cluster {
            self.cluster().await?
        } else {
            let client = self
                .client()
                .map_err(|error| failure("its URL", "connect", &error))?;
            Connection::own(client, self.deadline).await?
        };
        Ok(RedisStore::new(connection, keys))
    }

    fn client(&self) -> redis::RedisResult<Client> {
        let url = self.urls.first().map_or("", String::as_str);
        let info = url.into_connection_info()?.set_tcp_settings(tcp());
        #[cfg(feature = "tls")]
        if let Some(certificates) = self.certificates() {
            return Client::build_with_tls(info, certificates);
        }
        Client::open(info)
    }

    #[cfg(feature = "cluster")]
    async fn cluster(&self) -> Result<Connection, StoreError> {
        use redis::cluster::ClusterClient;

        let urls = self.urls.iter().map(String::as_str);
        let builder = ClusterClient::builder(urls)
            .connection_timeout(self.deadline)
            .response_timeout(self.deadline)
            .overall_response_timeout(Some(self.deadline))
            .tcp_settings(tcp())
            // Where slots move, and where a node was lost; within the deadline.
            .retries(4)
            .min_retry_wait(20)
            .max_retry_wait(200);
        #[cfg(feature = "tls")]
        let builder = match self.certificates() {
            Some(certificates) => builder.certs(certificates),
            None => builder,
        };
        let client = builder.build();
        let client = client.map_err(|error| failure("its URLs", "connect", &error))?;
        Connection::cluster(client, self.deadline).await
    }

    #[cfg(not(feature = "cluster"))]
    async fn cluster(&self) -> Result<Connection, StoreError> {
        let reason = "redis: a cluster needs the feature `cluster`".to_owned();
        Err(StoreError { reason })
    }

    #[cfg(feature = "tls")]
    fn certificates(&self) -> Option<redis::TlsCertificates> {
        let root_cert = self.root_certificate.clone()?;
        Some(redis::TlsCertificates {
            client_tls: None,
            root_cert: Some(root_cert),
        })
    }
}

/// What a connection needs to answer at once, and to notice that nobody is there.
fn tcp() -> TcpSettings {
    let keepalive = TcpKeepalive::new()
        .with_time(KEEPALIVE)
        .with_interval(KEEPALIVE);
    TcpSettings::default()
        .set_nodelay(true)
        .set_keepalive(keepalive)
}

/// Chooses what rustls works with: an app with a second crypto library in its tree has to, and without a choice
/// rustls panics.
#[cfg(feature = "tls")]
fn install_crypto() {
    if rustls::crypto::CryptoProvider::get_default().is_none() {
        // Somebody else may have been first, which is as good.
        let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
    }
}

impl std::fmt::Debug for RedisStoreBuilder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("RedisStoreBuilder")
            .field("prefix", &self.prefix)
            .field("deadline", &self.deadline)
            .finish_non_exhaustive()
    }
}
