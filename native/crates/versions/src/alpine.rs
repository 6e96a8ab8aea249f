use std::cmp::Ordering;

use crate::runs::{by_value, first_difference, skip, take, take_digits};

/// Suffixes before a version without one, then those after it (apk-package(5), `pkgver`), each in their order.
const BEFORE: [&str; 4] = ["alpha", "beta", "pre", "rc"];
const AFTER: [&str; 5] = ["cvs", "svn", "git", "hg", "p"];

/// What a version is made of, as apk-tools' `version.c` splits it: `digits{.digits}[letter]{_suffix[digits]}[~hash][-rdigits]`.
enum Token<'a> {
    First(&'a str),
    Further(&'a str),
    Letter(char),
    Before(usize),
    After(usize),
    SuffixNumber(&'a str),
    Hash(&'a str),
    Revision(&'a str),
}

/// Compares token by token. A version that has ended, or has gone on to what follows, is before the other, but for suffixes like `_rc`.
pub(crate) fn compare(left: &str, right: &str) -> Option<Ordering> {
    let (left, right) = (tokens(left)?, tokens(right)?);
    Some(first_difference(&left, &right, |left, right| rank(left).cmp(&rank(right)).then_with(|| same_kind(left, right))))
}

fn rank(token: Option<&Token<'_>>) -> u8 {
    match token {
        Some(Token::Before(_)) => 0,
        None => 1,
        Some(Token::Revision(_)) => 2,
        Some(Token::Hash(_)) => 3,
        Some(Token::SuffixNumber(_)) => 4,
        Some(Token::After(_)) => 5,
        Some(Token::Letter(_)) => 6,
        Some(Token::Further(_)) => 7,
        Some(Token::First(_)) => 8,
    }
}

fn same_kind(left: Option<&Token<'_>>, right: Option<&Token<'_>>) -> Ordering {
    use Token::{After, Before, First, Further, Hash, Letter, Revision, SuffixNumber};
    match (left, right) {
        // As decimals are, where one has a leading zero.
        (Some(Further(left)), Some(Further(right))) if left.starts_with('0') || right.starts_with('0') => left.cmp(right),
        (Some(First(left)), Some(First(right)))
        | (Some(Further(left)), Some(Further(right)))
        | (Some(SuffixNumber(left)), Some(SuffixNumber(right)))
        | (Some(Revision(left)), Some(Revision(right))) => by_value(left, right),
        (Some(Hash(left)), Some(Hash(right))) => left.cmp(right),
        (Some(Letter(left)), Some(Letter(right))) => left.cmp(right),
        (Some(Before(left)), Some(Before(right))) | (Some(After(left)), Some(After(right))) => left.cmp(right),
        _ => Ordering::Equal,
    }
}

fn tokens(text: &str) -> Option<Vec<Token<'_>>> {
    let mut rest = text;
    let mut tokens = vec![Token::First(digits(&mut rest)?)];
    while skip(&mut rest, &['.']) {
        tokens.push(Token::Further(digits(&mut rest)?));
    }
    if let Some(letter) = rest.chars().next().filter(char::is_ascii_lowercase) {
        tokens.push(Token::Letter(letter));
        rest = &rest[1..];
    }
    while skip(&mut rest, &['_']) {
        tokens.push(suffix(take(&mut rest, |character| character.is_ascii_lowercase()))?);
        tokens.extend(digits(&mut rest).map(Token::SuffixNumber));
    }
    if skip(&mut rest, &['~']) {
        let hash = take(&mut rest, |character| matches!(character, '0'..='9' | 'a'..='f'));
        tokens.push(Some(Token::Hash(hash)).filter(|_| !hash.is_empty())?);
    }
    if let Some(behind) = rest.strip_prefix("-r") {
        rest = behind;
        tokens.push(Token::Revision(digits(&mut rest)?));
    }
    rest.is_empty().then_some(tokens)
}

fn digits<'a>(rest: &mut &'a str) -> Option<&'a str> {
    Some(take_digits(rest)).filter(|digits| !digits.is_empty())
}

fn suffix(name: &str) -> Option<Token<'static>> {
    let before = BEFORE.iter().position(|known| *known == name).map(Token::Before);
    before.or_else(|| AFTER.iter().position(|known| *known == name).map(Token::After))
}
