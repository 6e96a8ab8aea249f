use std::fmt;

/// An instant as RFC 3339 writes it in UTC: `2021-01-01T00:00:00Z`, with a fraction only where it is not zero.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Timestamp {
    /// The normalised text. All digits of the fraction are kept but zeros at its end.
    pub text: String,
    /// Microseconds since 1970-01-01T00:00:00Z, rounded down.
    pub unix_micros: i64,
}

/// Why a text is no RFC 3339 date-time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TimestampError(&'static str);

impl fmt::Display for TimestampError {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(self.0)
    }
}

const FORM: TimestampError = TimestampError("not an RFC 3339 date-time such as 2021-01-01T00:00:00Z");
const CALENDAR: TimestampError = TimestampError("a date or time that does not exist");
const LEAP: TimestampError = TimestampError("a leap second, which the ledger cannot hold");
const RANGE: TimestampError = TimestampError("a year outside 0001 to 9999 in UTC");

/// Fractions with more digits are refused; nothing that measures time writes them.
const MAX_FRACTION_DIGITS: usize = 32;

impl Timestamp {
    /// Reads an RFC 3339 §5.6 date-time with any offset.
    ///
    /// # Errors
    /// Another form, a date that does not exist, a leap second, a year outside 0001–9999.
    pub fn parse(text: &str) -> Result<Self, TimestampError> {
        let bytes = text.as_bytes();
        let punctuated = bytes.len() >= 20
            && bytes[4] == b'-'
            && bytes[7] == b'-'
            && matches!(bytes[10], b'T' | b't')
            && bytes[13] == b':'
            && bytes[16] == b':';
        if !punctuated {
            return Err(FORM);
        }
        let field = |from: usize, to: usize| digits(&bytes[from..to]);
        let day = days_from_civil(field(0, 4)?, field(5, 7)?, field(8, 10)?)?;
        let clock = seconds_of_day(field(11, 13)?, field(14, 16)?, field(17, 19)?)?;
        let (fraction, zone) = split_fraction(&text[19..])?;
        let seconds = day * 86_400 + clock - offset_seconds(zone)?;
        Self::from_parts(seconds, fraction.trim_end_matches('0'))
    }

    fn from_parts(seconds: i64, fraction: &str) -> Result<Self, TimestampError> {
        let (year, month, day) = civil_from_days(seconds.div_euclid(86_400));
        if !(1..=9999).contains(&year) {
            return Err(RANGE);
        }
        let clock = seconds.rem_euclid(86_400);
        let point = if fraction.is_empty() { "" } else { "." };
        let text = format!("{year:04}-{month:02}-{day:02}T{:02}:{:02}:{:02}{point}{fraction}Z", clock / 3600, clock / 60 % 60, clock % 60);
        let micros = fraction.bytes().chain(std::iter::repeat(b'0')).take(6).fold(0, |sum, digit| sum * 10 + i64::from(digit - b'0'));
        Ok(Self { text, unix_micros: seconds * 1_000_000 + micros })
    }
}

fn digits(bytes: &[u8]) -> Result<i64, TimestampError> {
    bytes.iter().try_fold(0, |sum, byte| if byte.is_ascii_digit() { Ok(sum * 10 + i64::from(byte - b'0')) } else { Err(FORM) })
}

fn seconds_of_day(hour: i64, minute: i64, second: i64) -> Result<i64, TimestampError> {
    match (hour, minute, second) {
        (0..=23, 0..=59, 60) => Err(LEAP),
        (0..=23, 0..=59, 0..=59) => Ok(hour * 3600 + minute * 60 + second),
        _ => Err(CALENDAR),
    }
}

fn split_fraction(rest: &str) -> Result<(&str, &str), TimestampError> {
    let Some(after) = rest.strip_prefix('.') else { return Ok(("", rest)) };
    let end = after.bytes().position(|byte| !byte.is_ascii_digit()).ok_or(FORM)?;
    if (1..=MAX_FRACTION_DIGITS).contains(&end) { Ok(after.split_at(end)) } else { Err(FORM) }
}

fn offset_seconds(zone: &str) -> Result<i64, TimestampError> {
    let bytes = zone.as_bytes();
    match bytes {
        b"Z" | b"z" => Ok(0),
        [sign @ (b'+' | b'-'), _, _, b':', _, _] => match (digits(&bytes[1..3])?, digits(&bytes[4..6])?) {
            (hour @ 0..=23, minute @ 0..=59) => Ok((hour * 3600 + minute * 60) * if *sign == b'-' { -1 } else { 1 }),
            _ => Err(CALENDAR),
        },
        _ => Err(FORM),
    }
}

