use std::cmp::Ordering;

use crate::runs::{by_value, first_difference, skip, take, take_digits};

/// Qualifiers that Maven knows, in their order (maven.apache.org, POM reference, "Version Order Specification"). The empty one is
/// a release.
const QUALIFIERS: [&str; 7] = ["alpha", "beta", "milestone", "rc", "snapshot", "", "sp"];

/// A version is a list of numbers and qualifiers whose last element may be such a list again; here the lists stand one behind the other,
/// with `Nested` where the next begins.
enum Token<'a> {
    Nested,
    Number(&'a str),
    Qualifier(&'a str),
}

/// Compares as Maven's `ComparableVersion` does (maven.apache.org, POM reference, "Version Order Specification"; Javadoc of maven-artifact
/// 3.9). Every text without spaces and control characters is a version. Of odd ones the order goes in circles, as Maven's own does:
/// `1` < `1.foo.2` < `1cr` < `1`. Nothing may be sorted by it.
pub(crate) fn compare(left: &str, right: &str) -> Option<Ordering> {
    let readable = |text: &str| !text.is_empty() && !text.contains(|character: char| character.is_whitespace() || character.is_control());
    if !readable(left) || !readable(right) {
        return None;
    }
    let (left, right) = (left.to_lowercase(), right.to_lowercase());
    Some(first_difference(&tokens(&left), &tokens(&right), order))
}

fn order(left: Option<&Token<'_>>, right: Option<&Token<'_>>) -> Ordering {
    match (left, right) {
        (Some(left), Some(right)) => both(left, right),
        (Some(left), None) => against_nothing(left),
        (None, Some(right)) => against_nothing(right).reverse(),
        (None, None) => Ordering::Equal,
    }
}

/// Qualifiers before lists, lists before numbers: `1-sp`, `1-1`, `1.1`.
fn both(left: &Token<'_>, right: &Token<'_>) -> Ordering {
    match (left, right) {
        (Token::Number(left), Token::Number(right)) => by_value(left, right),
        (Token::Qualifier(left), Token::Qualifier(right)) => qualifiers(left, right),
        (left, right) => kind(left).cmp(&kind(right)),
    }
}

fn kind(token: &Token<'_>) -> u8 {
    match token {
        Token::Qualifier(_) => 0,
        Token::Nested => 1,
        Token::Number(_) => 2,
    }
}

/// What the shorter version lacks is zero, or a release.
fn against_nothing(token: &Token<'_>) -> Ordering {
    match token {
        Token::Nested => Ordering::Equal,
        Token::Number(number) => by_value(number, "0"),
        Token::Qualifier(qualifier) => qualifiers(qualifier, ""),
    }
}

/// Known ones in their order, then all others by their characters.
fn qualifiers(left: &str, right: &str) -> Ordering {
    let place = |text: &str| QUALIFIERS.iter().position(|known| *known == text).unwrap_or(QUALIFIERS.len());
    place(left).cmp(&place(right)).then_with(|| left.encode_utf16().cmp(right.encode_utf16()))
}

/// The tokens of a version in lower case. Nothing between separators is zero; a list begins behind `-`, where digits and other characters
/// meet, and before a qualifier that ends the version.
fn tokens(text: &str) -> Vec<Token<'_>> {
    let (mut rest, mut tokens) = (text, Vec::new());
    while !rest.is_empty() {
        if rest.starts_with(['.', '-']) {
            tokens.push(Token::Number("0"));
        } else if rest.starts_with(|first: char| first.is_ascii_digit()) {
            tokens.push(Token::Number(take_digits(&mut rest)));
            if !rest.is_empty() && !rest.starts_with(['.', '-']) {
                tokens.push(Token::Nested);
            }
        } else {
            let qualifier = take(&mut rest, |character| !character.is_ascii_digit() && !matches!(character, '.' | '-'));
            push_qualifier(&mut tokens, qualifier, rest);
        }
        let hyphen = rest.starts_with('-');
        if skip(&mut rest, &['.', '-']) && hyphen {
            tokens.push(Token::Nested);
        }
    }
    without_nothings(tokens)
}

fn push_qualifier<'a>(tokens: &mut Vec<Token<'a>>, qualifier: &'a str, behind: &str) {
    let before_number = behind.starts_with(|next: char| next.is_ascii_digit());
    let list_is_empty = matches!(tokens.last(), None | Some(Token::Nested));
    if (before_number || behind.is_empty()) && !list_is_empty {
        tokens.push(Token::Nested);
    }
    tokens.push(Token::Qualifier(spelled_out(qualifier, before_number)));
    if before_number {
        tokens.push(Token::Nested);
    }
}

/// A release has no qualifier; letters that stand for a qualifier do so right before a number.
fn spelled_out(qualifier: &str, before_number: bool) -> &str {
    match qualifier {
        "ga" | "final" | "release" => "",
        "cr" => "rc",
        "a" if before_number => "alpha",
        "b" if before_number => "beta",
        "m" if before_number => "milestone",
        other => other,
    }
}

/// Without the zeros and empty qualifiers at the end of each list, and without lists that are empty then.
fn without_nothings(tokens: Vec<Token<'_>>) -> Vec<Token<'_>> {
    let (mut kept, mut at_end) = (Vec::new(), true);
    for token in tokens.into_iter().rev() {
        let says_nothing = match &token {
            Token::Nested => kept.is_empty(),
            Token::Number(_) | Token::Qualifier(_) => at_end && against_nothing(&token).is_eq(),
        };
        at_end = matches!(token, Token::Nested) || (at_end && says_nothing);
        if !says_nothing {
            kept.push(token);
        }
    }
    kept.reverse();
    kept
}
