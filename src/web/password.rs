//! Passwords of local accounts, hashed with argon2id.

use std::sync::LazyLock;

use argon2::Argon2;
use argon2::password_hash::rand_core::OsRng;
use argon2::password_hash::{PasswordHash, PasswordHasher, PasswordVerifier, SaltString};
use tokio::sync::Semaphore;

/// Fewest characters of a password that a person chose.
pub const SHORTEST: usize = 10;

/// A first password: 80 random bits in groups that can be read out.
pub fn made_up() -> String {
    use rand::Rng as _;
    const SIGNS: &[u8; 31] = b"abcdefghjkmnpqrstuvwxyz23456789";
    let mut random = rand::rng();
    let mut group = || -> String {
        (0..4)
            .map(|_| char::from(SIGNS[random.random_range(0..SIGNS.len())]))
            .collect()
    };
    [group(), group(), group(), group()].join("-")
}

/// Hashing failed; nobody can do anything about it.
#[derive(Debug, thiserror::Error)]
#[error("the password could not be hashed")]
pub struct HashError;

/// Hashes a password. Takes some 20 ms of processor time and 19 MiB of memory.
///
/// # Errors
/// [`HashError`] when the operating system gives no random numbers.
pub fn hash(password: &str) -> Result<String, HashError> {
    let salt = SaltString::generate(&mut OsRng);
    let hash = Argon2::default()
        .hash_password(password.as_bytes(), &salt)
        .map_err(|_| HashError)?;
    Ok(hash.to_string())
}

fn verify(password: &str, hash: &str) -> bool {
    PasswordHash::new(hash).is_ok_and(|hash| {
        Argon2::default()
            .verify_password(password.as_bytes(), &hash)
            .is_ok()
    })
}

/// Stands in for the hash of an account that does not exist, so that the answer takes as long.
static NOBODY: LazyLock<String> =
    LazyLock::new(|| hash("nobody has this password").unwrap_or_default());

/// Checks passwords, few at a time: hashing is costly on purpose and must not starve the pages.
pub(super) struct Checker(Semaphore);

impl Default for Checker {
    fn default() -> Self {
        Self(Semaphore::new(2))
    }
}

impl Checker {
    /// Whether `password` belongs to `hash`; takes as long where there is no hash.
    pub async fn check(&self, password: String, hash: Option<String>) -> bool {
        let Ok(_permit) = self.0.acquire().await else {
            return false;
        };
        let known = hash.is_some();
        let checked = tokio::task::spawn_blocking(move || match hash {
            Some(hash) => verify(&password, &hash),
            None => verify(&password, &NOBODY),
        });
        checked.await.unwrap_or(false) && known
    }

    /// Hashes a password like [`hash`], as one of the few at a time.
    pub async fn hash(&self, password: String) -> Result<String, HashError> {
        let _permit = self.0.acquire().await.map_err(|_| HashError)?;
        let hashed = tokio::task::spawn_blocking(move || hash(&password));
        hashed.await.map_err(|_| HashError)?
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn first_passwords_can_be_read_out_and_differ() {
        let (one, other) = (made_up(), made_up());
        assert_ne!(one, other);
        assert_eq!(one.len(), 19);
        assert!(!one.contains(['0', '1', 'i', 'l', 'o']), "{one}");
    }

    #[tokio::test]
    async fn only_the_right_password_fits_and_nobody_fits_nothing() {
        let stored = hash("correct horse").unwrap();
        let checker = Checker::default();
        assert!(
            checker
                .check("correct horse".into(), Some(stored.clone()))
                .await
        );
        assert!(!checker.check("Correct horse".into(), Some(stored)).await);
        assert!(!checker.check("nobody has this password".into(), None).await);
    }
}
