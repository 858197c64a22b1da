//! What people are here to do, and what each of them may.
//!
//! [`Role::permissions`] is the one place that says so. A person with several roles may do what any of them may.

/// What a person is here to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, clap::ValueEnum)]
#[value(rename_all = "snake_case")]
pub enum Role {
    /// Uploads scans and sees what became of them.
    Reception,
    /// Checks forms, keys fields of colleagues' forms a second time, and sees the records made of forms.
    Clerk,
    /// Keys fields a second time, without seeing what was read or keyed before.
    SecondClerk,
    /// Does what reception and clerks do, settles where two clerks differ, and watches quality and exceptions.
    Supervisor,
    /// Decides about protected addresses and is the one who sees them.
    SafeguardingLead,
    /// Answers requests of the people on record, and reads the audit trail.
    InformationGovernance,
    /// Reads the audit trail and nothing else.
    Auditor,
    /// Opens and closes accounts. Sees no record.
    Administrator,
}

/// Something that not everybody may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Permission {
    /// Upload scans and see what became of them.
    Scans,
    /// Check forms and settle them.
    CheckForms,
    /// See a form's pages and fields as they were scanned.
    SeeForms,
    /// Key fields a second time.
    KeyAgain,
    /// Decide where two clerks differ.
    Adjudicate,
    /// See error rates and speed.
    Quality,
    /// Deal with scans that could not be read.
    Exceptions,
    /// See the records made of forms, Article 9 answers included where they are asked for.
    SeeHouseholds,
    /// Make one record of two that are the same person, and part them again.
    MergePeople,
    /// Put right what is wrong in a record.
    CorrectRecords,
    /// Mark an address as protected. Many may: a mark too many does no harm.
    ProtectAddress,
    /// See protected addresses, and take the mark off.
    SeeProtectedAddresses,
    /// Answer what families ask of their records: give them a copy, stop their use, propose to erase them.
    Rights,
    /// Make lists of people to write to.
    ContactLists,
    /// Agree to what somebody else proposed to erase.
    AgreeToErase,
    /// Read the audit trail.
    ReadAudit,
    /// Register who is given records of families, and cut them off.
    Recipients,
    /// Open and close accounts.
    ManageAccounts,
}

impl Role {
    /// Every role.
    pub const ALL: [Self; 8] = [
        Self::Reception,
        Self::Clerk,
        Self::SecondClerk,
        Self::Supervisor,
        Self::SafeguardingLead,
        Self::InformationGovernance,
        Self::Auditor,
        Self::Administrator,
    ];

    /// What the role may do.
    ///
    /// Supervisors do not see protected addresses: they run the queue, and who knows where a family hides is for the
    /// safeguarding lead to decide. Whoever opens accounts sees no record, so that nobody can do both alone.
    pub const fn permissions(self) -> &'static [Permission] {
        use Permission::*;
        match self {
            Self::Reception => &[Scans],
            Self::Clerk => &[
                CheckForms,
                SeeForms,
                KeyAgain,
                SeeHouseholds,
                ProtectAddress,
            ],
            Self::SecondClerk => &[KeyAgain],
            Self::Supervisor => &[
                Scans,
                CheckForms,
                SeeForms,
                KeyAgain,
                Adjudicate,
                Quality,
                Exceptions,
                SeeHouseholds,
                MergePeople,
                CorrectRecords,
                ProtectAddress,
                ContactLists,
            ],
            Self::SafeguardingLead => &[
                SeeForms,
                SeeHouseholds,
                CorrectRecords,
                ProtectAddress,
                SeeProtectedAddresses,
                Rights,
                AgreeToErase,
            ],
            Self::InformationGovernance => &[
                SeeForms,
                SeeHouseholds,
                MergePeople,
                CorrectRecords,
                Rights,
                AgreeToErase,
                ContactLists,
                ReadAudit,
                Recipients,
            ],
            Self::Auditor => &[ReadAudit],
            Self::Administrator => &[ManageAccounts],
        }
    }

    /// The name used in the database, in the configuration and on the command line.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Reception => "reception",
            Self::Clerk => "clerk",
            Self::SecondClerk => "second_clerk",
            Self::Supervisor => "supervisor",
            Self::SafeguardingLead => "safeguarding_lead",
            Self::InformationGovernance => "information_governance",
            Self::Auditor => "auditor",
            Self::Administrator => "administrator",
        }
    }

    /// The name people use.
    pub const fn title(self) -> &'static str {
        match self {
            Self::Reception => "Reception",
            Self::Clerk => "Clerk",
            Self::SecondClerk => "Second clerk",
            Self::Supervisor => "Supervisor",
            Self::SafeguardingLead => "Safeguarding lead",
            Self::InformationGovernance => "Information governance",
            Self::Auditor => "Auditor",
            Self::Administrator => "Administrator",
        }
    }

    /// The role of that name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|role| role.as_str() == name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_lead_back_to_the_role() {
        for role in Role::ALL {
            assert_eq!(Role::parse(role.as_str()), Some(role));
        }
        assert_eq!(Role::parse("root"), None);
    }

    #[test]
    fn who_opens_accounts_sees_no_record_and_nobody_else_opens_accounts() {
        for role in Role::ALL {
            let manages = role.permissions().contains(&Permission::ManageAccounts);
            assert_eq!(manages, role == Role::Administrator);
        }
        assert_eq!(Role::Administrator.permissions().len(), 1);
    }

    #[test]
    fn protected_addresses_are_for_the_safeguarding_lead_alone() {
        let named: Vec<Role> = Role::ALL
            .into_iter()
            .filter(|r| r.permissions().contains(&Permission::SeeProtectedAddresses))
            .collect();
        assert_eq!(named, [Role::SafeguardingLead]);
    }
}
