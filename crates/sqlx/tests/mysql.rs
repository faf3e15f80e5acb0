//! The store over MariaDB.
mod common;
use codegrant_sqlx::MySqlStore;
use codegrant_sqlx::sqlx::MySqlPool;
use codegrant_testkit::servers::MariaDbServer;
use codegrant_testkit::store_contract;

#[tokio::test(flavor = "multi_thread")]
async fn contract_holds() {
    let Some(server) = MariaDbServer::shared() else { return };
    let url = server.new_database();
    let store = async || MySqlStore::new(MySqlPool::connect(&url).await.unwrap());
    store().await.migrate().await.unwrap();
    store_contract::holds(store).await;
}
