//! The store over SQLite: the contract, with two pools for two processes, and what goes wrong with files.

mod common;

use std::path::PathBuf;

use codegrant_sqlx::SqliteStore;
use codegrant_testkit::store_contract;

/// A folder that is gone when it is dropped.
struct Folder(PathBuf);

impl Folder {
    fn new() -> Self {
        let path = std::env::temp_dir().join(format!("codegrant-sqlite-{}", common::unique()));
        std::fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    async fn store(&self) -> SqliteStore {
        SqliteStore::open(self.0.join("sessions.db")).await.unwrap()
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        drop(std::fs::remove_dir_all(&self.0));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn contract_holds() {
    let folder = Folder::new();
    folder.store().await.migrate().await.unwrap();
    store_contract::holds(async || folder.store().await).await;
}
