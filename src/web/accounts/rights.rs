//! Roles and centres as an administrator enters them.

use crate::domain::role::Role;
use crate::web::posted::Posted;

/// What is wrong with one input.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Problem {
    pub field: &'static str,
    pub text: &'static str,
}

/// The text about the input called `field`.
pub(super) fn about(problems: &[Problem], field: &str) -> Option<&'static str> {
    problems.iter().find(|p| p.field == field).map(|p| p.text)
}

/// A role to choose.
pub(super) struct Choice {
    pub value: &'static str,
    pub text: &'static str,
    pub hint: &'static str,
    pub chosen: bool,
}

/// What stands in the form.
#[derive(Default)]
pub(super) struct Entered {
    pub roles: Vec<Role>,
    pub centres: String,
}

impl Entered {
    pub fn new(roles: &[Role], centres: &[String]) -> Self {
        Self {
            roles: roles.to_vec(),
            centres: centres.join(", "),
        }
    }

    pub fn of(posted: &Posted) -> Self {
        let roles = posted.fields.iter().filter(|(name, _)| name == "roles");
        Self {
            roles: roles.filter_map(|(_, role)| Role::parse(role)).collect(),
            centres: posted.first("centres").unwrap_or_default().to_owned(),
        }
    }

    /// Codes of the centres in the one spelling.
    pub fn codes(&self) -> Vec<String> {
        let codes = self
            .centres
            .split([',', ' ', ';'])
            .filter(|c| !c.is_empty());
        codes.map(str::to_ascii_uppercase).collect()
    }

    pub fn problems(&self) -> Vec<Problem> {
        let mut problems = Vec::new();
        let mut wrong = |field, text| problems.push(Problem { field, text });
        if self.roles.is_empty() {
            wrong("roles", "Select what the person is here to do");
        }
        if self.roles.len() > 1 && self.roles.contains(&Role::Administrator) {
            wrong(
                "roles",
                "Whoever opens accounts sees no records: an administrator cannot have another role",
            );
        }
        let sign = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-');
        if !self
            .codes()
            .iter()
            .all(|code| code.len() <= 20 && code.chars().all(sign))
        {
            wrong(
                "centres",
                "Enter codes as they stand on the forms, like OAK, with commas between",
            );
        }
        problems
    }

    pub fn choices(&self) -> Vec<Choice> {
        let choice = |role: Role| Choice {
            value: role.as_str(),
            text: role.title(),
            hint: hint(role),
            chosen: self.roles.contains(&role),
        };
        Role::ALL.into_iter().map(choice).collect()
    }
}

fn hint(role: Role) -> &'static str {
    match role {
        Role::Reception => "Sends scans and follows them",
        Role::Clerk => "Checks forms, keys again, sees records",
        Role::SecondClerk => "Keys again, and sees nothing else",
        Role::Supervisor => "Reception and clerk, decides differences, watches work and quality",
        Role::SafeguardingLead => "Sees protected addresses; agrees to erasures",
        Role::InformationGovernance => "Sharing, requests of families, audit trail",
        Role::Auditor => "Reads the audit trail",
        Role::Administrator => "Opens and closes accounts; sees no records",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entered(roles: &[Role], centres: &str) -> Entered {
        Entered {
            roles: roles.to_vec(),
            centres: centres.to_owned(),
        }
    }

    #[test]
    fn centres_are_read_as_people_write_them() {
        let two = entered(&[Role::Clerk], " oak, RIV ;");
        assert_eq!(two.codes(), ["OAK", "RIV"]);
        assert_eq!(two.problems(), []);
        let wrong = entered(&[Role::Clerk], "Oak Children's Centre");
        assert_eq!(wrong.problems()[0].field, "centres");
    }

    #[test]
    fn an_administrator_has_no_other_role() {
        assert_eq!(entered(&[Role::Administrator], "").problems(), []);
        let both = entered(&[Role::Administrator, Role::Auditor], "");
        assert_eq!(both.problems().len(), 1);
        assert_eq!(entered(&[], "").problems()[0].field, "roles");
    }
}
