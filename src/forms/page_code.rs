//! What the QR code of a page says: `ENROL:registration:1:2:483920` (form, version, page, set number).
//! The set number ties the sheets of one printed form together; a blank meant for photocopying has none,
//! and its code ends after the page.

/// The payload of a page's QR code. It selects a known definition and is trusted for nothing else.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PageCode {
    /// Identifier of the definition.
    pub form: String,
    /// Version of the definition.
    pub version: u32,
    /// Page, from 1.
    pub page: u32,
    /// Set number, six digits.
    pub set_number: Option<String>,
}

impl PageCode {
    /// Reads a payload; `None` when it is not one of ours.
    pub fn parse(payload: &str) -> Option<Self> {
        let mut parts = payload.strip_prefix("ENROL:")?.split(':');
        let form = parts.next().filter(|f| !f.is_empty())?.to_owned();
        let version = parts.next()?.parse().ok()?;
        let page = parts.next()?.parse().ok().filter(|p| *p > 0)?;
        let set_number = parts.next().map(str::to_owned);
        let well_formed = parts.next().is_none()
            && set_number
                .as_deref()
                .is_none_or(|s| s.len() == 6 && s.bytes().all(|b| b.is_ascii_digit()));
        well_formed.then_some(Self {
            form,
            version,
            page,
            set_number,
        })
    }
}

impl std::fmt::Display for PageCode {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "ENROL:{}:{}:{}", self.form, self.version, self.page)?;
        self.set_number
            .iter()
            .try_for_each(|set| write!(f, ":{set}"))
    }
}
