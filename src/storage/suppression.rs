//! Addresses and numbers that no list may hold.
//!
//! What is stored is HMAC-SHA-256 (RFC 2104) of channel and address under a random key, which is itself sealed with the
//! key file: the list outlives the records, and the database alone does not tell whose addresses are on it.

use chrono::NaiveDate;
use hmac::{Hmac, Mac};
use rand::RngCore;
use sha2::Sha256;
use sqlx::PgConnection;
use uuid::Uuid;

use super::Result;
use super::sealing::{Sealer, associated_data};

/// Name of the key in `data_key`.
const KEY: &str = "suppression";

/// The key that addresses are hashed with.
pub struct SuppressionKey([u8; 32]);

impl SuppressionKey {
    /// Opens the key; the first time it is made.
    pub async fn open(connection: &mut PgConnection, sealer: &Sealer) -> Result<Self> {
        let bound_to = associated_data(Uuid::nil(), KEY);
        let mut fresh = [0; 32];
        rand::rng().fill_bytes(&mut fresh);
        let (key_id, sealed) = sealer.seal(&bound_to, &fresh)?;
        // Somebody may make it at the same moment: whoever was first counts.
        sqlx::query!(
            "INSERT INTO data_key (name, key_id, sealed) VALUES ($1, $2, $3) ON CONFLICT (name) DO NOTHING",
            KEY,
            key_id,
            sealed
        )
        .execute(&mut *connection)
        .await?;
        let row = sqlx::query!("SELECT key_id, sealed FROM data_key WHERE name = $1", KEY)
            .fetch_one(connection)
            .await?;
        let plain = sealer.open(&row.key_id, &bound_to, &row.sealed)?;
        let key = plain
            .try_into()
            .map_err(|_| super::sealing::SealingError::Malformed)?;
        Ok(Self(key))
    }

    /// What is stored of an address on a channel. Capitals of an e-mail address do not count, nor do blanks.
    pub fn mac(&self, channel: &str, address: &str) -> Vec<u8> {
        let mut mac =
            Hmac::<Sha256>::new_from_slice(&self.0).expect("HMAC takes keys of any length");
        mac.update(channel.as_bytes());
        mac.update(&[0]);
        let plain: String = address.chars().filter(|c| !c.is_whitespace()).collect();
        mac.update(plain.to_lowercase().as_bytes());
        mac.finalize().into_bytes().to_vec()
    }
}

/// Lets no list hold `address` on `channel`, for consents signed on that day or before.
pub async fn add(
    connection: &mut PgConnection,
    key: &SuppressionKey,
    channel: &str,
    address: &str,
    since: NaiveDate,
) -> Result<()> {
    sqlx::query!(
        "INSERT INTO suppression (channel, mac, since) VALUES ($1, $2, $3)
         ON CONFLICT (channel, mac) DO UPDATE SET since = GREATEST(suppression.since, excluded.since)",
        channel,
        key.mac(channel, address),
        since
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// The addresses of a person on `channel`, a purpose as in `consent`; none for purposes that are no channel.
pub async fn addresses_of(
    connection: &mut PgConnection,
    person: Uuid,
    channel: &str,
) -> Result<Vec<String>> {
    Ok(sqlx::query_scalar!(
        r#"SELECT DISTINCT address AS "address!" FROM service_user s
           CROSS JOIN LATERAL unnest(CASE $2
               WHEN 'contact.email' THEN ARRAY[s.email]
               WHEN 'contact.text' THEN ARRAY[s.phone, s.details ->> 'mobile']
               WHEN 'contact.phone' THEN ARRAY[s.phone, s.details ->> 'mobile', s.details ->> 'home_phone']
           END) AS address
           WHERE s.id = $1 AND address IS NOT NULL"#,
        person,
        channel
    )
    .fetch_all(connection)
    .await?)
}

/// Lets no list hold any address of the person on `channel`.
pub async fn add_person(
    connection: &mut PgConnection,
    sealer: &Sealer,
    person: Uuid,
    channel: &str,
    since: NaiveDate,
) -> Result<()> {
    let addresses = addresses_of(connection, person, channel).await?;
    if addresses.is_empty() {
        return Ok(());
    }
    let key = SuppressionKey::open(connection, sealer).await?;
    for address in addresses {
        add(connection, &key, channel, &address, since).await?;
    }
    Ok(())
}
