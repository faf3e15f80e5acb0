//! The app's accounts: who has which identities at providers, and which roles.
//!
//! Every change is one transaction, because a request may be dropped at any `.await`.

use codegrant_axum::Identity;
use codegrant_sqlx::sqlx::{self, PgConnection, PgPool};

/// The tables behind the login.
#[derive(Debug, Clone)]
pub(crate) struct Accounts(PgPool);

/// What became of an identity that somebody wants to add.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Added {
    /// It is the account's, now or since long ago.
    Yes,
    /// It is another account's.
    Taken,
}

/// What became of an identity that somebody wants to remove.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Removed {
    Yes,
    /// It is the last one: nobody could log in to the account any longer.
    Last,
    /// The account has no such identity.
    NotThere,
}

/// One way to log in to an account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Linked {
    pub(crate) issuer: String,
    pub(crate) subject: String,
    pub(crate) provider: String,
    /// What the provider calls the person.
    pub(crate) label: String,
}

/// An account as the admins see it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Listed {
    pub(crate) id: i64,
    pub(crate) name: String,
    pub(crate) identities: i64,
    pub(crate) roles: Vec<String>,
}

/// Keeps processes from making the tables at the same moment; any number that nobody else uses.
const SCHEMA_LOCK: i64 = 0x61_63_63_6f_75_6e_74;

impl Accounts {
    pub(crate) fn new(pool: PgPool) -> Self {
        Self(pool)
    }

    /// Makes the tables where they are not there.
    pub(crate) async fn migrate(&self) -> sqlx::Result<()> {
        let mut writing = self.0.begin().await?;
        let alone = sqlx::query("select pg_advisory_xact_lock($1)").bind(SCHEMA_LOCK);
        alone.execute(&mut *writing).await?;
        sqlx::raw_sql(include_str!("schema.sql"))
            .execute(&mut *writing)
            .await?;
        writing.commit().await
    }

    /// Finds the account of an identity, or makes one with its first identity: of two first logins at one moment,
    /// one makes it and the other finds it.
    pub(crate) async fn of(&self, identity: &Identity) -> sqlx::Result<i64> {
        loop {
            let mut writing = self.0.begin().await?;
            if let Some(account) = owner(&mut writing, identity).await? {
                return Ok(account);
            }
            let made = "insert into account (name) values ($1) returning id";
            let made = sqlx::query_scalar(made).bind(label(identity));
            let account: i64 = made.fetch_one(&mut *writing).await?;
            // Waits for whoever is at it, and then finds the key taken.
            if insert(&mut writing, account, identity).await? {
                writing.commit().await?;
                return Ok(account);
            }
            // The account that nobody needs goes with the transaction.
            writing.rollback().await?;
        }
    }

    /// Gives an identity to an account, unless another one has it.
    pub(crate) async fn add(&self, account: i64, identity: &Identity) -> sqlx::Result<Added> {
        let mut writing = self.0.begin().await?;
        if insert(&mut writing, account, identity).await? {
            writing.commit().await?;
            return Ok(Added::Yes);
        }
        let owner = owner(&mut writing, identity).await?;
        Ok(if owner == Some(account) {
            Added::Yes
        } else {
            Added::Taken
        })
    }

    /// Takes an identity from an account that has another one.
    pub(crate) async fn remove(
        &self,
        account: i64,
        issuer: &str,
        subject: &str,
    ) -> sqlx::Result<Removed> {
        let mut writing = self.0.begin().await?;
        // Two windows that remove one of two identities each come one after the other.
        let alone = sqlx::query("select from account where id = $1 for update").bind(account);
        alone.execute(&mut *writing).await?;
        let held = "select count(*) from identity where account = $1";
        let held: i64 = sqlx::query_scalar(held)
            .bind(account)
            .fetch_one(&mut *writing)
            .await?;
        let remove = "delete from identity where account = $1 and issuer = $2 and subject = $3";
        let remove = sqlx::query(remove).bind(account).bind(issuer).bind(subject);
        if remove.execute(&mut *writing).await?.rows_affected() == 0 {
            return Ok(Removed::NotThere);
        }
        if held < 2 {
            writing.rollback().await?;
            return Ok(Removed::Last);
        }
        writing.commit().await?;
        Ok(Removed::Yes)
    }

    /// Lists the identities of an account, the oldest first.
    pub(crate) async fn identities(&self, account: i64) -> sqlx::Result<Vec<Linked>> {
        let rows = "select issuer, subject, provider, label from identity where account = $1
                    order by linked_at, issuer, subject";
        let rows = sqlx::query_as(rows).bind(account);
        let rows: Vec<(String, String, String, String)> = rows.fetch_all(&self.0).await?;
        let rows = rows.into_iter();
        Ok(rows
            .map(|(issuer, subject, provider, label)| Linked {
                issuer,
                subject,
                provider,
                label,
            })
            .collect())
    }

    /// Returns what an account may do.
    pub(crate) async fn roles(&self, account: i64) -> sqlx::Result<Vec<String>> {
        let roles = "select role from role where account = $1 order by role";
        sqlx::query_scalar(roles)
            .bind(account)
            .fetch_all(&self.0)
            .await
    }

    /// Lets an account do something; it counts from its next login on.
    pub(crate) async fn grant(&self, account: i64, role: &str) -> sqlx::Result<()> {
        let grant = "insert into role (account, role) values ($1, $2) on conflict do nothing";
        sqlx::query(grant)
            .bind(account)
            .bind(role)
            .execute(&self.0)
            .await?;
        Ok(())
    }

    /// Lists accounts for the admins, the newest first.
    pub(crate) async fn all(&self) -> sqlx::Result<Vec<Listed>> {
        let rows = "select id, name, (select count(*) from identity where account = account.id),
                    array(select role from role where account = account.id order by role)
                    from account order by id desc limit 100";
        let rows: Vec<(i64, String, i64, Vec<String>)> =
            sqlx::query_as(rows).fetch_all(&self.0).await?;
        let rows = rows.into_iter();
        Ok(rows
            .map(|(id, name, identities, roles)| Listed {
                id,
                name,
                identities,
                roles,
            })
            .collect())
    }
}

async fn owner(writing: &mut PgConnection, identity: &Identity) -> sqlx::Result<Option<i64>> {
    let (issuer, subject) = identity.key();
    let owner = "select account from identity where issuer = $1 and subject = $2";
    let owner = sqlx::query_scalar(owner).bind(issuer).bind(subject);
    owner.fetch_optional(writing).await
}

/// Tells whether the identity was nobody's until now.
async fn insert(
    writing: &mut PgConnection,
    account: i64,
    identity: &Identity,
) -> sqlx::Result<bool> {
    let (issuer, subject) = identity.key();
    let insert = "insert into identity (issuer, subject, account, provider, label)
                  values ($1, $2, $3, $4, $5) on conflict do nothing";
    let insert = sqlx::query(insert)
        .bind(issuer)
        .bind(subject)
        .bind(account)
        .bind(&identity.provider)
        .bind(label(identity));
    Ok(insert.execute(writing).await?.rows_affected() == 1)
}

/// What people see of an identity. PostgreSQL takes no NUL in a text, and a provider lets anybody write anything.
fn label(identity: &Identity) -> String {
    let called = identity.email.as_str().map_or_else(
        || identity.to_string(),
        |email| format!("{identity} ({email})"),
    );
    called
        .chars()
        .filter(|char| !char.is_control())
        .take(200)
        .collect()
}
