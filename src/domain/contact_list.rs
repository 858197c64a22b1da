//! Whom a list of people to write to may name, and why everybody else is left out.

use std::collections::HashSet;

use chrono::NaiveDate;

use crate::validation::email::Email;
use crate::validation::phone::Phone;

/// How people are written to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Channel {
    /// E-mail.
    Email,
    /// Text message.
    Text,
}

impl Channel {
    /// Every channel.
    pub const ALL: [Self; 2] = [Self::Email, Self::Text];

    /// The purpose of the consent that it needs.
    pub fn purpose(self) -> &'static str {
        match self {
            Self::Email => "contact.email",
            Self::Text => "contact.text",
        }
    }

    /// The channel of that purpose.
    pub fn parse(purpose: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|c| c.purpose() == purpose)
    }

    /// The address as messages are sent to it; nothing where none can be.
    pub fn valid(self, address: &str) -> Option<String> {
        match self {
            Self::Email => Email::parse(address)
                .ok()
                .map(|e| e.into_string().to_lowercase()),
            Self::Text => Phone::parse(address)
                .ok()
                .filter(Phone::is_mobile)
                .map(Phone::into_string),
        }
    }
}

/// Somebody who might be written to.
#[derive(Clone, PartialEq, Eq)]
pub struct Possible {
    /// The answer in force: `yes`, `no`, `not_answered`, `unreadable`; nothing when the person was never asked.
    pub answer: Option<String>,
    /// The day of a withdrawal.
    pub withdrawn_on: Option<NaiveDate>,
    /// The day of the consent; nothing when the form has no date.
    pub signed_on: Option<NaiveDate>,
    /// Whether the record's time is over.
    pub expired: bool,
    /// Whether where the family is must not become known.
    pub protected: bool,
    /// Whether the record is only kept.
    pub restricted: bool,
    /// Address or number, the one to use first.
    pub address: Option<String>,
    /// Since when nobody may write to that address.
    pub suppressed_since: Option<NaiveDate>,
}

/// Why somebody is left out. The first that holds is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum LeftOut {
    /// No yes is on record.
    NoConsent,
    /// The consent was taken back.
    Withdrawn,
    /// The record's time is over.
    Expired,
    /// The family's address is protected.
    Protected,
    /// The record is restricted, or its use objected to.
    Restricted,
    /// There is no address that messages can be sent to.
    NoAddress,
    /// The address may not be written to: somebody who has it said so.
    Suppressed,
    /// Somebody else on the list has the same address.
    SameAddress,
}

impl LeftOut {
    /// The name in the database.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::NoConsent => "no_consent",
            Self::Withdrawn => "withdrawn",
            Self::Expired => "expired",
            Self::Protected => "protected",
            Self::Restricted => "restricted",
            Self::NoAddress => "no_address",
            Self::Suppressed => "suppressed",
            Self::SameAddress => "same_address",
        }
    }

    /// In words. Of a protected address nobody is told by a list.
    pub fn title(self) -> &'static str {
        match self {
            Self::NoConsent => "No consent",
            Self::Withdrawn => "Consent taken back",
            Self::Expired => "Kept for long enough",
            Self::Protected | Self::Restricted => "Not to be used: ask information governance",
            Self::NoAddress => "No address that can be used",
            Self::Suppressed => "Address must not be written to",
            Self::SameAddress => "Same address as somebody on the list",
        }
    }
}

/// Goes through people in order.
pub struct Sieve {
    channel: Channel,
    taken: HashSet<String>,
}

impl Sieve {
    /// For messages on `channel`.
    pub fn new(channel: Channel) -> Self {
        Self {
            channel,
            taken: HashSet::new(),
        }
    }

