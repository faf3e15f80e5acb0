//! The store over PostgreSQL.
mod common;
use codegrant_sqlx::PostgresStore;
use codegrant_sqlx::sqlx::PgPool;
use codegrant_testkit::servers::PostgresServer;
use codegrant_testkit::store_contract;

#[tokio::test(flavor = "multi_thread")]
async fn contract_holds() {
    let Some(server) = PostgresServer::shared() else { return };
    let url = server.new_database();
    let store = async || PostgresStore::new(PgPool::connect(&url).await.unwrap());
    store().await.migrate().await.unwrap();
    store_contract::holds(store).await;
}
