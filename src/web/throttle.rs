//! Slows down guessing of passwords: after a few wrong ones a user name has to wait, longer each time.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// Wrong passwords that cost nothing.
const FREE: u32 = 5;
/// First wait; doubled with each further wrong password.
const FIRST_WAIT: Duration = Duration::from_secs(30);
/// Longest wait, and how long wrong passwords are remembered.
const LONGEST_WAIT: Duration = Duration::from_secs(15 * 60);
/// User names remembered at most: whoever tries more is not guessing one person's password.
const MOST_NAMES: usize = 10_000;

#[derive(Clone, Copy)]
struct Wrong {
    times: u32,
    last: Instant,
}

impl Wrong {
    fn wait_until(self) -> Option<Instant> {
        let beyond = self.times.checked_sub(FREE)?;
        Some(
            self.last
                + FIRST_WAIT
                    .saturating_mul(1 << beyond.min(10))
                    .min(LONGEST_WAIT),
        )
    }
}

/// Wrong passwords by user name, kept in this process.
#[derive(Default)]
pub(super) struct Throttle(Mutex<HashMap<String, Wrong>>);

impl Throttle {
    /// How long `user_name` has to wait, where it has to.
    pub fn wait(&self, user_name: &str, now: Instant) -> Option<Duration> {
        let until = self.names().get(user_name)?.wait_until()?;
        until
            .checked_duration_since(now)
            .filter(|wait| !wait.is_zero())
    }

    /// Notes a wrong password.
    pub fn wrong(&self, user_name: &str, now: Instant) {
        let mut names = self.names();
        if names.len() >= MOST_NAMES {
            names.retain(|_, wrong| now.duration_since(wrong.last) < LONGEST_WAIT);
        }
        if names.len() >= MOST_NAMES && !names.contains_key(user_name) {
            return;
        }
        let wrong = names.entry(user_name.to_owned()).or_insert(Wrong {
            times: 0,
            last: now,
        });
        if now.duration_since(wrong.last) >= LONGEST_WAIT {
            wrong.times = 0;
        }
        *wrong = Wrong {
            times: wrong.times + 1,
            last: now,
        };
    }

    /// Forgets the wrong passwords of somebody who signed in.
    pub fn right(&self, user_name: &str) {
        self.names().remove(user_name);
    }

    fn names(&self) -> std::sync::MutexGuard<'_, HashMap<String, Wrong>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_grow_and_end() {
        let (throttle, start) = (Throttle::default(), Instant::now());
        for _ in 0..4 {
            throttle.wrong("ada", start);
        }
        assert_eq!(throttle.wait("ada", start), None);
        throttle.wrong("ada", start);
        assert_eq!(throttle.wait("ada", start), Some(Duration::from_secs(30)));
        throttle.wrong("ada", start);
        assert_eq!(throttle.wait("ada", start), Some(Duration::from_secs(60)));
        assert_eq!(throttle.wait("ada", start + Duration::from_secs(61)), None);
        assert_eq!(throttle.wait("eve", start), None);
        throttle.right("ada");
        assert_eq!(throttle.wait("ada", start), None);
    }
}
