//! Which failures a person can do something about, and which put a file into quarantine.

use enrol::storage::documents::{Refusal, RefusalOutcome};

use crate::ReadError;

/// How a document ends that could not be read and will not be tried again.
pub fn refusal(error: &ReadError) -> Refusal {
    Refusal {
        outcome: outcome(error.code()),
        code: error.code().to_owned(),
        reason: error.reason(),
    }
}

/// What is wrong can be put right by whoever scanned it; all else is dangerous or cannot be decoded.
fn outcome(code: &str) -> RefusalOutcome {
    match code {
        "password_protected" | "too_many_pages" => RefusalOutcome::Exception,
        _ => RefusalOutcome::Quarantined,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_is_for_a_person_and_a_bomb_for_quarantine() {
        assert_eq!(outcome("password_protected"), RefusalOutcome::Exception);
        assert_eq!(outcome("out_of_memory"), RefusalOutcome::Quarantined);
        assert_eq!(outcome("damaged"), RefusalOutcome::Quarantined);
    }
}
