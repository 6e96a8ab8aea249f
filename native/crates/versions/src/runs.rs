use std::cmp::Ordering;

/// Takes the characters off the front of a text that belong together.
pub(crate) fn take<'a>(text: &mut &'a str, belongs: impl Fn(char) -> bool) -> &'a str {
    let end = text.find(|character| !belongs(character)).unwrap_or(text.len());
    let (taken, rest) = text.split_at(end);
    *text = rest;
    taken
}

/// Takes digits off the front of a text.
pub(crate) fn take_digits<'a>(text: &mut &'a str) -> &'a str {
    take(text, |character| character.is_ascii_digit())
}

/// Takes one of some characters off the front of a text, if it is there.
pub(crate) fn skip(text: &mut &str, characters: &[char]) -> bool {
    let rest = text.strip_prefix(characters);
    *text = rest.unwrap_or(text);
    rest.is_some()
}

/// Whether a text is one digit or more, and nothing else.
pub(crate) fn is_digits(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// Compares digits by their value, however many there are; none are zero.
pub(crate) fn by_value(left: &str, right: &str) -> Ordering {
    let (left, right) = (left.trim_start_matches('0'), right.trim_start_matches('0'));
    left.len().cmp(&right.len()).then_with(|| left.cmp(right))
}

/// The first difference of two lists; the shorter one is compared as if it went on with nothing.
pub(crate) fn first_difference<T>(left: &[T], right: &[T], compare: impl Fn(Option<&T>, Option<&T>) -> Ordering) -> Ordering {
    let mut orders = (0..left.len().max(right.len())).map(|at| compare(left.get(at), right.get(at)));
    orders.find(|order| order.is_ne()).unwrap_or(Ordering::Equal)
}

/// Compares lists of numbers; those that the shorter one lacks are zero.
pub(crate) fn by_values(left: &[&str], right: &[&str]) -> Ordering {
    first_difference(left, right, |left, right| by_value(left.copied().unwrap_or_default(), right.copied().unwrap_or_default()))
}
