//! What an administrator does with accounts. Each change and its entry in the audit trail are one transaction, and none
//! leaves Enrol without an administrator who can sign in.

use chrono::{DateTime, TimeDelta, Utc};
use sqlx::PgConnection;
use uuid::Uuid;

use super::accounts::{self, Account, NewAccount, Role};
use super::audit::{self, Act, Actor};
use super::{Database, Result, StorageError};

/// How people can sign in as the server is set up: an administrator who cannot is none.
#[derive(Debug, Clone, Copy)]
pub struct Ways {
    /// With a password of Enrol's own.
    pub local: bool,
    /// With the organisation's provider.
    pub provider: bool,
}

/// Why an account was not changed. Nothing is stored.
#[derive(Debug, thiserror::Error)]
pub enum CareError {
    /// Nobody could look after accounts afterwards.
    #[error("the last administrator")]
    LastAdministrator,
    /// Its roles, centres and password are the provider's.
    #[error("the account belongs to the sign-in provider")]
    FromProvider,
    /// There is no such account, its name is taken, or the database failed.
    #[error(transparent)]
    Storage(#[from] StorageError),
}

impl From<sqlx::Error> for CareError {
    fn from(error: sqlx::Error) -> Self {
        Self::Storage(error.into())
    }
}

/// An account as an administrator sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cared {
    /// The account.
    pub account: Account,
    /// Since when there is an account.
    pub created_at: DateTime<Utc>,
    /// Whether its password is one that an administrator has seen.
    pub password_is_first: bool,
    /// In how many browsers the person is signed in.
    pub sessions: i64,
}

/// The account with that id. A session that nobody used for `idle` has ended.
pub async fn find(database: &Database, id: Uuid, idle: TimeDelta) -> Result<Option<Cared>> {
    let now = Utc::now();
    let row = sqlx::query!(
        r#"SELECT a.id, a.user_name, a.display_name, a.disabled_at, a.created_at, a.password_is_first,
                  a.issuer IS NOT NULL AS "from_provider!",
                  ARRAY(SELECT role FROM account_role WHERE account_id = a.id ORDER BY role) AS "roles!",
                  ARRAY(SELECT centre FROM account_centre WHERE account_id = a.id ORDER BY centre) AS "centres!",
                  (SELECT count(*) FROM session s
                   WHERE s.account_id = a.id AND s.expires_at > $2 AND s.last_seen > $3) AS "sessions!"
           FROM account a WHERE a.id = $1"#,
        id,
        now,
        now - idle
    )
    .fetch_optional(database.pool())
    .await?;
    let Some(row) = row else { return Ok(None) };
    Ok(Some(Cared {
        account: Account {
            id: row.id,
            user_name: row.user_name,
            display_name: row.display_name,
            roles: accounts::parse_roles(&row.roles)?,
            centres: row.centres,
            from_provider: row.from_provider,
            disabled_at: row.disabled_at,
        },
        created_at: row.created_at,
        password_is_first: row.password_is_first,
        sessions: row.sessions,
    }))
}

/// Codes of all centres that somebody works for.
pub async fn centres_in_use(database: &Database) -> Result<Vec<String>> {
    let codes = sqlx::query_scalar!("SELECT DISTINCT centre FROM account_centre ORDER BY centre")
        .fetch_all(database.pool())
        .await?;
    Ok(codes)
}

/// Opens a local account with a first password.
///
/// # Errors
/// [`StorageError::Conflict`] when the user name is taken.
pub async fn open(database: &Database, new: NewAccount<'_>, by: Uuid) -> Result<Uuid> {
    let mut transaction = database.begin().await?;
    let id = accounts::insert(&mut transaction, &new).await?;
    sqlx::query!(
        "UPDATE account SET password_is_first = true WHERE id = $1",
        id
    )
    .execute(&mut *transaction)
    .await?;
    let act = Act::new("opened", "account", id);
    audit::record_part(
        &mut *transaction,
        Actor::Account(by),
        act,
        &in_words(new.roles, new.centres),
    )
    .await?;
    transaction.commit().await?;
    Ok(id)
}

/// Gives a local account exactly these roles and centres; they count from the person's next request on.
///
/// # Errors
/// See [`CareError`].
pub async fn change_rights(
    database: &Database,
    ways: Ways,
    id: Uuid,
    (roles, centres): (&[Role], &[String]),
    by: Uuid,
) -> Result<(), CareError> {
    let mut transaction = begin(database, id, true).await?;
    accounts::grant(&mut transaction, id, roles, centres).await?;
    somebody_left(&mut transaction, ways).await?;
    let act = Act::new("changed_rights", "account", id);
    audit::record_part(
        &mut *transaction,
        Actor::Account(by),
        act,
        &in_words(roles, centres),
    )
    .await?;
    transaction.commit().await?;
    Ok(())
}

