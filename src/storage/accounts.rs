//! The people who may sign in: what they may do, where, and how they prove who they are.
//!
//! Local accounts have a password, of which only a hash is stored. Everybody else signs in with a provider and is known
//! by the provider's address and their id there.

use chrono::{DateTime, Utc};
use sqlx::PgConnection;
use uuid::Uuid;

use super::{Database, Result, StorageError};
pub use crate::domain::role::{Permission, Role};

/// A person who may sign in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Account {
    /// Id.
    pub id: Uuid,
    /// What is typed to sign in with a password; for everybody else a made-up name.
    pub user_name: String,
    /// What colleagues see.
    pub display_name: String,
    /// What the person is here to do, in no particular order.
    pub roles: Vec<Role>,
    /// Codes of the centres the person works for; none means all.
    pub centres: Vec<String>,
    /// Whether the person signs in with a provider.
    pub from_provider: bool,
    /// Since when the account is closed.
    pub disabled_at: Option<DateTime<Utc>>,
}

/// What is needed for a new local account.
#[derive(Debug, Clone)]
pub struct NewAccount<'a> {
    /// What is typed to sign in; kept in lower case.
    pub user_name: &'a str,
    /// What colleagues see.
    pub display_name: &'a str,
    /// What the person is here to do.
    pub roles: &'a [Role],
    /// Codes of the centres the person works for; none means all.
    pub centres: &'a [String],
    /// Argon2 hash in PHC form.
    pub password_hash: &'a str,
}

/// Adds an account. [`StorageError::Conflict`] when the user name is taken.
pub async fn add(database: &Database, new: NewAccount<'_>) -> Result<Uuid> {
    let mut transaction = database.begin().await?;
    let id = insert(&mut transaction, &new).await?;
    transaction.commit().await?;
    Ok(id)
}

/// The same inside the caller's transaction.
pub(super) async fn insert(connection: &mut PgConnection, new: &NewAccount<'_>) -> Result<Uuid> {
    let id = Uuid::now_v7();
    let added = sqlx::query!(
        "INSERT INTO account (id, user_name, display_name, password_hash, created_at)
         VALUES ($1, $2, $3, $4, $5) ON CONFLICT (user_name) DO NOTHING",
        id,
        new.user_name.to_lowercase(),
        new.display_name,
        new.password_hash,
        Utc::now()
    )
    .execute(&mut *connection)
    .await?;
    if added.rows_affected() == 0 {
        return Err(StorageError::Conflict { subject: "account" });
    }
    grant(connection, id, new.roles, new.centres).await?;
    Ok(id)
}

/// Adds an account or gives the existing one of that name this password, name and roles, and ends its sessions.
pub async fn put(database: &Database, new: NewAccount<'_>) -> Result<Uuid> {
    let mut transaction = database.begin().await?;
    let id = sqlx::query_scalar!(
        "INSERT INTO account (id, user_name, display_name, password_hash, created_at)
         VALUES ($1, $2, $3, $4, $5)
         ON CONFLICT (user_name) DO UPDATE
         SET display_name = excluded.display_name, password_hash = excluded.password_hash, disabled_at = NULL,
             password_is_first = false
         RETURNING id",
        Uuid::now_v7(),
        new.user_name.to_lowercase(),
        new.display_name,
        new.password_hash,
        Utc::now()
    )
    .fetch_one(&mut *transaction)
    .await?;
    grant(&mut transaction, id, new.roles, new.centres).await?;
    sqlx::query!("DELETE FROM session WHERE account_id = $1", id)
        .execute(&mut *transaction)
        .await?;
    transaction.commit().await?;
    Ok(id)
}

/// Gives an account exactly these roles and centres.
pub(super) async fn grant(
    connection: &mut PgConnection,
    id: Uuid,
    roles: &[Role],
    centres: &[String],
) -> Result<()> {
    let roles: Vec<String> = roles.iter().map(|r| r.as_str().to_owned()).collect();
    let centres: Vec<String> = centres.iter().map(|c| c.to_uppercase()).collect();
    sqlx::query!("DELETE FROM account_role WHERE account_id = $1", id)
        .execute(&mut *connection)
        .await?;
    sqlx::query!("DELETE FROM account_centre WHERE account_id = $1", id)
        .execute(&mut *connection)
        .await?;
    sqlx::query!(
        "INSERT INTO account_role (account_id, role) SELECT DISTINCT $1::uuid, unnest($2::text[])",
        id,
        &roles
    )
    .execute(&mut *connection)
    .await?;
    sqlx::query!(
        "INSERT INTO account_centre (account_id, centre) SELECT DISTINCT $1::uuid, unnest($2::text[])",
        id,
        &centres
    )
    .execute(&mut *connection)
    .await?;
    Ok(())
}