    /// The address to write to, or why not.
    ///
    /// # Errors
    /// The first reason that holds.
    pub fn take(&mut self, person: &Possible) -> Result<String, LeftOut> {
        if person.withdrawn_on.is_some() {
            return Err(LeftOut::Withdrawn);
        }
        if person.answer.as_deref() != Some("yes") {
            return Err(LeftOut::NoConsent);
        }
        if person.expired {
            return Err(LeftOut::Expired);
        }
        if person.protected {
            return Err(LeftOut::Protected);
        }
        if person.restricted {
            return Err(LeftOut::Restricted);
        }
        let address = person.address.as_deref();
        let address = address.and_then(|a| self.channel.valid(a));
        let address = address.ok_or(LeftOut::NoAddress)?;
        // A consent without a date is older than anything else.
        if person
            .suppressed_since
            .is_some_and(|since| person.signed_on.is_none_or(|signed| signed <= since))
        {
            return Err(LeftOut::Suppressed);
        }
        if !self.taken.insert(address.clone()) {
            return Err(LeftOut::SameAddress);
        }
        Ok(address)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    fn willing() -> Possible {
        Possible {
            answer: Some("yes".into()),
            withdrawn_on: None,
            signed_on: Some(day("2026-03-20")),
            expired: false,
            protected: false,
            restricted: false,
            address: Some("Grace@Example.org".into()),
            suppressed_since: None,
        }
    }

    fn why(change: impl FnOnce(&mut Possible)) -> Result<String, LeftOut> {
        let mut person = willing();
        change(&mut person);
        Sieve::new(Channel::Email).take(&person)
    }

    #[test]
    fn each_reason_leaves_somebody_out_and_the_first_is_told() {
        assert_eq!(why(|_| {}).unwrap(), "grace@example.org");
        assert_eq!(why(|p| p.answer = None), Err(LeftOut::NoConsent));
        for answer in ["no", "not_answered", "unreadable"] {
            assert_eq!(
                why(|p| p.answer = Some(answer.into())),
                Err(LeftOut::NoConsent)
            );
        }
        let withdrawn = |p: &mut Possible| {
            p.answer = Some("no".into());
            p.withdrawn_on = Some(day("2026-05-01"));
        };
        assert_eq!(why(withdrawn), Err(LeftOut::Withdrawn));
        assert_eq!(why(|p| p.expired = true), Err(LeftOut::Expired));
        assert_eq!(why(|p| p.protected = true), Err(LeftOut::Protected));
        assert_eq!(why(|p| p.restricted = true), Err(LeftOut::Restricted));
        assert_eq!(why(|p| p.address = None), Err(LeftOut::NoAddress));
        assert_eq!(
            why(|p| p.address = Some("grace at example".into())),
            Err(LeftOut::NoAddress)
        );
        let both = |p: &mut Possible| (p.protected, p.address) = (true, None);
        assert_eq!(why(both), Err(LeftOut::Protected));
    }

    #[test]
    fn an_address_that_must_not_be_written_to_needs_a_newer_consent() {
        let since = |text: &str| {
            let day = day(text);
            move |p: &mut Possible| p.suppressed_since = Some(day)
        };
        assert_eq!(why(since("2026-03-20")), Err(LeftOut::Suppressed));
        assert_eq!(why(since("2026-03-19")).unwrap(), "grace@example.org");
        let undated =
            |p: &mut Possible| (p.suppressed_since, p.signed_on) = (Some(day("2020-01-01")), None);
        assert_eq!(why(undated), Err(LeftOut::Suppressed));
    }

    #[test]
    fn nobody_gets_two_messages_and_landlines_get_none() {
        let mut sieve = Sieve::new(Channel::Email);
        assert!(sieve.take(&willing()).is_ok());
        assert_eq!(sieve.take(&willing()), Err(LeftOut::SameAddress));
        let phone = |number: &str| Possible {
            address: Some(number.into()),
            ..willing()
        };
        let mut sieve = Sieve::new(Channel::Text);
        assert_eq!(sieve.take(&phone("07700900123")).unwrap(), "07700900123");
        assert_eq!(sieve.take(&phone("01632960001")), Err(LeftOut::NoAddress));
    }
}