/// Closes an account and ends its sessions, or opens it again.
///
/// # Errors
/// See [`CareError`].
pub async fn set_closed(
    database: &Database,
    ways: Ways,
    id: Uuid,
    closed: bool,
    by: Uuid,
) -> Result<(), CareError> {
    let mut transaction = begin(database, id, false).await?;
    sqlx::query!(
        "UPDATE account SET disabled_at = CASE WHEN $2 THEN COALESCE(disabled_at, $3) END WHERE id = $1",
        id,
        closed,
        Utc::now()
    )
    .execute(&mut *transaction)
    .await?;
    if closed {
        somebody_left(&mut transaction, ways).await?;
        forget_sessions(&mut transaction, id).await?;
    }
    let action = if closed { "closed" } else { "reopened" };
    let act = Act::new(action, "account", id);
    audit::record(&mut *transaction, Actor::Account(by), act).await?;
    transaction.commit().await?;
    Ok(())
}

/// Ends every session of an account.
///
/// # Errors
/// See [`CareError`].
pub async fn end_sessions(database: &Database, id: Uuid, by: Uuid) -> Result<(), CareError> {
    let mut transaction = begin(database, id, false).await?;
    forget_sessions(&mut transaction, id).await?;
    let act = Act::new("ended_sessions", "account", id);
    audit::record(&mut *transaction, Actor::Account(by), act).await?;
    transaction.commit().await?;
    Ok(())
}

/// Gives a local account a first password and ends its sessions.
///
/// # Errors
/// See [`CareError`].
pub async fn give_password(
    database: &Database,
    id: Uuid,
    password_hash: &str,
    by: Uuid,
) -> Result<(), CareError> {
    let mut transaction = begin(database, id, true).await?;
    set_password(&mut transaction, id, password_hash, true).await?;
    let act = Act::new("gave_first_password", "account", id);
    audit::record(&mut *transaction, Actor::Account(by), act).await?;
    transaction.commit().await?;
    Ok(())
}

/// Stores the password that a person chose and ends their sessions.
pub async fn choose_password(database: &Database, id: Uuid, password_hash: &str) -> Result<()> {
    let mut transaction = database.begin().await?;
    set_password(&mut transaction, id, password_hash, false).await?;
    let act = Act::new("chose_password", "account", id);
    audit::record(&mut *transaction, Actor::Account(id), act).await?;
    transaction.commit().await?;
    Ok(())
}

/// A transaction that only one administrator at a time is in, so that two cannot shut each other out. `local` refuses
/// accounts of the provider.
async fn begin(
    database: &Database,
    id: Uuid,
    local: bool,
) -> Result<sqlx::Transaction<'static, sqlx::Postgres>, CareError> {
    let mut transaction = database.begin().await?;
    sqlx::query!("LOCK TABLE account_role IN SHARE ROW EXCLUSIVE MODE")
        .execute(&mut *transaction)
        .await?;
    let from_provider = sqlx::query_scalar!(
        r#"SELECT issuer IS NOT NULL AS "from_provider!" FROM account WHERE id = $1"#,
        id
    )
    .fetch_optional(&mut *transaction)
    .await?
    .ok_or(StorageError::NotFound { subject: "account" })?;
    if local && from_provider {
        return Err(CareError::FromProvider);
    }
    Ok(transaction)
}

/// Fails when no administrator could sign in any more.
async fn somebody_left(connection: &mut PgConnection, ways: Ways) -> Result<(), CareError> {
    let left = sqlx::query_scalar!(
        r#"SELECT EXISTS (SELECT FROM account a JOIN account_role r ON r.account_id = a.id
                          WHERE r.role = 'administrator' AND a.disabled_at IS NULL
                            AND CASE WHEN a.issuer IS NULL THEN $1::boolean ELSE $2::boolean END) AS "left!""#,
        ways.local,
        ways.provider
    )
    .fetch_one(connection)
    .await?;
    if left {
        Ok(())
    } else {
        Err(CareError::LastAdministrator)
    }
}

async fn set_password(
    connection: &mut PgConnection,
    id: Uuid,
    password_hash: &str,
    is_first: bool,
) -> Result<()> {
    sqlx::query!(
        "UPDATE account SET password_hash = $2, password_is_first = $3 WHERE id = $1 AND issuer IS NULL",
        id,
        password_hash,
        is_first
    )
    .execute(&mut *connection)
    .await?;
    forget_sessions(connection, id).await
}

async fn forget_sessions(connection: &mut PgConnection, id: Uuid) -> Result<()> {
    sqlx::query!("DELETE FROM session WHERE account_id = $1", id)
        .execute(connection)
        .await?;
    Ok(())
}

/// Roles and centres for the audit trail.
fn in_words(roles: &[Role], centres: &[String]) -> String {
    let roles: Vec<&str> = roles.iter().map(|role| role.as_str()).collect();
    let centres = if centres.is_empty() {
        "all centres".to_owned()
    } else {
        centres.join(", ")
    };
    format!("{}; {centres}", roles.join(", "))
}