/// Days since 1970-01-01 in the proleptic Gregorian calendar (Hinnant, "chrono-Compatible Low-Level Date Algorithms").
fn days_from_civil(year: i64, month: i64, day: i64) -> Result<i64, TimestampError> {
    let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let length = match month {
        4 | 6 | 9 | 11 => 30,
        2 => 28 + i64::from(leap),
        1..=12 => 31,
        _ => return Err(CALENDAR),
    };
    if !(1..=length).contains(&day) {
        return Err(CALENDAR);
    }
    let shifted = if month <= 2 { year - 1 } else { year };
    let era = shifted.div_euclid(400);
    let of_era = shifted.rem_euclid(400);
    let of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    Ok(era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468)
}

fn civil_from_days(days: i64) -> (i64, i64, i64) {
    let shifted = days + 719_468;
    let era = shifted.div_euclid(146_097);
    let of_era = shifted.rem_euclid(146_097);
    let year_of_era = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted_month = (5 * of_year + 2) / 153;
    let month = if shifted_month < 10 { shifted_month + 3 } else { shifted_month - 9 };
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    (year, month, of_year - (153 * shifted_month + 2) / 5 + 1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn normal(text: &str) -> String {
        Timestamp::parse(text).map_or_else(|error| error.to_string(), |time| time.text)
    }

    #[test]
    fn parse_normalises_offsets_and_fractions() {
        assert_eq!(normal("2021-08-25T04:30:09.712538Z"), "2021-08-25T04:30:09.712538Z");
        assert_eq!(normal("2021-08-25t04:30:09.500000z"), "2021-08-25T04:30:09.5Z");
        assert_eq!(normal("2021-08-25T04:30:09.000Z"), "2021-08-25T04:30:09Z");
        assert_eq!(normal("2023-01-08T18:02:03.647787998-06:00"), "2023-01-09T00:02:03.647787998Z");
        assert_eq!(normal("2020-02-29T23:59:59+23:59"), "2020-02-29T00:00:59Z");
        assert_eq!(Timestamp::parse("2000-01-01T00:00:00Z").map(|time| time.unix_micros), Ok(946_684_800_000_000));
        assert_eq!(Timestamp::parse("1969-12-31T23:59:59.9999999Z").map(|time| time.unix_micros), Ok(-1));
    }

    #[test]
    fn parse_refuses_what_is_no_time() {
        for text in [
            "",
            "2021-08-25",
            "2021-08-25 04:30:09Z",
            "2021-08-25T04:30:09",
            "2021-08-25T04:30:09.Z",
            "2021-08-25T04:30:09+0100",
            "2021-8-25T04:30:09Z",
            "２021-08-25T04:30:09Z",
        ] {
            assert_eq!(Timestamp::parse(text), Err(FORM), "{text}");
        }
        for text in [
            "2021-02-29T00:00:00Z",
            "1900-02-29T00:00:00Z",
            "2021-13-01T00:00:00Z",
            "2021-00-01T00:00:00Z",
            "2021-01-01T24:00:00Z",
            "2021-01-01T00:00:00+24:00",
        ] {
            assert_eq!(Timestamp::parse(text), Err(CALENDAR), "{text}");
        }
        assert_eq!(Timestamp::parse("2016-12-31T23:59:60Z"), Err(LEAP));
        assert_eq!(Timestamp::parse("0001-01-01T00:00:00+00:01"), Err(RANGE));
        assert_eq!(Timestamp::parse("9999-12-31T23:59:59-00:01"), Err(RANGE));
    }

    proptest! {
        #[test]
        fn parse_of_its_own_text_changes_nothing(seconds in -62_000_000_000i64..253_000_000_000, fraction in "[0-9]{0,12}") {
            let time = Timestamp::from_parts(seconds, fraction.trim_end_matches('0')).expect("in range");
            prop_assert_eq!(Timestamp::parse(&time.text), Ok(time.clone()));
            prop_assert_eq!(time.unix_micros.div_euclid(1_000_000), seconds);
        }

        #[test]
        fn parse_never_panics(text in "\\PC{0,40}") {
            let _ = Timestamp::parse(&text);
        }
    }
}
