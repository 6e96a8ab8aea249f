use std::str::FromStr;

use age::x25519::Recipient;

use crate::error::EncryptionError;

/// Those who can read what is encrypted.
#[derive(Debug, Clone)]
pub struct Recipients(Vec<Recipient>);

impl Recipients {
    /// Reads recipients, each in Bech32: `age1…`, in lower case.
    ///
    /// # Errors
    /// [`EncryptionError::Recipient`], also for a key with which anybody could read; [`EncryptionError::NoRecipients`]
    pub fn parse<S: AsRef<str>>(texts: &[S]) -> Result<Self, EncryptionError> {
        if texts.is_empty() {
            return Err(EncryptionError::NoRecipients);
        }
        texts.iter().map(|text| recipient(text.as_ref())).collect::<Result<_, _>>().map(Self)
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &dyn age::Recipient> {
        self.0.iter().map(|recipient| recipient as _)
    }
}

fn recipient(text: &str) -> Result<Recipient, EncryptionError> {
    let refused = |reason| EncryptionError::Recipient { text: text.to_owned(), reason };
    let recipient = Recipient::from_str(text).map_err(refused)?;
    // The same key has one text, so that the texts tell keys apart.
    if recipient.to_string() != text {
        return Err(refused("it is not in lower case"));
    }
    if WEAK.contains(&text) { Err(refused("anybody could read what is encrypted to it")) } else { Ok(recipient) }
}

/// Points of small order, with which every shared secret is zero (RFC 7748, section 6.1), with and without the top bit, which does not count.
const WEAK: [&str; 14] = [
    "age1qqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqq5cu47z",
    "age1qqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqzqqsuwj9m",
    "age1qyqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqj7vrya",
    "age1qyqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqzqqk67yly",
    "age1ur4h5lpmgxu2u9jku0a0r87ydtdqnr0tnsetrlvxvgz3vh6fhqqqzyt4v9",
    "age1ur4h5lpmgxu2u9jku0a0r87ydtdqnr0tnsetrlvxvgz3vh6fhzqqxqejhu",
    "age1t7wft09r2zxzfvwsk92eeql0tvzyghxytqwgapkcyf8dm5ylz9ts6wm9s8",
    "age1t7wft09r2zxzfvwsk92eeql0tvzyghxytqwgapkcyf8dm5ylz8ts72fzt7",
    "age1anlllllllllllllllllllllllllllllllllllllllllllllllals4n2t7m",
    "age1anllllllllllllllllllllllllllllllllllllllllllllllllls3hcv9z",
    "age1ahlllllllllllllllllllllllllllllllllllllllllllllllalsn46ayy",
    "age1ahlllllllllllllllllllllllllllllllllllllllllllllllllsh3g6la",
    "age1amlllllllllllllllllllllllllllllllllllllllllllllllalselrwrv",
    "age1amlllllllllllllllllllllllllllllllllllllllllllllllllsam3fc4",
];

#[cfg(test)]
mod tests {
    use super::*;

    const SOUND: &str = "age1t7rxyev2z3rw82stdlrrepyc39nvn86l5078zqkf5uasdy86jp6svpy7pa";

    #[test]
    fn parse_reads_recipients_as_age_writes_them() {
        let read = Recipients::parse(&[SOUND]).expect("a recipient");
        assert_eq!(read.0.iter().map(ToString::to_string).collect::<Vec<_>>(), [SOUND]);
    }

    #[test]
    fn parse_refuses_what_is_no_recipient_and_says_which() {
        let hybrid = format!("age1pq1{}", "q".repeat(58));
        let altered = SOUND.replace("t7r", "t7x");
        for text in ["", "age1", &altered, &SOUND.to_uppercase(), &format!("{SOUND} "), &hybrid, "ssh-ed25519 AAAA"] {
            let refused = Recipients::parse(&[SOUND, text]).expect_err(text);
            assert!(refused.to_string().starts_with(&format!("{text:?} is no age recipient: ")), "{refused}");
        }
        assert!(matches!(Recipients::parse::<&str>(&[]), Err(EncryptionError::NoRecipients)));
    }

    #[test]
    fn parse_refuses_points_of_small_order() {
        for text in WEAK {
            let refused = Recipients::parse(&[text]).expect_err(text).to_string();
            assert!(refused.ends_with("anybody could read what is encrypted to it"), "{refused}");
        }
    }
}