/// All accounts by user name.
pub async fn list(database: &Database) -> Result<Vec<Account>> {
    let rows = sqlx::query!(
        r#"SELECT id, user_name, display_name, disabled_at, issuer IS NOT NULL AS "from_provider!",
                  ARRAY(SELECT role FROM account_role WHERE account_id = id ORDER BY role) AS "roles!",
                  ARRAY(SELECT centre FROM account_centre WHERE account_id = id ORDER BY centre) AS "centres!"
           FROM account ORDER BY user_name"#
    )
    .fetch_all(database.pool())
    .await?;
    rows.into_iter()
        .map(|r| {
            Ok(Account {
                id: r.id,
                user_name: r.user_name,
                display_name: r.display_name,
                roles: parse_roles(&r.roles)?,
                centres: r.centres,
                from_provider: r.from_provider,
                disabled_at: r.disabled_at,
            })
        })
        .collect()
}

pub(super) fn parse_roles(names: &[String]) -> Result<Vec<Role>> {
    let parse = |name: &String| {
        Role::parse(name).ok_or_else(|| StorageError::Inconsistent {
            subject: "account",
            problem: format!("unknown role {name}"),
        })
    };
    names.iter().map(parse).collect()
}

/// The password of a local account.
#[derive(Clone)]
pub struct Password {
    /// Whose it is.
    pub account: Uuid,
    /// Argon2 hash in PHC form.
    pub hash: String,
    /// Whether an administrator has seen it, so that it opens nothing but the page on which another is chosen.
    pub is_first: bool,
}

/// The password of the open local account with that user name.
pub async fn password(database: &Database, user_name: &str) -> Result<Option<Password>> {
    let row = sqlx::query_as!(
        Password,
        r#"SELECT id AS account, password_hash AS "hash!", password_is_first AS is_first FROM account
           WHERE user_name = $1 AND disabled_at IS NULL AND password_hash IS NOT NULL"#,
        user_name.to_lowercase()
    )
    .fetch_optional(database.pool())
    .await?;
    Ok(row)
}

/// Closes an account and ends its sessions, or opens it again. [`StorageError::NotFound`] when there is none of that
/// user name.
pub async fn set_closed(database: &Database, user_name: &str, closed: bool) -> Result<Uuid> {
    let mut transaction = database.begin().await?;
    let id = sqlx::query_scalar!(
        "UPDATE account SET disabled_at = CASE WHEN $2 THEN COALESCE(disabled_at, now()) END
         WHERE user_name = $1 RETURNING id",
        user_name.to_lowercase(),
        closed
    )
    .fetch_optional(&mut *transaction)
    .await?
    .ok_or(StorageError::NotFound { subject: "account" })?;
    sqlx::query!("DELETE FROM session WHERE account_id = $1", id)
        .execute(&mut *transaction)
        .await?;
    transaction.commit().await?;
    Ok(id)
}

/// What a provider says of a person who has just signed in there.
#[derive(Debug, Clone)]
pub struct Arrival<'a> {
    /// The provider.
    pub issuer: &'a str,
    /// The person's id there, for good.
    pub subject: &'a str,
    /// Made-up user name for a new account.
    pub user_name: &'a str,
    /// What colleagues see.
    pub display_name: &'a str,
    /// What the person is here to do, as of now.
    pub roles: &'a [Role],
    /// Codes of the centres, as of now.
    pub centres: &'a [String],
}

/// The account of somebody who signed in with a provider, made on first sight, with the roles and centres of today.
/// Nothing when the account is closed.
pub async fn arrive(database: &Database, arrival: Arrival<'_>) -> Result<Option<Uuid>> {
    let mut transaction = database.begin().await?;
    let account = sqlx::query!(
        "INSERT INTO account (id, user_name, display_name, issuer, subject, created_at) VALUES ($1, $2, $3, $4, $5, $6)
         ON CONFLICT (issuer, subject) DO UPDATE SET display_name = excluded.display_name
         RETURNING id, disabled_at",
        Uuid::now_v7(),
        arrival.user_name,
        arrival.display_name,
        arrival.issuer,
        arrival.subject,
        Utc::now()
    )
    .fetch_one(&mut *transaction)
    .await?;
    grant(&mut transaction, account.id, arrival.roles, arrival.centres).await?;
    transaction.commit().await?;
    Ok(account.disabled_at.is_none().then_some(account.id))
}
