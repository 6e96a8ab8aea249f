use std::fmt;
use std::str::FromStr;

use age::x25519::Identity;

use crate::error::EncryptionError;

/// Secret keys that open what is encrypted to their recipients.
pub struct Identities(Vec<Identity>);

impl Identities {
    /// Reads an identity file: a line for each, `AGE-SECRET-KEY-1…`; empty lines, and comments after `#`, do not count.
    ///
    /// # Errors
    /// [`EncryptionError::Identity`], [`EncryptionError::NoIdentities`]
    pub fn parse(text: &str) -> Result<Self, EncryptionError> {
        let mut identities = Vec::new();
        for (at, line) in text.lines().enumerate() {
            let line = line.trim();
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            identities.push(Identity::from_str(line).map_err(|_| EncryptionError::Identity { line: at + 1 })?);
        }
        if identities.is_empty() { Err(EncryptionError::NoIdentities) } else { Ok(Self(identities)) }
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &dyn age::Identity> {
        self.0.iter().map(|identity| identity as _)
    }
}

impl fmt::Debug for Identities {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Identities({})", self.0.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECRET: &str = "AGE-SECRET-KEY-1GQ9778VQXMMJVE8SK7J6VT8UJ4HDQAJUVSFCWCM02D8GEWQ72PVQ2Y5J33";

    #[test]
    fn parse_reads_what_age_keygen_writes() {
        let read = Identities::parse(&format!("# created: today\r\n\r\n  {SECRET}\n{SECRET}")).expect("two identities");
        assert_eq!(format!("{read:?}"), "Identities(2)");
    }

    #[test]
    fn parse_refuses_other_lines_without_telling_them() {
        for line in ["AGE-PLUGIN-X-1QQQ", &SECRET.replace("GQ9", "GQ8"), "age1t7rxyev2z3rw82stdlrrepyc39nvn86l5078zqkf5uasdy86jp6svpy7pa"] {
            let refused = Identities::parse(&format!("# comment\n{line}\n")).expect_err(line).to_string();
            assert_eq!(refused, "line 2 of the identity file is no age identity (AGE-SECRET-KEY-1…)");
        }
        assert!(matches!(Identities::parse("# nothing\n"), Err(EncryptionError::NoIdentities)));
    }
}
