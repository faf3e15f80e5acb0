//! An answer that is lost on its way: what was done is not taken for somebody else's.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use codegrant_redis::RedisStore;
use codegrant_testkit::servers::RedisServer;
use codegrant_web::{Created, Replaced, SessionStore, TransactionId};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use crate::{PATIENCE, key, now, record};

/// Stands before a server, and can be told to break the connection in place of the next answer.
struct Wire {
    url: String,
    cut: Arc<AtomicBool>,
}

impl Wire {
    async fn to(port: u16) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("redis://{}", listener.local_addr().unwrap());
        let cut = Arc::new(AtomicBool::new(false));
        let told = cut.clone();
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let server = TcpStream::connect(("127.0.0.1", port)).await.unwrap();
                tokio::spawn(relay(client, server, told.clone()));
            }
        });
        Self { url, cut }
    }

    /// Loses the next answer.
    fn cut(&self) {
        self.cut.store(true, Ordering::SeqCst);
    }

    /// Tells whether it was lost.
    fn was_cut(&self) -> bool {
        !self.cut.load(Ordering::SeqCst)
    }
}

async fn relay(mut client: TcpStream, mut server: TcpStream, cut: Arc<AtomicBool>) {
    let (mut asked, mut answered) = ([0; 4096], [0; 4096]);
    loop {
        tokio::select! {
            read = client.read(&mut asked) => match read {
                Ok(length @ 1..) => server.write_all(&asked[..length]).await.unwrap(),
                _ => return,
            },
            read = server.read(&mut answered) => match read {
                Ok(length @ 1..) if !cut.swap(false, Ordering::SeqCst) => {
                    client.write_all(&answered[..length]).await.unwrap();
                }
                _ => return,
            },
        }
    }
}

#[tokio::test]
async fn what_was_done_is_known_again() {
    let Some(server) = RedisServer::start() else {
        return;
    };
    let wire = Wire::to(server.port()).await;
    let builder = RedisStore::builder(&wire.url).deadline(PATIENCE);
    let (store, now) = (builder.connect().await.unwrap(), now());
    // So that the server knows the scripts, and the answer that is lost is the one that counts.
    let (other, until) = (key("other"), now.plus(60));
    let changed = |version| {
        let mut next = record(&[]);
        next.version = version;
        next
    };
    let _known = store.create(&other, record(&[]), now).await.unwrap();
    let _known = store.replace(&other, 0, changed(1), now).await.unwrap();
    let used = TransactionId::of_state("other");
    store.consume(used, until, now).await.unwrap();
    let one = key("one");

    wire.cut();
    let created = store.create(&one, record(&[]), now).await;
    assert_eq!(created, Ok(Created::Yes), "and by nobody else");
    assert!(wire.was_cut());
    let again = store.create(&one, record(&[]), now).await;
    assert_eq!(again, Ok(Created::No), "by another call");

    wire.cut();
    let replaced = store.replace(&one, 0, changed(1), now).await;
    assert_eq!(replaced, Ok(Replaced::Yes));
    assert!(wire.was_cut());
    let again = store.replace(&one, 0, changed(1), now).await;
    assert_eq!(again, Ok(Replaced::No), "the same change by another call");

    wire.cut();
    let used = TransactionId::of_state("a state");
    assert_eq!(store.consume(used, until, now).await, Ok(true));
    assert!(wire.was_cut());
    assert_eq!(store.consume(used, until, now).await, Ok(false));
}
