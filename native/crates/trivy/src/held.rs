use serde::Deserialize;

use crate::advisory::Advisory;
use crate::error::TrivyError;
use crate::mapper::{RED_HAT, order_of, write_json};
use crate::red_hat::{self, Cpes, Joined, RedHat};

/// The key at hand and its value, until another key comes.
#[derive(Default)]
pub(crate) struct Held {
    pub(crate) is_there: bool,
    pub(crate) key: Vec<u8>,
    pub(crate) value: Vec<u8>,
    /// Of Red Hat, once another value has come.
    joined: Option<Joined>,
}

impl Held {
    pub(crate) fn is(&self, key: &[u8]) -> bool {
        self.is_there && self.key == key
    }

    /// Joins another advisory of this key, in the form that the first byte of both tells.
    pub(crate) fn join(&mut self, value: &[u8]) -> Result<(), TrivyError> {
        let Some((code, value)) = value.split_first() else { return Ok(()) };
        let own = self.value.get(1..).unwrap_or_default();
        if *code == RED_HAT {
            let mut joined = self.joined.take().map_or_else(|| Ok(Joined::of(read(own)?)), Ok::<_, TrivyError>)?;
            if !joined.add(read(value)?) {
                let key = String::from_utf8_lossy(&self.key).replace('\0', " / ");
                return Err(TrivyError::TooManyEntries { key, most: red_hat::MAX_ENTRIES });
            }
            self.joined = Some(joined);
            return Ok(());
        }
        let mut advisory: Advisory = read(own)?;
        advisory.join(read(value)?, order_of(*code));
        self.value.truncate(1);
        write_json(&advisory, &mut self.value)
    }

    /// Names products by their numbers, in the form of Red Hat.
    pub(crate) fn number(&mut self, cpes: &Cpes) -> Result<(), TrivyError> {
        if self.value.first() == Some(&RED_HAT) {
            let whole = self.joined.take().map_or_else(|| read(&self.value[1..]), |joined| Ok(joined.whole()))?;
            let numbered = RedHat::<String>::numbered(whole, cpes);
            self.value.truncate(1);
            write_json(&numbered, &mut self.value)?;
        }
        Ok(())
    }

    pub(crate) fn set(&mut self, key: &[u8], value: &[u8]) {
        self.is_there = true;
        self.key.clear();
        self.key.extend_from_slice(key);
        self.value.clear();
        self.value.extend_from_slice(value);
    }
}

/// What a mapper wrote.
pub(crate) fn read<'a, T: Deserialize<'a>>(value: &'a [u8]) -> Result<T, TrivyError> {
    serde_json::from_slice(value).map_err(|error| TrivyError::Io(error.into()))
}
