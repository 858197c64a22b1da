//! How often a recipient may ask: a mistake in its program must not keep the clerks waiting.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::Instant;

use uuid::Uuid;

/// What each recipient has left, kept in this process. A minute's worth may be used at once and comes back evenly.
pub(in crate::web) struct Rate {
    per_minute: f64,
    left: Mutex<HashMap<Uuid, (f64, Instant)>>,
}

impl Rate {
    /// Allows `per_minute` requests a minute.
    pub fn new(per_minute: u32) -> Self {
        Self {
            per_minute: f64::from(per_minute.max(1)),
            left: Mutex::default(),
        }
    }

    /// Counts a request of `recipient`. When it is one too many: whole seconds until one is allowed again.
    pub fn take(&self, recipient: Uuid, now: Instant) -> Result<(), u64> {
        let mut all = self.left.lock().unwrap_or_else(PoisonError::into_inner);
        let (left, since) = all.entry(recipient).or_insert((self.per_minute, now));
        let back = now.saturating_duration_since(*since).as_secs_f64() * self.per_minute / 60.0;
        *left = (*left + back).min(self.per_minute);
        *since = now;
        // What came back in pieces does not add up to the last digit.
        let lacking = 1.0 - *left - 1e-6;
        if lacking <= 0.0 {
            *left = (*left - 1.0).max(0.0);
            return Ok(());
        }
        let seconds = (lacking * 60.0 / self.per_minute).ceil();
        Err(seconds.max(1.0) as u64)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn a_minutes_worth_may_be_used_at_once_and_comes_back() {
        let (rate, start) = (Rate::new(3), Instant::now());
        let (one, other) = (Uuid::from_u128(1), Uuid::from_u128(2));
        for _ in 0..3 {
            assert_eq!(rate.take(one, start), Ok(()));
        }
        assert_eq!(rate.take(one, start), Err(20));
        assert_eq!(rate.take(other, start), Ok(()), "each has its own");
        assert_eq!(rate.take(one, start + Duration::from_secs(19)), Err(1));
        assert_eq!(rate.take(one, start + Duration::from_secs(20)), Ok(()));
    }
}
