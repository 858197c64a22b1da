//! E-mail addresses. A wrong one discloses a family's data to a stranger, so nothing is ever corrected here.

use email_address::EmailAddress;

/// An e-mail address in small letters.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Email(String);

/// Why a text is no e-mail address. Somebody has to look at the form again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum EmailError {
    /// There has to be exactly one.
    #[error("an e-mail address has exactly one @; this one has {found}")]
    At {
        /// How many there are.
        found: usize,
    },
    /// A space inside.
    #[error("there is a space in this e-mail address")]
    Space,
    /// Longer than mail servers take.
    #[error("an e-mail address has 254 characters at most")]
    Length,
    /// The part before the @.
    #[error(
        "the part before the @ is empty or has characters, dots or quotation marks that mail servers refuse"
    )]
    Local,
    /// The part after the @.
    #[error("the part after the @ is not the name of a mail server, such as example.org")]
    Domain,
}

impl Email {
    /// Checks an e-mail address. Capitals become small letters: forms are filled in with capitals, and mail servers
    /// do not tell them apart.
    ///
    /// # Errors
    /// Which part of it is wrong.
    pub fn parse(text: &str) -> Result<Self, EmailError> {
        let address = text.trim().to_lowercase();
        if address.chars().any(char::is_whitespace) {
            return Err(EmailError::Space);
        }
        if address.len() > 254 {
            return Err(EmailError::Length);
        }
        let found = address.matches('@').count();
        let Some((local, domain)) = address.split_once('@').filter(|_| found == 1) else {
            return Err(EmailError::At { found });
        };
        if !is_local(local) {
            return Err(EmailError::Local);
        }
        if !is_domain(domain) || !EmailAddress::is_valid(&address) {
            return Err(EmailError::Domain);
        }
        Ok(Self(address))
    }

    /// The address.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The address, by value.
    pub fn into_string(self) -> String {
        self.0
    }
}

fn is_local(part: &str) -> bool {
    let dots = part.starts_with('.') || part.ends_with('.') || part.contains("..");
    let allowed = |b: u8| b.is_ascii_alphanumeric() || b".!#$%&'*+-/=?^_`{|}~".contains(&b);
    !part.is_empty() && part.len() <= 64 && !dots && part.bytes().all(allowed)
}

fn is_domain(part: &str) -> bool {
    let labels: Vec<&str> = part.split('.').collect();
    let is_label = |label: &&str| {
        !label.is_empty()
            && label.len() <= 63
            && !label.starts_with('-')
            && !label.ends_with('-')
            && label
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || b == b'-')
    };
    let top = labels.last().copied().unwrap_or_default();
    let is_top =
        top.starts_with("xn--") || (top.len() >= 2 && top.bytes().all(|b| b.is_ascii_alphabetic()));
    labels.len() >= 2 && labels.iter().all(is_label) && is_top
}

impl std::fmt::Debug for Email {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Email(redacted)")
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn takes_what_mail_servers_take() {
        for good in [
            "ANNA.SMITH@EXAMPLE.ORG",
            "o'brien+news@mail.example.co.uk",
            "a_b@example.xn--p1ai",
        ] {
            assert_eq!(
                Email::parse(good).map(Email::into_string),
                Ok(good.to_lowercase())
            );
        }
        let bad = [
            ("anna.example.org", EmailError::At { found: 0 }),
            ("a@b@example.org", EmailError::At { found: 2 }),
            ("anna smith@example.org", EmailError::Space),
            ("anna..smith@example.org", EmailError::Local),
            ("\"anna\"@example.org", EmailError::Local),
            ("anna@example", EmailError::Domain),
            ("anna@example,org", EmailError::Domain),
            ("anna@example.0rg", EmailError::Domain),
        ];
        for (text, error) in bad {
            assert_eq!(Email::parse(text), Err(error));
        }
    }

    proptest! {
        #[test]
        fn accepts_what_it_made_itself(text in "[a-zA-Z0-9.@_-]{0,24}") {
            if let Ok(email) = Email::parse(&text) {
                prop_assert_eq!(Email::parse(email.as_str()), Ok(email));
            }
        }
    }
}
